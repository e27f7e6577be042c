SELECT {contact} FROM unnest($1::text[], $2::text[]) AS k (provider, agent)
JOIN contacts c ON c.owner_id = k.agent AND c.owner_id <> '' AND c.ended_at IS NULL AND c.provider_id = k.provider
ORDER BY c.opened_at, c.id
