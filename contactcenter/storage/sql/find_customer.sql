-- Several clients may serve the same person: the first to know him comes first.
SELECT {customer} FROM identities i JOIN customers c ON c.id = i.customer_id
WHERE i.provider_id = $1 AND i.kind = $3 AND i.value = $4 AND ($2 = '' OR i.client_id = $2)
ORDER BY c.since, c.id
LIMIT 1
