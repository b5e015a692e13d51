-- The append: one statement under one advisory lock. It means exactly what apply*.go
-- means on SQLite; storetest holds them to it. An op that is refused returns its code
-- and has written nothing.

-- chatd_lock admits one writer of the log at a time, until its transaction has ended.
CREATE FUNCTION chatd_lock() RETURNS void LANGUAGE sql AS $fn$
    SELECT pg_advisory_xact_lock(1667785060, 0);
$fn$;

CREATE FUNCTION chatd_visible(p_room text, p_id text) RETURNS boolean LANGUAGE sql STABLE AS $fn$
    SELECT EXISTS (SELECT 1 FROM messages m WHERE m.id = p_id AND m.room = p_room AND m.hidden = 0);
$fn$;

-- chatd_number stores an event, and the room with its first one.
CREATE FUNCTION chatd_number(o jsonb, p_kind text, p_message text, p_detail text) RETURNS jsonb
LANGUAGE plpgsql AS $fn$
DECLARE
    v_seq bigint;
    v_pos bigint;
    v_inc bigint;
BEGIN
    UPDATE counters SET pos = pos + 1 WHERE shard = 0 RETURNING pos INTO v_pos;
    INSERT INTO rooms AS r (id, incarnation, seq, floor, settings, created_at)
        VALUES (o->>'room', 0, (o->>'step')::bigint, 0, '{}', (o->>'at')::bigint)
        ON CONFLICT (id) DO UPDATE SET seq = r.seq + excluded.seq
        RETURNING r.seq, r.incarnation INTO v_seq, v_inc;
    INSERT INTO events (room, seq, pos, at, by_id, kind, message, detail)
        VALUES (o->>'room', v_seq, v_pos, (o->>'at')::bigint, o->>'by', p_kind, p_message, p_detail);
    RETURN jsonb_build_object('seq', v_seq, 'pos', v_pos, 'inc', v_inc);
END;
$fn$;

CREATE FUNCTION chatd_post(o jsonb, c jsonb) RETURNS jsonb LANGUAGE plpgsql AS $fn$
DECLARE
    r jsonb;
BEGIN
    IF o ? 'nonce' THEN
        SELECT jsonb_build_object('dup', true, 'id', n.message, 'seq', n.seq, 'at', n.at, 'inc', m.incarnation) INTO r
            FROM nonces n JOIN rooms m ON m.id = n.room
            WHERE n.room = o->>'room' AND n.author = o->>'author' AND n.nonce = o->>'nonce'
            AND n.at > (c->>'nonces_after')::bigint;
        IF FOUND THEN
            RETURN r;
        END IF;
    END IF;
    IF o ? 'reply' AND NOT chatd_visible(o->>'room', o->>'reply') THEN
        RETURN jsonb_build_object('code', 'reply_not_found');
    END IF;
    r := chatd_number(o, 'message', o->>'id', '');
    INSERT INTO messages (id, room, seq, author_id, author_name, author_role, text, mentions, reply_to, at, edited_at)
        VALUES (o->>'id', o->>'room', (r->>'seq')::bigint, o->>'author', coalesce(o->>'name', ''),
            coalesce(o->>'role', ''), coalesce(o->>'text', ''), coalesce(o->>'mentions', ''),
            coalesce(o->>'reply', ''), (o->>'posted')::bigint, 0);
    IF o ? 'nonce' THEN
        INSERT INTO nonces (room, author, nonce, message, seq, at)
            VALUES (o->>'room', o->>'author', o->>'nonce', o->>'id', (r->>'seq')::bigint, (c->>'now')::bigint)
            ON CONFLICT (room, author, nonce)
            DO UPDATE SET message = excluded.message, seq = excluded.seq, at = excluded.at;
    END IF;
    RETURN r;
END;
$fn$;

CREATE FUNCTION chatd_edit(o jsonb) RETURNS jsonb LANGUAGE plpgsql AS $fn$
DECLARE
    v_author text;
    v_at     bigint;
