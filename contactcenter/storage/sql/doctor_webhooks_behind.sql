-- Domains whose facts wait $1 seconds to become webhooks.
SELECT count(*), min(w.domain_id || ': ' || d.last_seq - w.seq) AS example
FROM webhook_cursors w JOIN routing_domains d ON d.domain_id = w.domain_id
WHERE w.seq < d.last_seq AND (
    SELECT e.decided_at FROM routing_events e WHERE e.domain_id = w.domain_id AND e.seq > w.seq ORDER BY e.seq LIMIT 1
) < clock_timestamp() - $1::float8 * interval '1 second'
