SELECT f.kind, coalesce(
        CASE f.kind WHEN 'contact.ended' THEN f.data ->> 'how' WHEN 'offer.ended' THEN f.data ->> 'outcome' END, ''
    ) AS how, count(*) AS facts
FROM facts f
WHERE f.provider_id = $1 AND f.at >= instant($3) AND ($2 = '' OR f.client_id = $2)
GROUP BY 1, 2
