-- The newest estimate told on entering, by view, tier, and whether somebody was free; of the newest 300 contacts.
SELECT DISTINCT ON (r.client_id, r.view, r.medium, r.tier, f.place > 0)
    r.client_id AS client, r.view, r.medium, r.tier, f.place, f.expected, f.at_most, micros(f.at) AS at
FROM (
    SELECT c.id, c.client_id, c.view, c.medium, c.tier FROM contacts c
    WHERE c.provider_id = $1 AND ($2 = '' OR c.client_id = $2) AND c.opened_at >= instant($3)
    ORDER BY c.opened_at DESC, c.id DESC
    LIMIT 300
) r
CROSS JOIN LATERAL (
    SELECT q.at, coalesce((q.data ->> 'place')::bigint, 0) AS place, (q.data ->> 'expected')::bigint AS expected,
        coalesce((q.data ->> 'at_most')::bigint, 0) AS at_most
    FROM facts q
    WHERE q.contact_id = r.id AND q.contact_id <> '' AND q.kind = 'contact.queued' AND q.at >= instant($3)
    ORDER BY q.at, q.seq
    LIMIT 1
) f
WHERE f.expected > 0
ORDER BY r.client_id, r.view, r.medium, r.tier, f.place > 0, f.at DESC
