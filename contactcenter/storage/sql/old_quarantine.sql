-- $1 settled before this instant, $2 how many at most. What nobody settled stays.
DELETE FROM quarantine WHERE id = ANY (ARRAY(
    SELECT id FROM quarantine WHERE settled_at < instant($1) ORDER BY id LIMIT $2
))
