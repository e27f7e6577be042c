-- A callback waits from the beginning of its promised window on: nobody may take it before.
-- `by_tier` counts the unanswered (waiting or offered), best tier first.
SELECT c.client_id AS client, c.view, c.medium,
    count(*) FILTER (WHERE c.state IN ('new', 'waiting')) AS waiting,
    count(*) FILTER (WHERE c.state IN ('new', 'waiting') AND u.since > $3) AS held,
    count(*) FILTER (WHERE c.state = 'offered') AS offered,
    count(*) FILTER (WHERE c.state = 'active') AS active,
    count(*) FILTER (WHERE c.state = 'wrap_up') AS wrap_up,
    greatest(coalesce($3 - min(u.since) FILTER (WHERE NOT u.answered), 0), 0) / 1e6::float8
        AS oldest_wait_s,
    count(*) FILTER (WHERE NOT u.answered AND c.deadline < instant($3)) AS breached,
    json_build_array(
        count(*) FILTER (WHERE NOT u.answered AND c.tier = 0), count(*) FILTER (WHERE NOT u.answered AND c.tier = 1),
        count(*) FILTER (WHERE NOT u.answered AND c.tier = 2), count(*) FILTER (WHERE NOT u.answered AND c.tier = 3)
    )::text AS by_tier
FROM contacts c
CROSS JOIN LATERAL (
    SELECT c.state IN ('active', 'wrap_up') AS answered,
        CASE WHEN c.medium = 'callback' THEN greatest(micros(c.enqueued_at), (c.context->>'window_from')::bigint)
            ELSE micros(c.enqueued_at) END AS since
) u
WHERE c.domain_id = $1 AND ($2 = '' OR c.client_id = $2) AND c.ended_at IS NULL
GROUP BY c.client_id, c.view, c.medium
ORDER BY c.client_id, c.view, c.medium
