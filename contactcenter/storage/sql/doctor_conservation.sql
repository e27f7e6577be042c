-- The last hour: every contact was told of when it came and when it ended, and every end that was told of happened. Who was
-- turned away ended with that.
WITH providers AS (
    SELECT DISTINCT provider_id, clock_timestamp() - interval '1 hour' AS since FROM configurations
), wrong AS (
    SELECT c.view, c.id FROM providers p JOIN contacts c ON c.provider_id = p.provider_id AND c.opened_at > p.since
    WHERE (c.ended_at IS NOT NULL) <> EXISTS (
            SELECT FROM facts f WHERE f.contact_id = c.id AND f.contact_id <> '' AND f.kind IN ('contact.ended', 'contact.blocked'))
        OR NOT EXISTS (
            SELECT FROM facts f WHERE f.contact_id = c.id AND f.contact_id <> '' AND f.kind = 'contact.opened')
    UNION
    SELECT coalesce(c.view, 'nowhere'), f.contact_id
    FROM providers p JOIN facts f ON f.provider_id = p.provider_id AND f.at > p.since
    LEFT JOIN contacts c ON c.id = f.contact_id
    WHERE f.kind IN ('contact.opened', 'contact.ended', 'contact.blocked') AND f.contact_id <> ''
        AND (c.id IS NULL OR (f.kind <> 'contact.opened' AND c.ended_at IS NULL))
)
SELECT count(*), min(view || ' ' || id) AS example FROM wrong
