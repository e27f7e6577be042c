-- The id is deterministic: the same effect is never two sendings.
INSERT INTO outbox (id, kind, provider_id, client_id, contact_id, payload, created_at, not_after, next_at)
SELECT o.id, o.kind, o.provider, o.client, o.contact, o.payload::jsonb, instant(o.created_at),
    instant(o.not_after), instant(o.next_at)
FROM unnest(
    $1::text::text[], $2::text::text[], $3::text::text[], $4::text::text[], $5::text::text[], $6::text::text[],
    $7::text::bigint[], $8::text::bigint[], $9::text::bigint[]
) AS o (id, kind, provider, client, contact, payload, created_at, not_after, next_at)
ON CONFLICT (id) DO NOTHING
RETURNING id
