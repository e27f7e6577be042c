UPDATE outbox SET next_at = instant($3), outcome = $2 WHERE id = $1 AND done_at IS NULL
