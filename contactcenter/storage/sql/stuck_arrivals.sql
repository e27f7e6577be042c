-- A contact that was stored and whose arrival was set aside: it is in no queue.
SELECT c.provider_id AS provider, c.id, micros(c.opened_at) AS since
FROM routing_events e JOIN contacts c ON c.id = e.event #>> '{contact,id}'
WHERE e.problem IS NOT NULL AND e.event ->> 'type' = 'arrived' AND c.state = 'new' AND c.opened_at < instant($1)
ORDER BY e.id LIMIT 100
