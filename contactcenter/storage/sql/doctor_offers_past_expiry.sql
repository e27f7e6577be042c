-- Offers that live $1 seconds past their end.
SELECT count(*), min(id) AS example FROM offers
WHERE ended_at IS NULL AND expires_at < clock_timestamp() - $1::float8 * interval '1 second'
