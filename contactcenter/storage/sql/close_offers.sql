-- The comparison with infinity keeps the planner from the partial index of all live offers: one look-up by id each.
UPDATE offers o SET ended_at = instant(c.at), outcome = c.outcome, reason = c.reason
FROM json_to_recordset($1::json) AS c (id text, at bigint, outcome text, reason text)
WHERE o.id = c.id AND coalesce(o.ended_at, 'infinity') = 'infinity'
RETURNING o.id
