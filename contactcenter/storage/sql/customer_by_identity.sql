SELECT {customer} FROM identities i JOIN customers c ON c.id = i.customer_id
WHERE i.client_id = $1 AND i.kind = $2 AND i.value = $3
