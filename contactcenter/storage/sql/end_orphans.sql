-- The contact has ended, so no router knows of this part any more: nobody else would end it.
UPDATE assignments a SET ended_at = c.ended_at, reason = 'reaped'
FROM contacts c
WHERE a.id = ANY ($1::text[]) AND coalesce(a.ended_at, 'infinity') = 'infinity' AND c.id = a.contact_id AND c.ended_at IS NOT NULL
