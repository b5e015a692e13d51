-- The append: one statement under one advisory lock. It means exactly what apply*.go
-- means on SQLite; storetest holds them to it. An op that is refused returns its code
-- and has written nothing.

-- chatd_lock admits one writer of the log at a time, until its transaction has ended.
CREATE FUNCTION chatd_lock() RETURNS void LANGUAGE sql AS $fn$
    SELECT pg_advisory_xact_lock(1667785060, 0);
$fn$;

-- chatd_seen is the column hidden of a message that viewer sees: 0, or 2 where nobody
-- else does; null: they don't.
CREATE FUNCTION chatd_seen(p_room text, p_id text, p_viewer text) RETURNS smallint LANGUAGE sql STABLE AS $fn$
    SELECT m.hidden FROM messages m WHERE m.id = p_id AND m.room = p_room
        AND (m.hidden = 0 OR m.hidden = 2 AND m.author_id = p_viewer);
$fn$;

-- chatd_number stores an event, and the room with its first one. It is for everybody, or
-- for one user only.
CREATE FUNCTION chatd_number(o jsonb, p_kind text, p_message text, p_detail text, p_only text) RETURNS jsonb
LANGUAGE plpgsql AS $fn$
DECLARE
    v_step bigint := (o->>'step')::bigint;
    v_seq  bigint;
    v_pos  bigint;
    v_inc  bigint;
BEGIN
    UPDATE counters SET pos = pos + 1 WHERE shard = 0 RETURNING pos INTO v_pos;
    INSERT INTO rooms AS r (id, incarnation, seq, shown, floor, settings, created_at)
        VALUES (o->>'room', coalesce((SELECT incarnation + 1 FROM removed_rooms WHERE id = o->>'room'), 0), v_step,
            CASE WHEN p_only = '' THEN v_step ELSE 0 END, 0, '{}', (o->>'at')::bigint)
        ON CONFLICT (id) DO UPDATE SET seq = r.seq + excluded.seq,
            shown = CASE WHEN p_only = '' THEN r.seq + excluded.seq ELSE r.shown END
        RETURNING r.seq, r.incarnation INTO v_seq, v_inc;
    INSERT INTO events (room, seq, pos, at, by_id, kind, message, detail, only_id)
        VALUES (o->>'room', v_seq, v_pos, (o->>'at')::bigint, o->>'by', p_kind, p_message, p_detail, p_only);
    RETURN jsonb_build_object('seq', v_seq, 'pos', v_pos, 'inc', v_inc)
        || CASE WHEN p_only = '' THEN '{}' ELSE jsonb_build_object('only', p_only) END;
END;
$fn$;

-- chatd_written finds what was stored with the nonce of o before, and otherwise looks at
-- what o answers. It returns null, or what o comes to.
CREATE FUNCTION chatd_written(o jsonb, c jsonb) RETURNS jsonb LANGUAGE plpgsql AS $fn$
DECLARE
    r jsonb;
BEGIN
    IF o ? 'nonce' THEN
        SELECT jsonb_build_object('dup', true, 'id', n.message, 'seq', n.seq, 'at', n.at, 'inc', coalesce(m.incarnation, 0))
            INTO r FROM nonces n LEFT JOIN rooms m ON m.id = n.room
            WHERE n.room = o->>'room' AND n.author = o->>'author' AND n.nonce = o->>'nonce'
            AND n.at > (c->>'nonces_after')::bigint;
        IF FOUND THEN
            RETURN r;
        END IF;
    END IF;
    IF o ? 'reply' AND chatd_seen(o->>'room', o->>'reply', o->>'author') IS NULL THEN
        RETURN jsonb_build_object('code', 'reply_not_found');
    END IF;
    RETURN NULL;
END;
$fn$;

-- chatd_reply is what o answers, as it may be told: what others don't know of isn't quoted to them.
CREATE FUNCTION chatd_reply(o jsonb) RETURNS text LANGUAGE sql STABLE AS $fn$
    SELECT CASE WHEN NOT o ? 'reply' THEN ''
        WHEN NOT o ? 'shadow' AND chatd_seen(o->>'room', o->>'reply', o->>'author') = 2 THEN ''
        ELSE o->>'reply' END;
$fn$;

CREATE FUNCTION chatd_keep_nonce(o jsonb, c jsonb, p_seq bigint) RETURNS void LANGUAGE sql AS $fn$
    INSERT INTO nonces (room, author, nonce, message, seq, at)
        SELECT o->>'room', o->>'author', o->>'nonce', o->>'id', p_seq, (c->>'now')::bigint WHERE o ? 'nonce'
        ON CONFLICT (room, author, nonce)
        DO UPDATE SET message = excluded.message, seq = excluded.seq, at = excluded.at;
