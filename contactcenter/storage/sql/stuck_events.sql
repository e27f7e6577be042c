-- An event that no router has decided.
SELECT domain_id AS provider, id::text AS id, micros(received_at) AS since
FROM routing_events WHERE seq IS NULL AND received_at < instant($1) ORDER BY domain_id, id LIMIT 100
