-- Gateways that were not heard of for $1 seconds, and those that somebody's row names though nobody knows them.
SELECT node FROM gateways WHERE seen_at < clock_timestamp() - make_interval(secs => $1)
UNION
SELECT n.node FROM attendance a, unnest(a.nodes) AS n (node)
WHERE NOT EXISTS (SELECT FROM gateways g WHERE g.node = n.node)
ORDER BY node
