INSERT INTO do_not_call (client_id, number, provider_id, added_at, added_by, reason)
SELECT d.client, d.number, d.provider, instant(d.added_at), d.added_by, d.reason
FROM json_to_recordset($1::json) AS d (
    client text, number text, provider text, added_at bigint, added_by text, reason text
)
ON CONFLICT (client_id, number) DO NOTHING
RETURNING number
