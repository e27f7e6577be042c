-- The version stays: it guards the router's columns, and these are the services' own.
UPDATE contacts c
SET case_id = CASE WHEN l."case" IS NULL THEN c.case_id ELSE nullif(l."case", '') END,
    customer_id = CASE WHEN l.customer IS NULL THEN c.customer_id ELSE nullif(l.customer, '') END,
    complaint = coalesce(l.complaint, c.complaint), context = coalesce(l.context, c.context)
FROM json_to_recordset($1::json) AS l (
    id text, "case" text, customer text, complaint boolean, context jsonb, must_be_open boolean
)
WHERE c.id = l.id AND NOT (l.must_be_open AND c.state IN ('wrap_up', 'ended'))
RETURNING c.id
