INSERT INTO quarantine (id, source, reason, payload, received_at)
SELECT q.id, q.source, q.reason, decode(q.payload, 'base64'), instant(q.received_at)
FROM json_to_recordset($1::json) AS q (
    id text, source text, reason text, payload text, received_at bigint
)
RETURNING id
