-- $3 and $4 bound the time, end exclusive; a page goes on behind the fact ($3, $6, $7).
SELECT {fact} FROM facts f
WHERE f.provider_id = $1 AND ($2 = '' OR f.client_id = $2) AND f.at >= instant($3) AND f.at < instant($4)
  AND (cardinality($5::text[]) = 0 OR f.kind = ANY ($5::text[]))
  AND (f.at, coalesce(f.seq, 0), length(f.id), f.id) > (instant($3), $6::bigint, length($7::text), $7::text)
ORDER BY f.at, coalesce(f.seq, 0), length(f.id), f.id
LIMIT $8
