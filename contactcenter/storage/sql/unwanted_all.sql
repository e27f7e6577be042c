SELECT {unwanted} FROM do_not_call d
WHERE d.provider_id = $1 AND ($2 = '' OR d.client_id = $2)
  AND ($3 = '' OR (d.client_id, d.number) > (split_part($3, '|', 1), split_part($3, '|', 2)))
ORDER BY d.client_id, d.number
LIMIT $4
