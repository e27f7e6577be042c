-- The last hour: every contact was told of when it came and when it ended, and every end that was told of happened. Who was
-- turned away ended with that.
WITH providers AS (
    SELECT DISTINCT provider_id, clock_timestamp() - interval '1 hour' AS since FROM configurations
), wrong AS (
    SELECT c.view, c.id FROM providers p CROSS JOIN LATERAL (
        SELECT c.* FROM contacts c WHERE c.provider_id = p.provider_id AND c.opened_at > p.since ORDER BY c.opened_at OFFSET 0
    ) c
    WHERE (c.ended_at IS NOT NULL) <> EXISTS (
            SELECT FROM facts f
            WHERE f.contact_id = c.id AND f.contact_id <> '' AND f.kind IN ('contact.ended', 'contact.blocked') OFFSET 0)
        OR NOT EXISTS (
            SELECT FROM facts f WHERE f.contact_id = c.id AND f.contact_id <> '' AND f.kind = 'contact.opened' OFFSET 0)
    UNION
    SELECT coalesce(c.view, 'nowhere'), f.contact_id
    FROM providers p CROSS JOIN LATERAL (
        SELECT f.* FROM facts f WHERE f.provider_id = p.provider_id AND f.at > p.since ORDER BY f.at OFFSET 0
    ) f
    LEFT JOIN LATERAL (SELECT c.* FROM contacts c WHERE c.id = f.contact_id OFFSET 0) c ON true
    WHERE f.kind IN ('contact.opened', 'contact.ended', 'contact.blocked') AND f.contact_id <> ''
        AND (c.id IS NULL OR (f.kind <> 'contact.opened' AND c.ended_at IS NULL))
)
SELECT count(*), min(view || ' ' || id) AS example FROM wrong