$fn$;

CREATE FUNCTION chatd_post(o jsonb, c jsonb) RETURNS jsonb LANGUAGE plpgsql AS $fn$
DECLARE
    v_shadow smallint := CASE WHEN o ? 'shadow' THEN 1 ELSE 0 END;
    v_reply  text;
    r        jsonb := chatd_written(o, c);
BEGIN
    IF r IS NOT NULL THEN
        RETURN r;
    END IF;
    v_reply := chatd_reply(o);
    r := chatd_number(o, 'message', o->>'id', '', CASE WHEN v_shadow = 1 THEN o->>'author' ELSE '' END);
    INSERT INTO messages
        (id, room, seq, author_id, author_name, author_role, text, mentions, reply_to, at, edited_at, shadow, hidden)
        VALUES (o->>'id', o->>'room', (r->>'seq')::bigint, o->>'author', coalesce(o->>'name', ''),
            coalesce(o->>'role', ''), coalesce(o->>'text', ''), coalesce(o->>'mentions', ''),
            v_reply, (o->>'posted')::bigint, 0, v_shadow, 2 * v_shadow);
    PERFORM chatd_keep_nonce(o, c, (r->>'seq')::bigint);
    RETURN r;
END;
$fn$;

-- chatd_hold keeps a message outside of the log.
CREATE FUNCTION chatd_hold(o jsonb, c jsonb) RETURNS jsonb LANGUAGE plpgsql AS $fn$
DECLARE
    r jsonb := chatd_written(o, c);
BEGIN
    IF r IS NOT NULL THEN
        RETURN r;
    END IF;
    INSERT INTO held
        (id, room, author_id, author_name, author_role, text, mentions, reply_to, posted_at, why, sanction)
        VALUES (o->>'id', o->>'room', o->>'author', coalesce(o->>'name', ''), coalesce(o->>'role', ''),
            coalesce(o->>'text', ''), coalesce(o->>'mentions', ''), chatd_reply(o), (o->>'posted')::bigint,
            coalesce(o->>'why', ''), coalesce(o->>'sanction', ''));
    PERFORM chatd_keep_nonce(o, c, 0);
    RETURN jsonb_build_object('id', o->>'id');
END;
$fn$;

CREATE FUNCTION chatd_edit(o jsonb) RETURNS jsonb LANGUAGE plpgsql AS $fn$
DECLARE
    v_seen   smallint := chatd_seen(o->>'room', o->>'id', o->>'author');
    v_author text;
    v_at     bigint;
    r        jsonb;
BEGIN
    IF v_seen IS NULL THEN
        RETURN jsonb_build_object('code', 'message_not_found');
    END IF;
    SELECT author_id, at INTO v_author, v_at FROM messages WHERE id = o->>'id';
    IF v_author <> o->>'author' THEN
        RETURN jsonb_build_object('code', 'not_your_message');
    ELSIF o ? 'not_before' AND v_at < (o->>'not_before')::bigint THEN
        RETURN jsonb_build_object('code', 'edit_too_late');
    ELSIF o ? 'shadow' AND v_seen = 0 THEN -- kept apart, for its author alone
        r := chatd_number(o, 'edited', o->>'id', '', o->>'author');
        INSERT INTO shadow_edits (message, text, mentions, at)
            VALUES (o->>'id', coalesce(o->>'text', ''), coalesce(o->>'mentions', ''), (o->>'at')::bigint)
            ON CONFLICT (message) DO UPDATE SET text = excluded.text, mentions = excluded.mentions, at = excluded.at;
        RETURN r;
    END IF;
    r := chatd_number(o, 'edited', o->>'id', '', CASE WHEN v_seen = 2 THEN o->>'author' ELSE '' END);
    INSERT INTO edits (message, seq, text, mentions, until_at)
        SELECT id, (r->>'seq')::bigint, text, mentions, (o->>'at')::bigint FROM messages WHERE id = o->>'id';
    UPDATE messages SET text = coalesce(o->>'text', ''), mentions = coalesce(o->>'mentions', ''),
        edited_at = (o->>'at')::bigint WHERE id = o->>'id';
    DELETE FROM shadow_edits WHERE message = o->>'id';
    RETURN r;
END;
$fn$;

-- chatd_deleted numbers the event about messages that are gone, where there are any.
CREATE FUNCTION chatd_deleted(o jsonb, p_ids jsonb, p_only text) RETURNS jsonb LANGUAGE sql AS $fn$
    SELECT CASE WHEN p_ids IS NULL THEN '{}'
        ELSE chatd_number(o, 'deleted', '', jsonb_build_object('ids', p_ids)::text, p_only) || jsonb_build_object('ids', p_ids) END;
$fn$;

