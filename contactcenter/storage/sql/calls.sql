SELECT k.source, {call},
    t.ended_at IS NOT NULL AS over,
    coalesce(t.context ->> 'instead_of', '') AS instead_of
FROM json_to_recordset($1::json) AS w (source text, call text)
CROSS JOIN LATERAL (SELECT k.* FROM calls k WHERE k.source = w.source AND k.call = w.call OFFSET 0) k
LEFT JOIN contacts t ON t.id = k.contact_id
