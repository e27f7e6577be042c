-- Callbacks of provider $1 that an agent dialled before $2 and of which no result is known: by what is outstanding, which is little.
SELECT {contact} FROM callbacks p
CROSS JOIN LATERAL (SELECT c.* FROM contacts c WHERE c.id = p.contact_id OFFSET 0) c
WHERE p.provider_id = $1 AND p.ended_at IS NULL AND p.state = 'dialling' AND c.ended_at IS NULL
  AND EXISTS (
    SELECT FROM facts f
    WHERE f.contact_id = c.id AND f.contact_id <> '' AND f.kind = 'callback.dialled' AND f.at < instant($2) OFFSET 0
  )
ORDER BY c.id
