-- Who it belongs to, its number and when it was opened never change.
UPDATE cases k
SET version = k.version + 1, kind = c.kind, due_at = instant(c.due_at), customer_id = nullif(c.customer, ''),
    state = c.state, owner_id = c.owner, subject = c.subject, due_text = c.due_text, provisional = c.provisional,
    calendar_version = c.calendar_version, breached_at = instant(c.breached_at), closed_at = instant(c.closed_at),
    body = c.body
FROM json_to_recordset($1::json) AS c (
    id text, number text, provider text, client text, kind text, opened_at bigint, due_at bigint,
    customer text, state text, owner text, subject text, due_text text, provisional boolean,
    calendar_version text, breached_at bigint, closed_at bigint, body jsonb, expected integer
)
WHERE k.id = c.id AND k.version = c.expected AND k.provider_id IS NOT DISTINCT FROM c.provider
    AND k.client_id IS NOT DISTINCT FROM c.client
RETURNING k.id
