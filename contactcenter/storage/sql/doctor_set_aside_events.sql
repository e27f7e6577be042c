-- Events of the last seven days that could not be decided.
SELECT count(*), min(domain_id || ' ' || seq || ': ' || left(problem, 80)) AS example FROM routing_events
WHERE problem IS NOT NULL AND seq IS NOT NULL AND decided_at > clock_timestamp() - interval '7 days'