BEGIN
    IF NOT chatd_visible(o->>'room', o->>'id') THEN
        RETURN jsonb_build_object('code', 'message_not_found');
    END IF;
    SELECT author_id, at INTO v_author, v_at FROM messages WHERE id = o->>'id';
    IF v_author <> o->>'author' THEN
        RETURN jsonb_build_object('code', 'not_your_message');
    ELSIF o ? 'not_before' AND v_at < (o->>'not_before')::bigint THEN
        RETURN jsonb_build_object('code', 'edit_too_late');
    END IF;
    UPDATE messages SET text = coalesce(o->>'text', ''), mentions = coalesce(o->>'mentions', ''),
        edited_at = (o->>'at')::bigint WHERE id = o->>'id';
    RETURN chatd_number(o, 'edited', o->>'id', '');
END;
$fn$;

CREATE FUNCTION chatd_hide(o jsonb) RETURNS jsonb LANGUAGE plpgsql AS $fn$
DECLARE
    v_ids    text[];
    v_shown  jsonb;
    v_known  bigint;
    v_others bigint;
BEGIN
    SELECT coalesce(array_agg(value), '{}') INTO v_ids FROM jsonb_array_elements_text(o->'ids');
    SELECT count(*), count(*) FILTER (WHERE o ? 'author' AND author_id <> o->>'author')
        INTO v_known, v_others FROM messages WHERE id = ANY (v_ids) AND room = o->>'room';
    IF v_known < cardinality(v_ids) THEN
        RETURN jsonb_build_object('code', 'message_not_found');
    ELSIF v_others > 0 THEN
        RETURN jsonb_build_object('code', 'not_your_message');
    END IF;
    SELECT jsonb_agg(i.value ORDER BY i.ordinality) INTO v_shown
        FROM jsonb_array_elements_text(o->'ids') WITH ORDINALITY i JOIN messages m ON m.id = i.value
        WHERE m.hidden = 0;
    INSERT INTO message_hides (message, act, own, by_id, at)
        SELECT id, o->>'act', o ? 'author', o->>'by', (o->>'at')::bigint FROM unnest(v_ids) id
        ON CONFLICT (message, act) DO NOTHING;
    DELETE FROM pins WHERE message = ANY (v_ids);
    UPDATE messages SET hidden = 1 WHERE id = ANY (v_ids) AND hidden = 0;
    IF v_shown IS NULL THEN
        RETURN '{}';
    END IF;
    RETURN chatd_number(o, 'deleted', '', jsonb_build_object('ids', v_shown)::text)
        || jsonb_build_object('ids', v_shown);
END;
$fn$;

CREATE FUNCTION chatd_restore(o jsonb) RETURNS jsonb LANGUAGE plpgsql AS $fn$
DECLARE
    v_hidden text[];
    v_back   jsonb;
BEGIN
    SELECT coalesce(array_agg(m.id), '{}') INTO v_hidden FROM messages m
        WHERE m.room = o->>'room' AND m.id IN (SELECT value FROM jsonb_array_elements_text(o->'ids'))
        AND m.hidden = 1;
    DELETE FROM message_hides WHERE message = ANY (v_hidden) AND NOT own;
    UPDATE messages m SET hidden = 0 WHERE m.id = ANY (v_hidden)
        AND NOT EXISTS (SELECT 1 FROM message_hides h WHERE h.message = m.id);
    SELECT jsonb_agg(m.id ORDER BY m.seq) INTO v_back FROM messages m WHERE m.id = ANY (v_hidden) AND m.hidden = 0;
    IF v_back IS NULL THEN
        RETURN '{}';
    END IF;
    RETURN chatd_number(o, 'restored', '', jsonb_build_object('ids', v_back)::text)
        || jsonb_build_object('ids', v_back);
END;
$fn$;

-- chatd_reacted numbers a change of a message's totals, once in a batch.
CREATE FUNCTION chatd_reacted(o jsonb, c jsonb) RETURNS jsonb LANGUAGE plpgsql AS $fn$
DECLARE
    r jsonb;
