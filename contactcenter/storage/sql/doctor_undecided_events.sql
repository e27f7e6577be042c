-- Events that no router decided for $1 seconds.
SELECT count(*), min(domain_id || ' ' || id) AS example FROM routing_events
WHERE seq IS NULL AND received_at < clock_timestamp() - $1::float8 * interval '1 second'
