-- Consults of each desk, on either side: who is asked or talks as the second agent, and whose call it is.
SELECT k.provider, k.agent AS desk, a.contact_id AS contact, a.client_id AS client, a.agent_id AS agent,
    c.owner_id AS owner, true AS talking
FROM unnest($1::text[], $2::text[]) AS k (provider, agent)
JOIN assignments a ON a.agent_id = k.agent AND a.provider_id = k.provider AND a.role = 'consult' AND a.ended_at IS NULL
JOIN contacts c ON c.id = a.contact_id
UNION ALL
SELECT k.provider, k.agent, a.contact_id, a.client_id, a.agent_id, c.owner_id, true
FROM unnest($1::text[], $2::text[]) AS k (provider, agent)
JOIN contacts c ON c.owner_id = k.agent AND c.owner_id <> '' AND c.ended_at IS NULL AND c.provider_id = k.provider
JOIN assignments a ON a.contact_id = c.id AND a.role = 'consult' AND a.ended_at IS NULL
UNION ALL
SELECT k.provider, k.agent, o.contact_id, o.client_id, o.agent_id, c.owner_id, false
FROM unnest($1::text[], $2::text[]) AS k (provider, agent)
JOIN offers o ON o.agent_id = k.agent AND o.provider_id = k.provider AND o.ended_at IS NULL
JOIN contacts c ON c.id = o.contact_id AND c.owner_id <> ''
UNION ALL
SELECT k.provider, k.agent, o.contact_id, o.client_id, o.agent_id, c.owner_id, false
FROM unnest($1::text[], $2::text[]) AS k (provider, agent)
JOIN contacts c ON c.owner_id = k.agent AND c.owner_id <> '' AND c.ended_at IS NULL AND c.provider_id = k.provider
JOIN offers o ON o.contact_id = c.id AND o.ended_at IS NULL
ORDER BY contact
