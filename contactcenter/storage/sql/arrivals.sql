-- All that a phone platform's event is decided by: its first receipt, what is known of its call and whether that is over for
-- us, whether he is promised a callback, and who calls: the customer of the first identity that is known, all of his, and who
-- owned his newest contact.
SELECT w.n, r.payload_hash, r.result::text AS result, {call}, t.ended_at IS NOT NULL AS over,
    coalesce(t.context ->> 'instead_of', '') AS instead_of,
    (SELECT row_to_json(u) FROM (
        SELECT {customer},
            (SELECT json_agg(json_build_array(a.kind, a.value) ORDER BY a.kind, a.value) FROM identities a
             WHERE a.customer_id = c.id) AS identities,
            coalesce((SELECT o.owner_id FROM contacts o WHERE o.customer_id = c.id AND o.client_id = w.client
             ORDER BY o.opened_at DESC, o.id DESC LIMIT 1), '') AS last_agent
        FROM json_to_recordset(w.identities) AS s (rank integer, kind text, value text)
        CROSS JOIN LATERAL (
            SELECT i.customer_id FROM identities i
            WHERE i.client_id = w.client AND i.kind = s.kind AND i.value = s.value LIMIT 1
        ) i
        JOIN customers c ON c.id = i.customer_id
        ORDER BY s.rank LIMIT 1
     ) u)::text AS caller,
    coalesce((SELECT p.id FROM json_to_recordset(w.identities) AS s (kind text, value text)
        CROSS JOIN LATERAL (
            SELECT p.id FROM callbacks p
            WHERE p.client_id = w.client AND p.number = s.value AND p.ended_at IS NULL LIMIT 1
        ) p
        WHERE s.kind = 'phone' LIMIT 1), '') AS promised
FROM json_to_recordset($1::json) AS w (
    n integer, source text, external_id text, call text, client text, identities json
)
LEFT JOIN receipts r ON r.source = w.source AND r.external_id = w.external_id
LEFT JOIN calls k ON k.source = w.source AND k.call = w.call
LEFT JOIN contacts t ON t.id = k.contact_id
