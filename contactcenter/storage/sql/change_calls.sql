UPDATE calls k
SET version = k.version + 1, client_id = c.client, contact_id = c.contact, life = c.life,
    changed_at = instant(c.changed_at)
FROM json_to_recordset($1::json) AS c (
    source text, call text, provider text, client text, contact text, life jsonb, changed_at bigint,
    expected integer
)
WHERE k.source = c.source AND k.call = c.call AND k.version = c.expected AND k.provider_id = c.provider
RETURNING k.call
