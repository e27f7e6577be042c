SELECT {sending} FROM outbox o WHERE o.id = $3 AND o.provider_id = $1 AND ($2 = '' OR o.client_id = $2)
