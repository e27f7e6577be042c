SELECT {callback} FROM callbacks c
WHERE c.provider_id = $1 AND ($2 = '' OR c.client_id = $2) AND ($3 = '' OR c.state = $3)
  AND ($4 = '' OR (c.requested_at, c.id) < (SELECT b.requested_at, b.id FROM callbacks b WHERE b.id = $4))
ORDER BY c.requested_at DESC, c.id DESC
LIMIT $5
