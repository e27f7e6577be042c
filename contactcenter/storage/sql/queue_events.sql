INSERT INTO routing_events (domain_id, event, received_at, dedupe, reply_to)
SELECT e.domain, e.event, instant(e.received_at), e.dedupe, e.reply_to
FROM ROWS FROM (
    json_to_recordset($1::json) AS (domain text, event jsonb, received_at bigint, dedupe text, reply_to text)
) WITH ORDINALITY AS e (domain, event, received_at, dedupe, reply_to, ordinal)
ORDER BY e.ordinal
ON CONFLICT (domain_id, dedupe) WHERE dedupe <> '' DO NOTHING
RETURNING id
