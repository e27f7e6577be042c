-- What became of an event that a sender may have sent before: its facts, none while it waits.
SELECT e.seq AS decided, {fact} FROM routing_events e
LEFT JOIN LATERAL (
    SELECT f.* FROM facts f WHERE f.provider_id = e.domain_id AND f.at = e.decided_at AND f.seq = e.seq OFFSET 0
) f ON true
WHERE e.domain_id = $1 AND e.dedupe = $2 AND e.dedupe <> ''
ORDER BY length(f.id), f.id
