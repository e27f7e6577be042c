-- A phone that rings beyond the end of its offer.
SELECT provider_id AS provider, id, micros(expires_at) AS since
FROM offers WHERE ended_at IS NULL AND expires_at < instant($1) ORDER BY agent_id LIMIT 100
