SELECT id, event::text AS event, micros(received_at) AS received_at, reply_to
FROM routing_events
WHERE domain_id = $1 AND seq IS NULL
ORDER BY id
LIMIT $2
