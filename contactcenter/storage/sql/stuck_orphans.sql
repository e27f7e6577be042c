-- An agent's part in a contact that has ended.
SELECT a.provider_id AS provider, a.id, micros(c.ended_at) AS since
FROM assignments a JOIN contacts c ON c.id = a.contact_id
WHERE a.ended_at IS NULL AND c.ended_at < instant($1) ORDER BY a.agent_id LIMIT 100
