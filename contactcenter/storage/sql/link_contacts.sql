-- The version stays: it guards the router's columns, and these are the services' own.
UPDATE contacts c
SET case_id = CASE WHEN l.case_id IS NULL THEN c.case_id ELSE nullif(l.case_id, '') END,
    customer_id = CASE WHEN l.customer IS NULL THEN c.customer_id ELSE nullif(l.customer, '') END,
    complaint = coalesce(l.complaint, c.complaint), context = coalesce(l.context::jsonb, c.context)
FROM unnest($1::text[], $2::text[], $3::text[], $4::boolean[], $5::text[], $6::boolean[])
    AS l (id, case_id, customer, complaint, context, must_be_open)
WHERE c.id = l.id AND NOT (l.must_be_open AND c.state IN ('wrap_up', 'ended'))
RETURNING c.id
