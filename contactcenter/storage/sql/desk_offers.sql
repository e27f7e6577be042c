SELECT o.provider_id AS provider, o.id, o.contact_id AS contact, o.agent_id AS agent, o.attempt,
    micros(o.made_at) AS made_at, micros(o.expires_at) AS expires_at
FROM unnest($1::text[], $2::text[]) AS k (provider, agent)
JOIN offers o ON o.agent_id = k.agent AND o.provider_id = k.provider AND o.ended_at IS NULL
ORDER BY o.made_at, o.id
