-- $1 domain, $2 an instant. The newest snapshot before it: a replay of what is kept begins there. Nothing without one.
SELECT seq, epoch FROM routing_snapshots WHERE domain_id = $1 AND taken_at < instant($2)
ORDER BY seq DESC, epoch DESC LIMIT 1
