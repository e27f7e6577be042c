INSERT INTO calls (source, call, provider_id, client_id, contact_id, life, changed_at, version)
SELECT c.source, c.call, c.provider, c.client, c.contact, c.life, instant(c.changed_at), 0
FROM json_to_recordset($1::json) AS c (
    source text, call text, provider text, client text, contact text, life jsonb, changed_at bigint,
    expected integer
)
RETURNING call
