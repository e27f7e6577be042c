-- JSON null is an event too: a takeover that was recovered.
INSERT INTO routing_events (domain_id, epoch, event, received_at, seq, decided_at, effects_hash, problem)
SELECT $1::text, $2::bigint, d.event::jsonb, instant(d.at), d.seq, instant(d.at),
    decode(d.effects_hash, 'base64'), nullif(d.problem, '')
FROM unnest($3::text::text[], $4::text::bigint[], $5::text::bigint[], $6::text::text[], $7::text::text[])
    AS d (event, seq, at, effects_hash, problem)
RETURNING id
