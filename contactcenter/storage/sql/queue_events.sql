INSERT INTO routing_events (domain_id, event, received_at, dedupe, reply_to)
SELECT e.domain, e.event::jsonb, instant(e.received_at), e.dedupe, e.reply_to
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[])
    WITH ORDINALITY AS e (domain, event, received_at, dedupe, reply_to, ordinal)
ORDER BY e.ordinal
ON CONFLICT (domain_id, dedupe) WHERE dedupe <> '' DO NOTHING
RETURNING id
