-- Something that leaves, and that no sender took when its time had come.
SELECT provider_id AS provider, id, micros(next_at) AS since
FROM outbox WHERE done_at IS NULL AND next_at < instant($1) ORDER BY next_at LIMIT 100
