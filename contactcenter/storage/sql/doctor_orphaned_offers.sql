-- Live offers of contacts that ended.
SELECT count(*), min(o.id) AS example FROM offers o JOIN contacts c ON c.id = o.contact_id
WHERE o.ended_at IS NULL AND c.ended_at IS NOT NULL
