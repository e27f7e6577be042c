-- The last hour: every contact was told of when it came and when it ended, and every end that was told of happened.
WITH since AS (SELECT clock_timestamp() - interval '1 hour' AS at), rows AS (
    SELECT c.view, c.id, c.ended_at IS NOT NULL AS ended FROM contacts c, since
    WHERE c.opened_at > since.at OR (c.ended_at > since.at AND c.opened_at <= since.at)
), wrong AS (
    SELECT view, id FROM rows
    WHERE ended <> EXISTS (SELECT FROM facts f WHERE f.contact_id = rows.id AND f.kind = 'contact.ended')
        OR NOT EXISTS (SELECT FROM facts f WHERE f.contact_id = rows.id AND f.kind = 'contact.opened')
    UNION ALL
    SELECT 'nowhere', f.contact_id FROM facts f, since
    WHERE f.at > since.at AND f.kind IN ('contact.opened', 'contact.ended') AND f.contact_id <> ''
        AND NOT EXISTS (SELECT FROM contacts c WHERE c.id = f.contact_id)
)
SELECT count(*), min(view || ' ' || id) AS example FROM wrong
