-- Deadlines that did not fire for $1 seconds.
SELECT count(*), min(kind || ' ' || id) AS example FROM timers
WHERE fired_at IS NULL AND due_at < clock_timestamp() - $1::float8 * interval '1 second'
