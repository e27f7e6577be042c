-- $1 node, $2 seconds that it counts as alive. Those that are long gone are forgotten.
WITH forgotten AS (
    DELETE FROM router_nodes WHERE expires_at < clock_timestamp() - interval '10 minutes' AND node <> $1
)
INSERT INTO router_nodes (node, started_at, expires_at)
VALUES ($1, clock_timestamp(), clock_timestamp() + $2::float8 * interval '1 second')
ON CONFLICT (node) DO UPDATE SET expires_at = excluded.expires_at
