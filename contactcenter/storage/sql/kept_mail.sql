-- Mails that no relay took: the sender's outcome begins with "kept".
SELECT {sending} FROM outbox o
WHERE o.kind = 'mail' AND o.provider_id = $1 AND ($2 = '' OR o.client_id = $2) AND o.outcome LIKE 'kept%'
ORDER BY o.created_at DESC, o.id DESC
LIMIT $3
