-- Contacts in work without the assignment of their owner.
SELECT count(*), min(c.id) AS example FROM contacts c
WHERE c.ended_at IS NULL AND c.state IN ('active', 'wrap_up') AND NOT EXISTS (
    SELECT FROM assignments a
    WHERE a.contact_id = c.id AND a.role = 'owner' AND a.ended_at IS NULL AND a.agent_id = c.owner_id OFFSET 0
)
