-- Domains whose last decision lies two seconds or more in the database's future: their router's clock is ahead.
SELECT count(*), min(d.domain_id || ' (' || d.owner || ')') AS example
FROM routing_domains d CROSS JOIN LATERAL (
    SELECT e.decided_at FROM routing_events e WHERE e.domain_id = d.domain_id AND e.seq = d.last_seq OFFSET 0
) e
WHERE e.decided_at > clock_timestamp() + interval '2 seconds'
