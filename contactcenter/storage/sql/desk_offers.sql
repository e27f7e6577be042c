SELECT id, contact_id AS contact, agent_id AS agent, attempt, micros(made_at) AS made_at,
    micros(expires_at) AS expires_at
FROM offers
WHERE agent_id = $2 AND provider_id = $1 AND ended_at IS NULL
ORDER BY made_at, id
