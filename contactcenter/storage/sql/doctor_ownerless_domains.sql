-- Configured providers whose queue no router owns at the moment.
SELECT count(*), min(p.provider_id) AS example FROM (SELECT DISTINCT provider_id FROM configurations) p
WHERE NOT EXISTS (
    SELECT FROM routing_domains d
    WHERE d.domain_id = p.provider_id AND d.owner <> '' AND d.expires_at > clock_timestamp()
)
