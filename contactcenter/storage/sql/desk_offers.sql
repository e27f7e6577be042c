SELECT o.provider_id AS provider, o.id, o.contact_id AS contact, o.agent_id AS agent, o.attempt,
    micros(o.made_at) AS made_at, micros(o.expires_at) AS expires_at
FROM unnest($1::text[], $2::text[]) AS k (provider, agent)
CROSS JOIN LATERAL (SELECT o.* FROM offers o WHERE o.agent_id = k.agent AND o.ended_at IS NULL OFFSET 0) o
WHERE o.provider_id = k.provider
ORDER BY o.made_at, o.id
