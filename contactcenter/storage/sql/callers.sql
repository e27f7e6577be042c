-- Who stands at a door: the first of the given identities that is known, all of his, and who owned his newest contact.
SELECT DISTINCT ON (w.n) w.n, {customer},
    (SELECT json_agg(json_build_array(a.kind, a.value) ORDER BY a.kind, a.value) FROM identities a
     WHERE a.customer_id = c.id)::text AS identities,
    coalesce((SELECT k.owner_id FROM contacts k WHERE k.customer_id = c.id AND k.client_id = w.client
     ORDER BY k.opened_at DESC, k.id DESC LIMIT 1), '') AS last_agent
FROM json_to_recordset($1::json) AS w (n integer, rank integer, client text, kind text, value text)
CROSS JOIN LATERAL (
    SELECT i.customer_id FROM identities i
    WHERE i.client_id = w.client AND i.kind = w.kind AND i.value = w.value OFFSET 0
) i
JOIN customers c ON c.id = i.customer_id
ORDER BY w.n, w.rank
