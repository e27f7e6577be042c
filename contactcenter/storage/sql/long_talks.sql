-- Calls that are being talked on since before $3, by the open contacts, which are few.
SELECT {contact} FROM contacts c
WHERE c.domain_id = $1 AND ($2 = '' OR c.client_id = $2) AND c.ended_at IS NULL AND c.state = 'active'
  AND c.medium = 'voice' AND c.answered_at <= instant($3)
ORDER BY c.answered_at, c.id
