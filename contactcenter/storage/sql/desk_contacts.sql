-- By the live assignments: an index on the owner would make every acceptance write all indexes of its contact anew.
WITH live AS MATERIALIZED (
    SELECT a.contact_id, k.agent FROM unnest($1::text[], $2::text[]) AS k (provider, agent)
    JOIN assignments a ON a.agent_id = k.agent AND a.provider_id = k.provider
    WHERE a.role = 'owner' AND a.ended_at IS NULL
)
SELECT {contact} FROM live JOIN contacts c ON c.id = live.contact_id
WHERE c.owner_id = live.agent AND c.ended_at IS NULL
ORDER BY c.opened_at, c.id
