SELECT seq, epoch, micros(taken_at) AS at, snapshot FROM routing_snapshots WHERE domain_id = $1 ORDER BY seq, epoch
