-- A wrap-up that no timer ended.
SELECT provider_id AS provider, contact_id AS id, micros(wrap_up_at) AS since
FROM assignments WHERE ended_at IS NULL AND wrap_up_at < instant($1) ORDER BY agent_id LIMIT 100
