UPDATE routing_events e
SET seq = d.seq, epoch = $2, decided_at = instant(d.at), effects_hash = d.hash, problem = nullif(d.problem, '')
FROM unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::bytea[], $7::text[]) AS d (id, seq, at, hash, problem)
WHERE e.id = d.id AND e.domain_id = $1 AND e.seq IS NULL
RETURNING e.id
