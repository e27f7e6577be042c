SELECT seq, epoch, micros(decided_at) AS at, event::text AS event, effects_hash, coalesce(problem, '') AS problem
FROM routing_events
WHERE domain_id = $1 AND seq > $2 AND seq <= $3
ORDER BY seq
LIMIT $4
