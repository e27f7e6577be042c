-- $1 the gateway, $2 which agents it holds or no longer holds, $3 the instant. The router is told of the first
-- gateway and of the last; the rows are taken in one order, so that two gateways cannot wait for each other.
WITH moved AS (
    INSERT INTO attendance AS a (provider_id, agent_id, nodes)
    SELECT m.provider, m.agent, CASE WHEN m.here THEN ARRAY[$1::text] ELSE '{}' END
    FROM json_to_recordset($2::json) AS m (provider text, agent text, here boolean)
    ORDER BY m.provider, m.agent
    ON CONFLICT (provider_id, agent_id) DO UPDATE
    SET before = cardinality(a.nodes), nodes = array_remove(a.nodes, $1) || excluded.nodes
    RETURNING provider_id, agent_id, before, cardinality(nodes) AS after
), told AS (
    INSERT INTO routing_events (domain_id, event, received_at)
    SELECT provider_id,
        jsonb_build_object('type', CASE WHEN after > 0 THEN 'connected' ELSE 'disconnected' END, 'agent', agent_id),
        instant($3)
    FROM moved WHERE (before = 0) <> (after = 0)
    RETURNING domain_id
)
SELECT DISTINCT domain_id FROM told ORDER BY domain_id
