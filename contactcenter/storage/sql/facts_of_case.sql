SELECT {fact} FROM facts f
WHERE f.case_id = $3 AND f.case_id <> '' AND f.provider_id = $1 AND ($2 = '' OR f.client_id = $2)
ORDER BY f.at, coalesce(f.seq, 0), length(f.id), f.id
