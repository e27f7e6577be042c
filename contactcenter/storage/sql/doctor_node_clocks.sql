-- Domains whose last decision lies two seconds or more in the database's future: their router's clock is ahead.
SELECT count(*), min(d.domain_id || ' (' || d.owner || ')') AS example
FROM routing_domains d JOIN routing_events e ON e.domain_id = d.domain_id AND e.seq = d.last_seq
WHERE e.decided_at > clock_timestamp() + interval '2 seconds'
