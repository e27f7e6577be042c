-- By the live assignments: an index on the owner would make every acceptance write all indexes of its contact anew.
SELECT {contact} FROM unnest($1::text[], $2::text[]) AS k (provider, agent)
CROSS JOIN LATERAL (SELECT a.* FROM assignments a WHERE a.agent_id = k.agent AND a.ended_at IS NULL OFFSET 0) a
CROSS JOIN LATERAL (SELECT c.* FROM contacts c WHERE c.id = a.contact_id OFFSET 0) c
WHERE a.provider_id = k.provider AND a.role = 'owner' AND c.owner_id = k.agent AND c.ended_at IS NULL
ORDER BY c.opened_at, c.id
