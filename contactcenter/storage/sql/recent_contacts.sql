-- Whole provider, newest first; $5 is the last id of the page before.
SELECT {contact} FROM contacts c
WHERE c.provider_id = $1 AND $2 = '' AND ($4 = '' OR c.state = $4) AND $3 = ''
  AND ($5 = '' OR (c.opened_at, c.id) < (SELECT b.opened_at, b.id FROM contacts b WHERE b.id = $5))
ORDER BY c.opened_at DESC, c.id DESC
LIMIT $6
