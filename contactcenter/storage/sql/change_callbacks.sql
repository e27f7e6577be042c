UPDATE callbacks k
SET version = k.version + 1, contact_id = c.contact, window_from = instant(c.window_from),
    window_until = instant(c.window_until), state = c.state, attempts = c.attempts, outcome = c.outcome,
    ended_at = instant(c.ended_at), ended_by = c.ended_by
FROM json_to_recordset($1::json) AS c (
    id text, provider text, client text, number text, contact text, line text, language text, requested_at bigint,
    window_from bigint, window_until bigint, state text, attempts jsonb, outcome text, ended_at bigint, ended_by text,
    expected integer
)
WHERE k.id = c.id AND k.version = c.expected AND k.provider_id IS NOT DISTINCT FROM c.provider
    AND k.client_id IS NOT DISTINCT FROM c.client
RETURNING k.id
