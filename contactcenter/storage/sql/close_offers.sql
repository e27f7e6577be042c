-- The comparison with infinity keeps the planner from the partial index of all live offers: one look-up by id each.
UPDATE offers o SET ended_at = instant(c.at), outcome = c.outcome, reason = c.reason
FROM unnest($1::text::text[], $2::text::bigint[], $3::text::text[], $4::text::text[]) AS c (id, at, outcome, reason)
WHERE o.id = c.id AND coalesce(o.ended_at, 'infinity') = 'infinity'
RETURNING o.id
