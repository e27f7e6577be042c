SELECT id, kind, provider_id AS provider, client_id AS client, subject_id AS subject, owner_id AS owner,
    micros(due_at) AS due_at
FROM timers
WHERE fired_at IS NULL AND due_at <= instant($1)
ORDER BY timers.due_at, id
LIMIT $2
