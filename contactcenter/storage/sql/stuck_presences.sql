-- An agent who should have returned to ready by himself.
SELECT provider_id AS provider, agent_id AS id, (route::jsonb ->> 'until')::bigint AS since
FROM presences WHERE state = 'not_responding' AND (route::jsonb ->> 'until')::bigint BETWEEN 1 AND $1
ORDER BY domain_id LIMIT 100
