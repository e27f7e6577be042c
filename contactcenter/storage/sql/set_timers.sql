INSERT INTO timers (id, kind, provider_id, client_id, subject_id, due_at, owner_id)
SELECT t.id, t.kind, t.provider, t.client, t.subject, instant(t.due_at), t.owner
FROM json_to_recordset($1::json) AS t (
    id text, kind text, provider text, client text, subject text, due_at bigint, owner text
)
ON CONFLICT (id) DO UPDATE SET due_at = excluded.due_at, owner_id = excluded.owner_id, fired_at = NULL
RETURNING id
