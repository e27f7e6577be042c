DELETE FROM do_not_call d
USING json_to_recordset($1::json) AS w (client text, number text)
WHERE d.client_id = w.client AND d.number = w.number
RETURNING d.number
