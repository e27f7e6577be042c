INSERT INTO timers (id, kind, provider_id, client_id, subject_id, due_at, owner_id)
SELECT t.id, t.kind, t.provider, t.client, t.subject, instant(t.due_at), t.owner
FROM unnest(
    $1::text::text[], $2::text::text[], $3::text::text[], $4::text::text[], $5::text::text[], $6::text::bigint[],
    $7::text::text[]
) AS t (id, kind, provider, client, subject, due_at, owner)
ON CONFLICT (id) DO UPDATE SET due_at = excluded.due_at, owner_id = excluded.owner_id, fired_at = NULL
RETURNING id
