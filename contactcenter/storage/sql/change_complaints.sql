UPDATE complaints k
SET version = k.version + 1, level = c.level, step = c.step, contact_id = c.contact, accused_id = c.accused,
    accepted_by = c.accepted_by, accept_due = instant(c.accept_due), decide_due = instant(c.decide_due),
    decided_at = instant(c.decided_at), body = c.body
FROM json_to_recordset($1::json) AS c (
    "case" text, provider text, client text, level smallint, step text, contact text, accused text,
    accepted_by text, accept_due bigint, decide_due bigint, decided_at bigint, body jsonb, expected integer
)
WHERE k.case_id = c."case" AND k.version = c.expected AND k.provider_id = c.provider AND k.client_id = c.client
RETURNING k.case_id
