-- By the primary key: the index of what is pending is full of entries that this statement has killed before.
UPDATE routing_events e
SET seq = d.seq, epoch = $2, decided_at = instant(d.at),
    effects_hash = decode(d.effects_hash, 'base64'), problem = nullif(d.problem, '')
FROM unnest($3::text::bigint[], $4::text::bigint[], $5::text::bigint[], $6::text::text[], $7::text::text[])
    AS d ("row", seq, at, effects_hash, problem)
WHERE e.id = d."row" AND e.domain_id = $1 AND coalesce(e.seq, 0) = 0
RETURNING e.id
