-- Facts of one instant keep the order of their decision: by its number, then by its ordinal (the end of the id).
SELECT {fact} FROM facts f
WHERE f.contact_id = $3 AND f.contact_id <> '' AND f.provider_id = $1 AND ($2 = '' OR f.client_id = $2)
ORDER BY f.at, coalesce(f.seq, 0), length(f.id), f.id
