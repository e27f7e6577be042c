-- All that a card shows of each contact: its customer whole, $2 newest of his other contacts, and which of his $3 newest
-- cases are open (without a customer: of the contact's own case), each complaint with its level.
SELECT w.n, {contact},
    (SELECT row_to_json(u) FROM (
        SELECT {customer},
            coalesce((SELECT json_agg(json_build_array(i.kind, i.value) ORDER BY i.kind, i.value) FROM identities i
             WHERE i.customer_id = c.id), '[]') AS identities,
            coalesce((SELECT json_agg(r) FROM (
                SELECT r.id, r.kind, micros(r.at) AS at, r.summary, r.amount_fen FROM customer_records r
                WHERE r.customer_id = c.id ORDER BY r.at DESC, r.id DESC LIMIT 20
             ) r), '[]') AS records
        FROM customers c WHERE c.id = k.customer AND c.provider_id = k.provider AND c.client_id = k.client
     ) u)::text AS customer_view,
    (SELECT json_agg(h) FROM (
        SELECT c.id, c.medium, micros(c.opened_at) AS opened_at, c.state, c.outcome, c.owner_id AS owner, c.subject
        FROM contacts c
        WHERE c.customer_id = k.customer AND c.provider_id IS NOT DISTINCT FROM k.provider
            AND c.client_id IS NOT DISTINCT FROM k.client AND c.id <> k.id
        ORDER BY c.opened_at DESC, c.id DESC LIMIT $2
     ) h)::text AS history,
    (SELECT json_agg(o) FROM (
        SELECT s.id, s.number, s.kind, s.state, micros(s.due_at) AS due_at, s.subject,
            (SELECT p.level FROM complaints p WHERE p.case_id = s.id AND s.kind = 'complaint') AS level
        FROM (
            (SELECT c.* FROM cases c
             WHERE c.customer_id = k.customer AND c.provider_id IS NOT DISTINCT FROM k.provider
                AND c.client_id IS NOT DISTINCT FROM k.client
             ORDER BY c.opened_at DESC, c.id DESC LIMIT $3)
            UNION ALL
            (SELECT c.* FROM cases c
             WHERE k.customer IS NULL AND c.id = k."case" AND c.provider_id IS NOT DISTINCT FROM k.provider
                AND c.client_id IS NOT DISTINCT FROM k.client)
        ) s WHERE coalesce(s.closed_at, 'infinity') = 'infinity'
     ) o)::text AS cases
FROM json_to_recordset($1::json) AS w (n integer, provider text, client text, id text)
CROSS JOIN LATERAL (SELECT c.* FROM contacts c WHERE c.id = w.id OFFSET 0) c
CROSS JOIN LATERAL (
    SELECT c.id, c.customer_id AS customer, c.provider_id AS provider, c.client_id AS client, c.case_id AS "case"
) AS k
WHERE c.provider_id = w.provider AND (w.client = '' OR c.client_id = w.client)
