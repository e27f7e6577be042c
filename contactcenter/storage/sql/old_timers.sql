-- $1 older than this instant, $2 how many at most. A timer that is still to fire is never old.
DELETE FROM timers WHERE id = ANY (ARRAY(
    SELECT id FROM timers WHERE due_at < instant($1) AND fired_at < instant($1) LIMIT $2
)) AND fired_at < instant($1)
