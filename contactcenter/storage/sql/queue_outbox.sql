-- The id is deterministic: the same effect is never two sendings.
INSERT INTO outbox (id, kind, provider_id, client_id, contact_id, payload, created_at, not_after, next_at)
SELECT o.id, o.kind, o.provider, o.client, o.contact, o.payload, instant(o.created_at),
    instant(o.not_after), instant(o.next_at)
FROM json_to_recordset($1::json) AS o (
    id text, kind text, provider text, client text, contact text, payload jsonb, created_at bigint,
    not_after bigint, next_at bigint
)
ON CONFLICT (id) DO NOTHING
RETURNING id
