UPDATE routing_events e
SET seq = d.seq, epoch = $2, decided_at = instant(d.at),
    effects_hash = decode(d.effects_hash, 'base64'), problem = nullif(d.problem, '')
FROM json_to_recordset($3::json) AS d ("row" bigint, seq bigint, at bigint, effects_hash text, problem text)
WHERE e.id = d."row" AND e.domain_id = $1 AND e.seq IS NULL
RETURNING e.id
