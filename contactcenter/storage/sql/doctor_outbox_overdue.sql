-- Sendings that nobody took for $1 seconds after they were due.
SELECT count(*), min(kind || ' ' || id) AS example FROM outbox
WHERE done_at IS NULL AND kind IN ('mail', 'phone', 'webhook')
    AND next_at < clock_timestamp() - $1::float8 * interval '1 second'