-- chatd_hide is an author's deletion of their own messages. Of those that they alone saw
-- only they are told, by an event of its own.
CREATE FUNCTION chatd_hide(o jsonb) RETURNS jsonb LANGUAGE plpgsql AS $fn$
DECLARE
    v_ids    text[];
    v_shown  jsonb;
    v_alone  jsonb;
    v_known  bigint;
    v_others bigint;
    r        jsonb;
BEGIN
    SELECT coalesce(array_agg(value), '{}') INTO v_ids FROM jsonb_array_elements_text(o->'ids');
    SELECT count(*), count(*) FILTER (WHERE author_id <> o->>'author')
        INTO v_known, v_others FROM messages WHERE id = ANY (v_ids) AND room = o->>'room'
        AND (shadow = 0 OR author_id = o->>'author');
    IF v_known < cardinality(v_ids) THEN
        RETURN jsonb_build_object('code', 'message_not_found');
    ELSIF v_others > 0 THEN
        RETURN jsonb_build_object('code', 'not_your_message');
    END IF;
    SELECT jsonb_agg(i.value ORDER BY i.ordinality) FILTER (WHERE m.hidden = 0),
        jsonb_agg(i.value ORDER BY i.ordinality) FILTER (WHERE m.hidden = 2) INTO v_shown, v_alone
        FROM jsonb_array_elements_text(o->'ids') WITH ORDINALITY i JOIN messages m ON m.id = i.value;
    INSERT INTO message_hides (message, act, own, by_id, at)
        SELECT id, o->>'act', true, o->>'by', (o->>'at')::bigint FROM unnest(v_ids) id
        ON CONFLICT (message, act) DO NOTHING;
    DELETE FROM pins WHERE message = ANY (v_ids);
    UPDATE messages SET hidden = 1 WHERE id = ANY (v_ids) AND hidden <> 1;
    r := chatd_deleted(o, v_shown, '');
    IF v_alone IS NULL THEN
        RETURN r;
    ELSIF v_shown IS NULL THEN
        RETURN chatd_deleted(o, v_alone, o->>'author');
    END IF;
    o := o || jsonb_build_object('step', o->'step2');
    RETURN r || jsonb_build_object('also', chatd_deleted(o, v_alone, o->>'author'));
END;
$fn$;

-- chatd_reacted numbers a change of what a message's totals are to all, or to one user;
-- once in a batch.
CREATE FUNCTION chatd_reacted(o jsonb, c jsonb, p_only text) RETURNS jsonb LANGUAGE plpgsql AS $fn$
DECLARE
    r jsonb;
BEGIN
    SELECT jsonb_build_object('seq', seq, 'pos', pos, 'again', true, 'only', p_only) INTO r FROM events
        WHERE pos > (c->>'pos')::bigint AND kind = 'reaction' AND message = o->>'id' AND only_id = p_only;
    IF FOUND THEN
        RETURN r;
    END IF;
    RETURN chatd_number(o, 'reaction', o->>'id', '', p_only);
END;
$fn$;

-- chatd_react moves a reaction between the states of the table reactions; -1: no row.
CREATE FUNCTION chatd_react(o jsonb, c jsonb) RETURNS jsonb LANGUAGE plpgsql AS $fn$
DECLARE
    v_seen   smallint := chatd_seen(o->>'room', o->>'id', o->>'by');
    v_shadow boolean := o ? 'shadow' OR v_seen = 2;
    v_was    smallint;
    v_now    smallint;
    v_kinds  bigint;
    v_known  boolean;
