INSERT INTO quarantine (id, source, reason, payload, received_at)
SELECT q.id, q.source, q.reason, q.payload, instant(q.received_at)
FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::bigint[])
    AS q (id, source, reason, payload, received_at)
RETURNING id
