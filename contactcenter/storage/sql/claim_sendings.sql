-- $1 now, $2 how many, $3 for how long, $4 kinds, $5 the phone sources that are ours (NULL: any).
-- The attempt is counted before it is made: a sending that kills its sender does not come back for ever.
-- A phone command of another's source is left alone, until it is of no use to anybody.
WITH due AS (
    SELECT each.id
    FROM unnest($4::text[]) AS wanted (kind) CROSS JOIN LATERAL (
        SELECT o.id, o.next_at FROM outbox o
        WHERE o.kind = wanted.kind AND o.done_at IS NULL AND o.next_at <= instant($1)
            AND (wanted.kind <> 'phone' OR $5::text[] IS NULL OR o.payload ->> 'source' = ANY ($5::text[])
                OR o.not_after <= instant($1))
        ORDER BY o.next_at LIMIT $2 FOR UPDATE SKIP LOCKED
    ) AS each
    ORDER BY each.next_at LIMIT $2
), claimed AS (
    UPDATE outbox o SET next_at = instant($1 + $3::bigint), attempts = o.attempts + 1
    FROM due WHERE o.id = due.id
    RETURNING o.*
)
SELECT {sending} FROM claimed o ORDER BY o.created_at, o.id
