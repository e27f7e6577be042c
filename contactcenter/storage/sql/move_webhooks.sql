UPDATE webhook_cursors SET seq = $3, moved_at = instant($4) WHERE domain_id = $1 AND seq = $2
RETURNING seq
