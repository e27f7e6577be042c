-- $1 domain, $2 the last number that may go, $3 how many at most. What webhooks have not read yet stays.
DELETE FROM routing_events WHERE id = ANY (ARRAY(
    SELECT id FROM routing_events
    WHERE domain_id = $1 AND seq <= least($2, (SELECT seq FROM webhook_cursors WHERE domain_id = $1))
    ORDER BY seq LIMIT $3
)) AND seq IS NOT NULL
