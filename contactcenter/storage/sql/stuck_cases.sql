-- An open case past its due instant whose breach was not recorded.
SELECT provider_id AS provider, id, micros(due_at) AS since
FROM cases WHERE closed_at IS NULL AND breached_at IS NULL AND due_at < instant($1)
ORDER BY provider_id, client_id, due_at LIMIT 100