BEGIN
    SELECT jsonb_build_object('seq', seq, 'pos', pos, 'again', true) INTO r FROM events
        WHERE pos > (c->>'pos')::bigint AND kind = 'reaction' AND message = o->>'id';
    IF FOUND THEN
        RETURN r;
    END IF;
    RETURN chatd_number(o, 'reaction', o->>'id', '');
END;
$fn$;

CREATE FUNCTION chatd_react(o jsonb, c jsonb) RETURNS jsonb LANGUAGE plpgsql AS $fn$
DECLARE
    v_set   boolean;
    v_kinds bigint;
    v_known boolean;
BEGIN
    IF NOT chatd_visible(o->>'room', o->>'id') THEN
        RETURN jsonb_build_object('code', 'message_not_found');
    END IF;
    v_set := EXISTS (SELECT 1 FROM reactions
        WHERE message = o->>'id' AND emoji = o->>'emoji' AND user_id = o->>'by');
    IF v_set = (o ? 'on') THEN
        RETURN '{}';
    END IF;
    IF v_set THEN
        DELETE FROM reactions WHERE message = o->>'id' AND emoji = o->>'emoji' AND user_id = o->>'by';
        UPDATE reaction_totals SET total = total - 1 WHERE message = o->>'id' AND emoji = o->>'emoji';
        DELETE FROM reaction_totals WHERE message = o->>'id' AND emoji = o->>'emoji' AND total = 0;
        RETURN chatd_reacted(o, c);
    END IF;
    SELECT count(*), coalesce(bool_or(emoji = o->>'emoji'), false) INTO v_kinds, v_known
        FROM reaction_totals WHERE message = o->>'id';
    IF NOT v_known AND o ? 'max' AND v_kinds >= (o->>'max')::bigint THEN
        RETURN jsonb_build_object('code', 'too_many_reactions');
    END IF;
    INSERT INTO reactions (message, emoji, user_id) VALUES (o->>'id', o->>'emoji', o->>'by');
    INSERT INTO reaction_totals AS t (message, emoji, total, place)
        SELECT o->>'id', o->>'emoji', 1, coalesce(max(place), 0) + 1 FROM reaction_totals WHERE message = o->>'id'
        ON CONFLICT (message, emoji) DO UPDATE SET total = t.total + 1;
    RETURN chatd_reacted(o, c);
END;
$fn$;

CREATE FUNCTION chatd_set(o jsonb, c jsonb) RETURNS jsonb LANGUAGE plpgsql AS $fn$
DECLARE
    v_now     jsonb;
    v_changed jsonb;
    v_fields  jsonb;
    r         jsonb;
BEGIN
    SELECT settings::jsonb INTO v_now FROM rooms WHERE id = o->>'room';
    v_now := (c->'defaults') || coalesce(v_now, '{}');
    SELECT jsonb_object_agg(key, value), jsonb_agg(key) INTO v_changed, v_fields
        FROM jsonb_each(o->'patch') WHERE v_now->key IS DISTINCT FROM value;
    IF v_changed IS NULL THEN
        RETURN '{}';
    END IF;
    r := chatd_number(o, 'room', '', jsonb_build_object('fields', v_fields)::text)
        || jsonb_build_object('fields', v_fields);
    UPDATE rooms SET settings = (settings::jsonb || v_changed)::text WHERE id = o->>'room';
    RETURN r;
END;
$fn$;

CREATE FUNCTION chatd_pin(o jsonb) RETURNS jsonb LANGUAGE plpgsql AS $fn$
DECLARE
    v_pinned boolean;
    r        jsonb;
BEGIN
    IF NOT chatd_visible(o->>'room', o->>'id') THEN
        RETURN jsonb_build_object('code', 'message_not_found');
    END IF;
    v_pinned := EXISTS (SELECT 1 FROM pins WHERE message = o->>'id');
    IF v_pinned = (o ? 'on') THEN
        RETURN '{}';
    END IF;
    IF o ? 'on' AND (SELECT count(*) FROM pins WHERE room = o->>'room') >= (o->>'max')::bigint THEN
        RETURN jsonb_build_object('code', 'too_many_pins');
    END IF;
    r := chatd_number(o, 'room', o->>'id', '{"pins":true}');
    IF v_pinned THEN
        DELETE FROM pins WHERE message = o->>'id';
    ELSE
        INSERT INTO pins (message, room, seq) VALUES (o->>'id', o->>'room', (r->>'seq')::bigint);
    END IF;
    RETURN r;
