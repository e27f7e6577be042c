SELECT k.source, k.call, k.life::text AS life, k.version, k.contact_id,
    t.ended_at IS NOT NULL AS over,
    coalesce(t.context ->> 'instead_of', '') AS instead_of
FROM json_to_recordset($1::json) AS w (source text, call text)
JOIN calls k ON k.source = w.source AND k.call = w.call
LEFT JOIN contacts t ON t.id = k.contact_id
