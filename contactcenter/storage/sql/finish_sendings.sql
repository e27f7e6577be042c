UPDATE outbox o SET done_at = instant(s.at), outcome = s.outcome, dead = s.dead
FROM json_to_recordset($1::json) AS s (id text, outcome text, at bigint, dead boolean)
WHERE o.id = s.id AND o.done_at IS NULL
