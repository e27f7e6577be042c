SELECT snapshot FROM routing_snapshots WHERE domain_id = $1 AND seq = $2 AND epoch = $3
