-- A queue that nobody routes. $1: what was due before this instant is late.
SELECT domain_id AS provider, domain_id AS id, micros(expires_at) AS since
FROM routing_domains WHERE expires_at < instant($1) ORDER BY domain_id LIMIT 100