END;
$fn$;

-- chatd_generation is the present generation. On a new timeline what was acknowledged
-- on the old one may be missing, so the batch brings a new generation with it.
CREATE FUNCTION chatd_generation(p_next text) RETURNS text LANGUAGE plpgsql AS $fn$
DECLARE
    v_line text := substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8);
    v_now  text;
BEGIN
    IF v_line IS DISTINCT FROM (SELECT value FROM meta WHERE name = 'timeline') THEN
        INSERT INTO meta (name, value) VALUES ('timeline', v_line), ('generation', p_next)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value;
    END IF;
    SELECT value INTO v_now FROM meta WHERE name = 'generation';
    RETURN v_now;
END;
$fn$;

CREATE FUNCTION chatd_append(c jsonb, ops jsonb) RETURNS text LANGUAGE plpgsql AS $fn$
DECLARE
    o         jsonb;
    v_results jsonb[] := '{}';
    v_outcome text;
    v_gen     text;
BEGIN
    PERFORM chatd_lock();
    IF EXISTS (SELECT 1 FROM batches WHERE writer = c->>'writer' AND n >= (c->>'n')::bigint) THEN
        RAISE EXCEPTION 'batch % of % is void', c->>'n', c->>'writer'; -- by chatd_resolve
    END IF;
    v_gen := chatd_generation(c->>'batch');
    c := c || jsonb_build_object('pos', (SELECT pos FROM counters WHERE shard = 0));
    FOR o IN SELECT value FROM jsonb_array_elements(ops) LOOP
        v_results := v_results || CASE o->>'op'
            WHEN 'post' THEN chatd_post(o, c)
            WHEN 'edit' THEN chatd_edit(o)
            WHEN 'hide' THEN chatd_hide(o)
            WHEN 'restore' THEN chatd_restore(o)
            WHEN 'react' THEN chatd_react(o, c)
            WHEN 'set' THEN chatd_set(o, c)
            WHEN 'pin' THEN chatd_pin(o)
        END;
    END LOOP;
    v_outcome := jsonb_build_object('generation', v_gen, 'results', to_jsonb(v_results))::text;
    INSERT INTO batches (writer, n, outcome, at)
        VALUES (c->>'writer', (c->>'n')::bigint, v_outcome, (c->>'now')::bigint)
        ON CONFLICT (writer) DO UPDATE SET n = excluded.n, outcome = excluded.outcome, at = excluded.at;
    RETURN v_outcome;
END;
$fn$;

-- chatd_resolve tells what became of a batch; of one that hasn't committed by now it
-- makes sure that it never will.
CREATE FUNCTION chatd_resolve(p_writer text, p_n bigint, p_now bigint) RETURNS text LANGUAGE plpgsql AS $fn$
DECLARE
    v_outcome text;
BEGIN
    PERFORM chatd_lock();
    SELECT outcome INTO v_outcome FROM batches WHERE writer = p_writer AND n = p_n;
    IF FOUND THEN
        RETURN v_outcome;
    END IF;
    INSERT INTO batches (writer, n, outcome, at) VALUES (p_writer, p_n, '', p_now)
        ON CONFLICT (writer) DO UPDATE SET n = excluded.n, outcome = excluded.outcome, at = excluded.at;
    RETURN '';
END;
$fn$;

-- chatd_trim raises a room's floor. Under the lock, for an append that has seen a
-- message must still find it when it writes.
CREATE FUNCTION chatd_trim(p_room text, p_floor bigint) RETURNS void LANGUAGE plpgsql AS $fn$
BEGIN
    PERFORM chatd_lock();
    UPDATE rooms SET floor = p_floor WHERE id = p_room AND floor < p_floor;
    DELETE FROM events WHERE room = p_room AND seq <= p_floor;
    DELETE FROM messages WHERE room = p_room AND seq <= p_floor;
END;
$fn$;
