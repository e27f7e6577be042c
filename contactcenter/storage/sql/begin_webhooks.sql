-- $1 domain, $2 now. Who subscribes first hears what is decided from now on, not the past.
WITH begun AS (
    INSERT INTO webhook_cursors (domain_id, seq, moved_at)
    SELECT $1, coalesce((SELECT last_seq FROM routing_domains WHERE domain_id = $1), 0), instant($2)
    ON CONFLICT (domain_id) DO NOTHING
    RETURNING seq
)
SELECT seq FROM begun UNION ALL SELECT seq FROM webhook_cursors WHERE domain_id = $1 LIMIT 1
