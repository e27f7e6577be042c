-- Every configured domain. free_in_s: until another may take it; below zero, for how long it has been without an owner.
WITH RECURSIVE providers AS (
    (SELECT provider_id FROM configurations ORDER BY provider_id LIMIT 1)
    UNION ALL
    SELECT (SELECT c.provider_id FROM configurations c WHERE c.provider_id > p.provider_id ORDER BY 1 LIMIT 1)
    FROM providers p WHERE p.provider_id IS NOT NULL
)
SELECT p.provider_id AS domain, coalesce(d.owner, '') AS owner, coalesce(d.heir, '') AS heir,
    CASE
        WHEN d.domain_id IS NULL OR d.expires_at IS NULL OR d.renewed_at < pg_postmaster_start_time() THEN -86400.0
        ELSE extract(epoch FROM d.expires_at - clock_timestamp()) END::float8 AS free_in_s
FROM providers p LEFT JOIN routing_domains d ON d.domain_id = p.provider_id
WHERE p.provider_id IS NOT NULL
ORDER BY p.provider_id
