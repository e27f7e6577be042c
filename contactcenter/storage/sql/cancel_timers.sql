DELETE FROM timers WHERE id = ANY ($1::text[]) AND fired_at IS NULL RETURNING id
