-- A deadline that passed without anybody hearing of it.
SELECT provider_id AS provider, id, micros(due_at) AS since
FROM timers WHERE fired_at IS NULL AND due_at < instant($1) ORDER BY due_at LIMIT 100
