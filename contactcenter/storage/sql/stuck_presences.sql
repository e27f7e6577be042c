-- An agent who should have returned to ready by himself.
SELECT provider_id AS provider, agent_id AS id, (route ->> 'until')::bigint AS since
FROM presences WHERE state = 'not_responding' AND (route ->> 'until')::bigint BETWEEN 1 AND $1
ORDER BY domain_id LIMIT 100
