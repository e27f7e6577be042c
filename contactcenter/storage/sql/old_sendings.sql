-- $1 done before this instant, $2 how many at most, $3 given up before this instant. What waits is never old.
DELETE FROM outbox WHERE id = ANY (ARRAY(
    SELECT id FROM outbox
    WHERE created_at < instant($1) AND done_at < CASE WHEN dead THEN instant($3) ELSE instant($1) END LIMIT $2
)) AND done_at IS NOT NULL
