DELETE FROM webhook_cursors WHERE domain_id = $1
