INSERT INTO callbacks (
    id, provider_id, client_id, number, contact_id, line, language, requested_at, window_from, window_until, state,
    attempts, outcome, ended_at, ended_by
)
SELECT c.id, c.provider, c.client, c.number, c.contact, c.line, c.language, instant(c.requested_at),
    instant(c.window_from), instant(c.window_until), c.state, c.attempts, c.outcome, instant(c.ended_at), c.ended_by
FROM json_to_recordset($1::json) AS c (
    id text, provider text, client text, number text, contact text, line text, language text, requested_at bigint,
    window_from bigint, window_until bigint, state text, attempts jsonb, outcome text, ended_at bigint, ended_by text,
    expected integer
)
RETURNING id
