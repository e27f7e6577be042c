-- Weeks of work, most of it over, some of it open: what the plans of the statements are judged on.
INSERT INTO customers (id, provider_id, client_id, since)
    SELECT 'cu_' || n, 'ruixun', 'kangjia', '2026-01-01Z' FROM generate_series(1, 2000) n;
INSERT INTO identities (client_id, kind, value, customer_id, provider_id)
    SELECT client_id, 'phone', id, id, provider_id FROM customers;
INSERT INTO contacts (id, domain_id, provider_id, client_id, lease_id, customer_id, medium, view, door, address, tier,
        external_id, opened_at, enqueued_at, deadline, state, owner_id, ended_at)
    SELECT 'ct_' || n, 'ruixun', 'ruixun', CASE n % 3 WHEN 0 THEN 'haier' ELSE 'kangjia' END, 'l', 'cu_' || n % 2000 + 1,
        CASE n % 9 WHEN 0 THEN 'callback' ELSE 'voice' END, 'v', 'd', 'address ' || n, 2, 'x', t, t, t, state,
        CASE state WHEN 'active' THEN 'a' || n % 100 ELSE '' END, CASE state WHEN 'ended' THEN t END
    FROM generate_series(1, 10000) n, LATERAL (SELECT '2026-01-01Z'::timestamptz + n * interval '1 minute' AS t,
        CASE WHEN n < 9500 THEN 'ended' WHEN n < 9800 THEN 'waiting' ELSE 'active' END AS state) s;
INSERT INTO calls (source, call, provider_id, client_id, contact_id, life, version, changed_at)
    SELECT 'pbx-1', 'call ' || id, provider_id, client_id, id, '{"state": "released"}', 3, opened_at
    FROM contacts WHERE medium = 'voice';
INSERT INTO callbacks (id, provider_id, client_id, number, requested_at, window_from, window_until, state, outcome, ended_at)
    SELECT 'cb_' || n, 'ruixun', 'kangjia', 'address ' || n, t, t, t, state, CASE state WHEN 'ended' THEN 'reached' ELSE '' END,
        CASE state WHEN 'ended' THEN t END
    FROM generate_series(1, 5000) n, LATERAL (SELECT '2026-01-01Z'::timestamptz + n * interval '1 minute' AS t,
        CASE WHEN n < 4900 THEN 'ended' ELSE 'open' END AS state) s;
INSERT INTO offers (id, contact_id, agent_id, provider_id, client_id, attempt, made_at, expires_at, ended_at)
    SELECT id || '/1', id, 'a' || length(id) || tier, provider_id, client_id, 1, opened_at, opened_at, ended_at FROM contacts;
INSERT INTO assignments (id, contact_id, agent_id, provider_id, client_id, began_at, ended_at)
    SELECT id || '/1', id, 'a' || length(id) || tier, provider_id, client_id, opened_at, ended_at FROM contacts;
INSERT INTO presences (provider_id, agent_id, domain_id, state, changed_at, route)
    SELECT 'ruixun', 'a' || n, 'ruixun', 'ready', '2026-01-01Z', '{}' FROM generate_series(1, 500) n;
INSERT INTO routing_events (domain_id, event, received_at, seq)
    SELECT 'ruixun', '{}', '2026-01-01Z', CASE WHEN n < 9900 THEN n END FROM generate_series(1, 10000) n;
INSERT INTO routing_events (domain_id, event, received_at, seq, decided_at, dedupe)
    VALUES ('ruixun', '{}', '2026-01-01Z', 9901, '2026-01-02Z', 'key 1');
INSERT INTO facts (id, at, kind, provider_id, client_id, contact_id, data)
    SELECT 'f' || n, '2026-01-01Z'::timestamptz + n * interval '4 minutes', 'k', 'ruixun', 'kangjia', 'ct_' || n % 3000, '{}'
    FROM generate_series(1, 20000) n;
INSERT INTO outbox (id, kind, provider_id, client_id, payload, created_at, next_at, done_at)
    SELECT 'ob_' || n, 'mail', 'ruixun', 'kangjia', '{}', t, t, CASE WHEN n < 2990 THEN t END
    FROM generate_series(1, 3000) n, LATERAL (SELECT '2026-01-01Z'::timestamptz + n * interval '1 minute' AS t) s;
INSERT INTO conversations (id, provider_id, client_id, medium, door, thread, opened_at)
    SELECT 'cv_' || n, 'ruixun', 'kangjia', 'mail', 'd', 't' || n, '2026-01-01Z' FROM generate_series(1, 2000) n;
INSERT INTO messages (conversation_id, seq, id, provider_id, client_id, sender, message_id, at, text)
    SELECT id, n, id || n, provider_id, client_id, 'customer', id || n, '2026-01-01Z', '' FROM conversations,
    generate_series(1, 3) n;
INSERT INTO cases (id, number, provider_id, client_id, customer_id, kind, opened_at, due_at)
    SELECT 'cs_' || n, n, 'ruixun', 'kangjia', 'cu_' || n % 2000 + 1, 'repair', t, t
    FROM generate_series(1, 3000) n, LATERAL (SELECT '2026-01-01Z'::timestamptz + n * interval '1 minute' AS t) s;
INSERT INTO timers (id, kind, provider_id, client_id, subject_id, due_at, fired_at)
    SELECT 'tm_' || n, 'k', 'ruixun', 'kangjia', 's', t, CASE WHEN n < 2000 THEN t END
    FROM generate_series(1, 3000) n, LATERAL (SELECT '2026-01-01Z'::timestamptz + n * interval '1 minute' AS t) s;
ANALYZE;
