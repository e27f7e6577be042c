SELECT seq, epoch, micros(taken_at) AS at FROM routing_snapshots WHERE domain_id = $1 ORDER BY seq, epoch
