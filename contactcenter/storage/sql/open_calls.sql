SELECT k.call, k.life::text AS life, k.version, k.contact_id
FROM contacts c JOIN calls k ON k.contact_id = c.id
WHERE c.ended_at IS NULL AND k.source = $1 AND k.life ->> 'state' IS DISTINCT FROM 'released'
