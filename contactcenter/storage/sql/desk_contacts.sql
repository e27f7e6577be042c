SELECT {contact} FROM contacts c
WHERE c.owner_id = $2 AND c.owner_id <> '' AND c.ended_at IS NULL AND c.provider_id = $1
ORDER BY c.opened_at, c.id
