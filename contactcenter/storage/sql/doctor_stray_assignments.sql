-- Live assignments whose contact ended, or is in nobody's hands.
SELECT count(*), min(a.id) AS example FROM assignments a JOIN contacts c ON c.id = a.contact_id
WHERE a.ended_at IS NULL AND a.role = 'owner' AND (c.ended_at IS NOT NULL OR c.owner_id <> a.agent_id)
