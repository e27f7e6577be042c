-- JSON null is an event too: a takeover that was recovered (a record set would make it SQL NULL).
INSERT INTO routing_events (domain_id, epoch, event, received_at, seq, decided_at, effects_hash, problem)
SELECT $1::text, $2::bigint, coalesce(d.event, 'null'::jsonb), instant(d.at), d.seq, instant(d.at),
    decode(d.effects_hash, 'base64'), nullif(d.problem, '')
FROM json_to_recordset($3::json) AS d (event jsonb, seq bigint, at bigint, effects_hash text, problem text)
RETURNING id
