INSERT INTO routing_snapshots (domain_id, seq, epoch, taken_at, snapshot)
VALUES ($1, $2, $3, instant($4), $5)
ON CONFLICT DO NOTHING
