-- Consults of each desk, on either side: who is asked or talks as the second agent, and whose call it is. What an agent owns
-- stands in his live assignments: no index knows the owner of a contact.
WITH desks AS (
    SELECT k.provider, k.agent FROM unnest($1::text[], $2::text[]) AS k (provider, agent)
), parts AS (
    SELECT k.provider, k.agent, a.contact_id, a.role FROM desks k
    CROSS JOIN LATERAL (SELECT a.* FROM assignments a WHERE a.agent_id = k.agent AND a.ended_at IS NULL OFFSET 0) a
    WHERE a.provider_id = k.provider
), owned AS (
    SELECT p.provider, p.agent, p.contact_id FROM parts p
    CROSS JOIN LATERAL (SELECT c.* FROM contacts c WHERE c.id = p.contact_id OFFSET 0) c
    WHERE p.role = 'owner' AND c.owner_id = p.agent AND c.ended_at IS NULL
), consults AS (
    SELECT p.provider, p.agent AS desk, p.contact_id, p.agent AS second, true AS talking FROM parts p
    WHERE p.role = 'consult'
    UNION ALL
    SELECT w.provider, w.agent, a.contact_id, a.agent_id, true FROM owned w
    CROSS JOIN LATERAL (SELECT a.* FROM assignments a WHERE a.contact_id = w.contact_id OFFSET 0) a
    WHERE a.role = 'consult' AND a.ended_at IS NULL
    UNION ALL
    SELECT k.provider, k.agent, o.contact_id, o.agent_id, false FROM desks k
    CROSS JOIN LATERAL (SELECT o.* FROM offers o WHERE o.agent_id = k.agent AND o.ended_at IS NULL OFFSET 0) o
    WHERE o.provider_id = k.provider
    UNION ALL
    SELECT w.provider, w.agent, o.contact_id, o.agent_id, false FROM owned w
    CROSS JOIN LATERAL (SELECT o.* FROM offers o WHERE o.contact_id = w.contact_id OFFSET 0) o
    WHERE o.ended_at IS NULL
)
SELECT s.provider, s.desk, s.contact_id AS contact, c.client_id AS client, s.second AS agent, c.owner_id AS owner, s.talking
FROM consults s CROSS JOIN LATERAL (SELECT c.* FROM contacts c WHERE c.id = s.contact_id OFFSET 0) c
WHERE s.talking OR c.owner_id <> ''
ORDER BY contact
