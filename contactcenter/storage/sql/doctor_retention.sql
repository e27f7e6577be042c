-- Receipts that are three days older than the longest that they are usually kept: nobody cleans up.
SELECT count(*), min(to_char(received_at, 'YYYY-MM-DD')) AS example FROM receipts
WHERE received_at < clock_timestamp() - $1::float8 * interval '1 second'
