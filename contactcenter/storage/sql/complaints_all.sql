SELECT {complaint} FROM complaints c
WHERE c.provider_id = $1 AND ($2 = '' OR c.client_id = $2) AND ($3::smallint IS NULL OR c.level = $3)
ORDER BY c.level DESC, c.case_id
