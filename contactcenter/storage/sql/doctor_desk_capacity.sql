-- Desks whose capacity and assignments disagree: taken by nothing, or nothing taken by somebody's work.
SELECT count(*), min(p.agent_id || ': ' || p.used_units) AS example FROM presences p
WHERE (p.used_units > 0 AND NOT EXISTS (SELECT FROM assignments a WHERE a.agent_id = p.agent_id AND a.ended_at IS NULL)
        AND NOT EXISTS (SELECT FROM offers o WHERE o.agent_id = p.agent_id AND o.ended_at IS NULL))
    OR (p.used_units = 0 AND p.state <> 'offline'
        AND EXISTS (SELECT FROM assignments a WHERE a.agent_id = p.agent_id AND a.ended_at IS NULL))
