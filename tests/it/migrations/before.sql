INSERT INTO organizations (id, name, slug, created_at) VALUES (#1, 'Hall', 'hall', 1);
INSERT INTO users (id, email, password_hash, first_name, last_name, role, status, locale, created_at) VALUES
    (#11, 'ada@example.org', '$argon2id$a', 'Ada', 'Okoro', 'organizer', 'active', 'en', 1),
    (#12, 'ben@example.org', '$argon2id$b', 'Ben', 'Îles', 'organizer', 'inactive', 'fr', 2),
    (#13, 'gone@example.org', '$argon2id$c', 'It''s', 'gone', 'customer', 'erased', 'en', 3);
INSERT INTO memberships (organization_id, user_id, role) VALUES (#1, #11, 'owner'), (#1, #12, 'member');
INSERT INTO events (id, organization_id, slug, name, description, category, language, place, time_zone, starts_at,
    ends_at, sale_starts_at, sale_ends_at, currency, max_per_user, max_per_order, hold_seconds, hold_cap_seconds,
    status, plan_version, next_seat_id, version, created_at, updated_at, promised_starts_at) VALUES
    (#21, #1, 'on-sale', 'On sale', 'Text; with a semicolon', 'sport', 'en', 'Here', 'Europe/Berlin',
        4102444800000, 4102452000000, 1, 4102444800000, 'EUR', 6, 6, 600, 1800, 'on_sale', 1, 4, 7, 1, 2, 5),
    (#22, #1, 'draft', 'Draft', '', 'sport', 'en', '', 'UTC',
        4102444800000, 4102452000000, 1, 4102444800000, 'JPY', 6, 6, 600, 1800, 'draft', 0, 1, 1, 1, 2, NULL),
    (#23, #1, 'off', 'Called off', '', 'sport', 'en', '', 'UTC',
        1000, 2000, 1, 1000, 'EUR', 6, 6, 600, 1800, 'cancelled', 0, 1, 3, 1, 2, NULL);
INSERT INTO plans (event_id, version, document, created_at) VALUES (#21, 1, '{}', 1);
INSERT INTO sections (event_id, id, name, kind, position, capacity) VALUES (#21, #31, 'A', 'seated', 0, 3);
INSERT INTO offers (event_id, id, section_id, name, price_minor, admits, refundable, position, created_at)
    VALUES (#21, #41, #31, 'Full', 4500, 1, 1, 0, 1);
INSERT INTO seats (event_id, seat_id, section_id, seat_guid, row_label, seat_label, category, kind, status, version,
    fence, reservation_id, expires_at) VALUES
    (#21, 1, #31, 'a', '1', '1', '', 'standard', 'sold', 2, 1, #51, NULL),
    (#21, 2, #31, 'b', '1', '2', '', 'standard', 'available', 3, 1, NULL, NULL),
    (#21, 3, #31, 'c', '1', '3', '', 'standard', 'held', 2, 1, #52, 4102444800000);
INSERT INTO buyers (event_id, buyer_id, kind, locale, touched_at) VALUES (#21, #11, 'user', 'en', 1),
    (#21, #61, 'guest', 'fr', 2);
INSERT INTO reservations (id, event_id, organization_id, buyer_id, buyer_kind, status, persons, max_per_user,
    total_minor, currency, created_at, expires_at, cap_at, version) VALUES
    (#51, #21, #1, #11, 'user', 'confirmed', 2, 6, 9000, 'EUR', 1, 600000, 1800000, 3),
    (#52, #21, #1, #61, 'guest', 'active', 1, 6, 4500, 'EUR', 1, 4102444800000, 4102444800000, 1);
INSERT INTO reservation_items (event_id, reservation_id, id, kind, seat_id, section_id, offer_id, label, quantity,
    admits, price_minor, fence, state, expires_at) VALUES
    (#21, #51, #71, 'seat', 1, #31, #41, 'A · 1 · 1', 1, 1, 4500, 1, 'sold', 600000),
    (#21, #51, #72, 'seat', 2, #31, #41, 'A · 1 · 2', 1, 1, 4500, 1, 'released', 600000),
    (#21, #52, #73, 'seat', 3, #31, #41, 'A · 1 · 3', 1, 1, 4500, 1, 'held', 4102444800000);
INSERT INTO bookings (id, reference, organization_id, buyer_id, buyer_kind, email, locale, status, failure, currency,
    total_minor, discount_minor, refunded_minor, created_at, settled_at, version) VALUES
    (#81, 'HF-AAAAAAAA', #1, #11, 'user', 'ada@example.org', 'en', 'confirmed', NULL, 'EUR', 9000, 0, 4500, 1, 2, 5),
    (#82, 'HF-BBBBBBBB', #1, #61, 'guest', NULL, 'fr', 'failed', 'declined', 'EUR', 4500, 0, 0, 1, 2, 2);
INSERT INTO booking_lines (booking_id, id, event_id, organization_id, reservation_id, item_id, kind, seat_id,
    section_id, offer_id, label, quantity, admits, price_minor, discount_minor, fee_minor, tax_rate_bp, tax_minor,
    refunded_minor, refunding_minor, refundable, cancelled_at) VALUES
    (#81, #91, #21, #1, #51, #71, 'seat', 1, #31, #41, 'A · 1 · 1', 1, 1, 4500, 0, 0, 0, 0, 0, 1000, 1, NULL),
    (#81, #92, #21, #1, #51, #72, 'seat', 2, #31, #41, 'A · 1 · 2', 1, 1, 4500, 0, 0, 0, 0, 4500, 0, 1, 9),
    (#82, #93, #21, #1, #52, #73, 'seat', 3, #31, #41, 'A · 1 · 3', 1, 1, 4500, 0, 0, 0, 0, 0, 0, 1, NULL);
INSERT INTO booking_reservations (booking_id, reservation_id, live) VALUES (#81, #51, 0), (#82, #52, 0);
INSERT INTO sagas (id, kind, subject_id, format, status, state, reason, due_at, lease_until, fence, version,
    created_at, updated_at) VALUES
    (#101, 'checkout', #81, 2, 'done', '{}', NULL, 1, 0, 3, 9, 1, 2),
    (#102, 'checkout', #82, 2, 'undone', '{}', NULL, 1, 0, 3, 9, 1, 2),
    (#111, 'refund', #111, 2, 'done', '{}', NULL, 1, 0, 3, 9, 1, 2),
    (#112, 'refund', #112, 2, 'needs_attention', '{}', 'refund-failed', 1, 0, 3, 9, 1, 2);
INSERT INTO payments (id, booking_id, saga_id, provider, intent_id, amount_minor, currency, captured_minor,
    refunded_minor, status, created_at, updated_at) VALUES
    (#121, #81, #101, 'stripe', 'pi_1', 9000, 'EUR', 9000, 4500, 'captured', 1, 2),
    (#122, #82, #102, 'stripe', NULL, 4500, 'EUR', 0, 0, 'declined', 1, 2);
INSERT INTO refunds (id, booking_id, payment_id, organization_id, reason, asked_by, amount_minor, currency, status,
    gateway_refund_id, created_at, settled_at, look_at) VALUES
    (#111, #81, #121, #1, 'buyer', #11, 4500, 'EUR', 'done', 're_1', 1, 2, 4102444800000),
    (#112, #81, #121, #1, 'goodwill', NULL, 1000, 'EUR', 'pending', NULL, 3, NULL, NULL);
INSERT INTO refund_lines (refund_id, line_id, booking_id, amount_minor, cancels) VALUES
    (#111, #92, #81, 4500, 1), (#112, #91, #81, 1000, 0);
INSERT INTO ledger_entries (id, posting_id, booking_id, organization_id, account, amount_minor, currency, kind,
    created_at) VALUES
    (#131, #130, #81, #1, 'captured', 9000, 'EUR', 'capture', 1),
    (#132, #130, #81, #1, 'organization', -9000, 'EUR', 'capture', 1),
    (#134, #133, #81, #1, 'refunded', -4500, 'EUR', 'refund', 2),
    (#135, #133, #81, #1, 'organization', 4500, 'EUR', 'refund', 2);
INSERT INTO tickets (id, event_id, booking_id, line_id, buyer_id, ordinal, seat_id, section_id, label, admits, status,
    issued_at) VALUES
    (#141, #21, #81, #91, #11, 1, 1, #31, 'A · 1 · 1', 1, 'valid', 2),
    (#142, #21, #81, #92, #11, 1, 2, #31, 'A · 1 · 2', 1, 'refunded', 2);
INSERT INTO audit (id, at, actor_id, actor_role, action, subject_kind, subject_id, detail) VALUES
    (#151, 1, #11, 'organizer', 'event.create', 'event', #21, 'null'),
    (#152, 2, #11, 'admin', 'saga.retry', 'saga', #112, '{"attempt": 2}');
