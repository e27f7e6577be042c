-- $1 domain, $2 after this number, $3 events at most. Batches commit in the order of their numbers: nothing is skipped.
SELECT max(seq) AS through, micros(min(decided_at)) AS since, micros(max(decided_at)) AS until
FROM (
    SELECT seq, decided_at FROM routing_events WHERE domain_id = $1 AND seq > $2 ORDER BY seq LIMIT $3
) AS following
