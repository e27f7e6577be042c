SELECT {unwanted} FROM do_not_call d WHERE d.client_id = $1 AND d.number = $2
