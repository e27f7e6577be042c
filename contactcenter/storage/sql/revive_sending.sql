UPDATE outbox SET done_at = NULL, dead = false, attempts = 0, outcome = '', next_at = instant($2)
WHERE id = $1 AND dead AND (not_after IS NULL OR not_after > instant($2))
RETURNING id
