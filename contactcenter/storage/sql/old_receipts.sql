-- $1 older than this instant, $2 how many at most.
DELETE FROM receipts WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM receipts WHERE received_at < instant($1) ORDER BY received_at LIMIT $2
)) AND received_at < instant($1)
