-- The calls of platform $1 whose contact has not ended, by the open contacts, which are few; and those of the last day whose
-- contact has, but of whose own end nothing was heard: a caller who was turned away and hung up while nobody listened.
-- `there` has an index of its own; that of callers of long ago, who will never be heard of again, stays in it.
SELECT {call}, false AS over,
    coalesce(c.context ->> 'instead_of', '') AS instead_of
FROM contacts c CROSS JOIN LATERAL (
    SELECT k.* FROM calls k WHERE k.contact_id = c.id AND k.contact_id <> '' OFFSET 0
) k
WHERE c.ended_at IS NULL AND k.source = $1
UNION ALL
SELECT {call}, true AS over,
    coalesce(c.context ->> 'instead_of', '') AS instead_of
FROM calls k CROSS JOIN LATERAL (SELECT c.* FROM contacts c WHERE c.id = k.contact_id OFFSET 0) c
WHERE k.source = $1 AND k.there
  AND c.opened_at > now() - interval '1 day' AND c.ended_at IS NOT NULL AND c.medium = 'voice'
ORDER BY contact_id
