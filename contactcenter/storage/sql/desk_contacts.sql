-- By the live assignments: an index on the owner would make every acceptance write all indexes of its contact anew.
WITH live AS MATERIALIZED (
    SELECT contact_id FROM assignments
    WHERE agent_id = $2 AND provider_id = $1 AND role = 'owner' AND ended_at IS NULL
)
SELECT {contact} FROM live JOIN contacts c ON c.id = live.contact_id
WHERE c.owner_id = $2 AND c.ended_at IS NULL
ORDER BY c.opened_at, c.id
