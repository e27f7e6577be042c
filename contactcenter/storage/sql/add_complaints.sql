INSERT INTO complaints (
    case_id, provider_id, client_id, level, step, contact_id, accused_id, accepted_by, accept_due, decide_due,
    decided_at, body
)
SELECT c."case", c.provider, c.client, c.level, c.step, c.contact, c.accused, c.accepted_by,
    instant(c.accept_due), instant(c.decide_due), instant(c.decided_at), c.body
FROM json_to_recordset($1::json) AS c (
    "case" text, provider text, client text, level smallint, step text, contact text, accused text,
    accepted_by text, accept_due bigint, decide_due bigint, decided_at bigint, body jsonb, expected integer
)
RETURNING case_id
