SELECT {case} FROM cases c
WHERE c.customer_id = $3 AND c.provider_id IS NOT DISTINCT FROM $1 AND ($2 = '' OR c.client_id = $2) AND ($4 = '' OR c.state = $4)
  AND ($5 = '' OR (c.opened_at, c.id) < (SELECT b.opened_at, b.id FROM cases b WHERE b.id = $5))
ORDER BY c.opened_at DESC, c.id DESC
LIMIT $6
