UPDATE outbox SET done_at = instant($3), outcome = $2, dead = $4 WHERE id = $1 AND done_at IS NULL
