INSERT INTO routing_events (domain_id, epoch, event, received_at, seq, decided_at, effects_hash, problem)
SELECT $1::text, $2::bigint, d.event::jsonb, instant(d.at), d.seq, instant(d.at), d.hash, nullif(d.problem, '')
FROM unnest($3::text[], $4::bigint[], $5::bigint[], $6::bytea[], $7::text[]) AS d (event, seq, at, hash, problem)
RETURNING id
