-- What is stored and not decided, by domain; counted to $2 at most, so that a long backlog is no long question.
SELECT d.domain, b.depth, coalesce(micros(b.oldest), 0) AS oldest_at
FROM unnest($1::text[]) AS d (domain)
CROSS JOIN LATERAL (
    SELECT count(*) AS depth, min(w.received_at) AS oldest
    FROM (
        SELECT e.received_at FROM routing_events e
        WHERE e.domain_id = d.domain AND e.seq IS NULL ORDER BY e.id LIMIT $2
    ) w
) b
