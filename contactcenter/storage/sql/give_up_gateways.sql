-- $1 suspects, $2 seconds, $3 the instant. One that was heard of again meanwhile is left alone.
WITH kept AS (
    SELECT node FROM gateways
    WHERE node = ANY ($1::text[]) AND seen_at >= clock_timestamp() - make_interval(secs => $2)
    FOR UPDATE
), dead AS (
    SELECT n.node FROM unnest($1::text[]) AS n (node) WHERE n.node NOT IN (SELECT node FROM kept)
), forgotten AS (
    DELETE FROM gateways WHERE node IN (SELECT node FROM dead)
), locked AS (
    SELECT provider_id, agent_id FROM attendance
    WHERE nodes && ARRAY(SELECT node FROM dead) ORDER BY provider_id, agent_id FOR UPDATE
), moved AS (
    UPDATE attendance AS a
    SET before = cardinality(a.nodes),
        nodes = ARRAY(SELECT n FROM unnest(a.nodes) AS n WHERE n NOT IN (SELECT node FROM dead))
    FROM locked AS l WHERE a.provider_id = l.provider_id AND a.agent_id = l.agent_id
    RETURNING a.provider_id, a.agent_id, a.before, cardinality(a.nodes) AS after
), told AS (
    INSERT INTO routing_events (domain_id, event, received_at)
    SELECT provider_id, jsonb_build_object('type', 'disconnected', 'agent', agent_id), instant($3)
    FROM moved WHERE before > 0 AND after = 0
    RETURNING domain_id
)
SELECT DISTINCT domain_id FROM told ORDER BY domain_id
