-- Numbers the new messages and moves the open contact; `expected` NULL leaves the contact alone.
UPDATE conversations c
SET last_seq = c.last_seq + t.messages,
    contact_id = CASE WHEN t.expected IS NULL THEN c.contact_id ELSE t.contact END,
    closed_at = CASE WHEN t.expected IS NULL THEN c.closed_at ELSE instant(t.closed_at) END
FROM json_to_recordset($1::json) AS t (
    id text, messages bigint, expected text, contact text, closed_at bigint, last_seq bigint
)
WHERE c.id = t.id AND (t.expected IS NULL OR c.contact_id = t.expected)
    AND (t.last_seq IS NULL OR c.last_seq = t.last_seq)
RETURNING c.id, c.last_seq - t.messages AS before
