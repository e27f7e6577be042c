-- The attempt is counted before it is made: a sending that kills its sender does not come back for ever.
WITH due AS (
    SELECT id FROM outbox WHERE done_at IS NULL AND next_at <= instant($1)
        AND (cardinality($4::text[]) = 0 OR kind = ANY ($4::text[]))
    ORDER BY next_at LIMIT $2 FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE outbox o SET next_at = instant($1 + $3::bigint), attempts = o.attempts + 1
    FROM due WHERE o.id = due.id
    RETURNING o.*
)
SELECT {sending} FROM claimed o ORDER BY o.created_at, o.id
