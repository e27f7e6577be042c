-- A contact whose owner went offline and did not come back.
SELECT a.provider_id AS provider, a.contact_id AS id, micros(p.changed_at) AS since
FROM assignments a JOIN presences p ON p.provider_id = a.provider_id AND p.agent_id = a.agent_id
WHERE a.ended_at IS NULL AND a.role = 'owner' AND p.state = 'offline' AND p.changed_at < instant($1)
ORDER BY a.agent_id LIMIT 100
