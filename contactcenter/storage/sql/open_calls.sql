-- The calls of platform $1 whose contact has not ended. By the open contacts, which are few, not by all calls ever.
SELECT k.life::text AS life, k.version, k.contact_id
FROM contacts c JOIN calls k ON k.contact_id = c.id
WHERE c.ended_at IS NULL AND k.source = $1 AND k.contact_id <> ''
ORDER BY c.opened_at, c.id