BEGIN
    IF v_seen IS NULL THEN
        RETURN jsonb_build_object('code', 'message_not_found');
    END IF;
    v_was := coalesce((SELECT shadow FROM reactions
        WHERE message = o->>'id' AND emoji = o->>'emoji' AND user_id = o->>'by'), -1);
    v_now := CASE WHEN o ? 'on' AND (NOT v_shadow OR v_was IN (0, 2)) THEN 0
        WHEN o ? 'on' THEN 1 WHEN v_shadow AND v_was IN (0, 2) THEN 2 ELSE -1 END;
    IF v_now = v_was THEN
        RETURN '{}';
    END IF;
    SELECT count(*), coalesce(bool_or(emoji = o->>'emoji'), false) INTO v_kinds, v_known
        FROM reaction_totals WHERE message = o->>'id';
    IF o ? 'on' AND NOT v_known AND o ? 'max' AND v_kinds + (SELECT count(*) FROM reactions r
        WHERE r.message = o->>'id' AND r.user_id = o->>'by' AND r.shadow <> 0 AND r.shadow = 1 AND NOT EXISTS
        (SELECT 1 FROM reaction_totals t WHERE t.message = r.message AND t.emoji = r.emoji)) >= (o->>'max')::bigint THEN
        RETURN jsonb_build_object('code', 'too_many_reactions');
    END IF;
    DELETE FROM reactions WHERE message = o->>'id' AND emoji = o->>'emoji' AND user_id = o->>'by';
    INSERT INTO reactions (message, emoji, user_id, shadow)
        SELECT o->>'id', o->>'emoji', o->>'by', v_now WHERE v_now >= 0;
    IF (v_was IN (0, 2)) = (v_now IN (0, 2)) THEN
        RETURN chatd_reacted(o, c, o->>'by');
    ELSIF v_now IN (0, 2) THEN
        INSERT INTO reaction_totals AS t (message, emoji, total, place)
            SELECT o->>'id', o->>'emoji', 1, coalesce(max(place), 0) + 1 FROM reaction_totals WHERE message = o->>'id'
            ON CONFLICT (message, emoji) DO UPDATE SET total = t.total + 1;
    ELSE
        UPDATE reaction_totals SET total = total - 1 WHERE message = o->>'id' AND emoji = o->>'emoji';
        DELETE FROM reaction_totals WHERE message = o->>'id' AND emoji = o->>'emoji' AND total = 0;
    END IF;
    RETURN chatd_reacted(o, c, '');
END;
$fn$;

-- chatd_over reports whether the room of o was removed: it is being deleted, or o was
-- admitted to one that is no more.
CREATE FUNCTION chatd_over(o jsonb) RETURNS boolean LANGUAGE sql STABLE AS $fn$
    SELECT EXISTS (SELECT 1 FROM rooms WHERE id = o->>'room' AND removed_at > 0)
        OR o ? 'life' AND EXISTS (SELECT 1 FROM removed_rooms
            WHERE id = o->>'room' AND incarnation + 1 >= (o->>'life')::bigint);
$fn$;

-- chatd_op does one op of a batch, or of a deed.
CREATE FUNCTION chatd_op(o jsonb, c jsonb) RETURNS jsonb LANGUAGE plpgsql AS $fn$
BEGIN
    IF chatd_over(o) THEN
        RETURN jsonb_build_object('code', 'room_unknown');
    END IF;
    RETURN CASE o->>'op'
        WHEN 'post' THEN chatd_post(o, c)
        WHEN 'hold' THEN chatd_hold(o, c)
        WHEN 'edit' THEN chatd_edit(o)
        WHEN 'hide' THEN chatd_hide(o)
        WHEN 'react' THEN chatd_react(o, c)
        WHEN 'event' THEN chatd_number(o, o->>'kind', coalesce(o->>'id', ''), coalesce(o->>'detail', ''), coalesce(o->>'only', ''))
    END;
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

-- chatd_begin takes the lock for a batch or a deed and returns the generation, and the
-- pos before it.
CREATE FUNCTION chatd_begin(c jsonb) RETURNS jsonb LANGUAGE plpgsql AS $fn$
DECLARE
    v_gen text;
BEGIN
    PERFORM chatd_lock();
    IF EXISTS (SELECT 1 FROM batches WHERE writer = c->>'writer' AND n >= (c->>'n')::bigint) THEN
        RAISE EXCEPTION 'batch % of % is void', c->>'n', c->>'writer'; -- by chatd_resolve
    END IF;
    v_gen := chatd_generation(c->>'batch');
    RETURN jsonb_build_object('generation', v_gen, 'pos', (SELECT pos FROM counters WHERE shard = 0));
END;
$fn$;

-- chatd_end notes what a batch or a deed came to.
CREATE FUNCTION chatd_end(c jsonb, p_outcome text) RETURNS void LANGUAGE sql AS $fn$
    INSERT INTO batches (writer, n, outcome, at)
        VALUES (c->>'writer', (c->>'n')::bigint, p_outcome, (c->>'now')::bigint)
        ON CONFLICT (writer) DO UPDATE SET n = excluded.n, outcome = excluded.outcome, at = excluded.at;
$fn$;

CREATE FUNCTION chatd_append(c jsonb, ops jsonb) RETURNS text LANGUAGE plpgsql AS $fn$
DECLARE
    o         jsonb;
    v_results jsonb[] := '{}';
    v_outcome text;
BEGIN
    c := c || chatd_begin(c);
    FOR o IN SELECT value FROM jsonb_array_elements(ops) LOOP
        v_results := v_results || chatd_op(o, c);
    END LOOP;
    v_outcome := jsonb_build_object('generation', c->>'generation', 'results', to_jsonb(v_results))::text;
    PERFORM chatd_end(c, v_outcome);
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
    DELETE FROM messages WHERE room = p_room AND hidden IN (0, 1, 2) AND seq <= p_floor;
END;
$fn$;
