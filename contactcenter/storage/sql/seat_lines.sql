-- Whose seat an agent sits on stands in the active configuration. Offline people are not counted; who is ready
-- and carries work already is `busy`.
SELECT l.client, l.id AS lease,
    count(*) FILTER (WHERE p.state = 'ready' AND p.used_units = 0) AS ready,
    count(*) FILTER (WHERE p.state = 'not_ready') AS not_ready,
    count(*) FILTER (WHERE p.state = 'not_responding') AS not_responding,
    count(*) FILTER (WHERE p.state = 'ready' AND p.used_units > 0) AS busy
FROM (SELECT document FROM configurations WHERE provider_id = $1 ORDER BY version DESC LIMIT 1) d
CROSS JOIN LATERAL jsonb_to_recordset(d.document -> 'leases') AS l (id text, client text)
LEFT JOIN LATERAL jsonb_to_recordset(d.document -> 'agents') AS a (id text, lease text) ON a.lease = l.id
LEFT JOIN presences p ON p.provider_id = $1 AND p.agent_id = a.id
WHERE $2 = '' OR l.client = $2
GROUP BY l.client, l.id
ORDER BY l.client, l.id
