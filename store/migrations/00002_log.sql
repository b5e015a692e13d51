-- +goose Up
-- The log and the present state that its events change. Times are Unix milliseconds;
-- the types are those that SQLite and PostgreSQL both take. The tables that every message
-- adds to, and indexes, that the two lay out differently, stand in their own folders.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE counters (
    shard BIGINT PRIMARY KEY,
    pos   BIGINT NOT NULL
);

INSERT INTO counters (shard, pos) VALUES (0, 0);

CREATE TABLE rooms (
    id          TEXT PRIMARY KEY,
    incarnation BIGINT NOT NULL,
    seq         BIGINT NOT NULL,
    shown       BIGINT NOT NULL, -- seq of the last event that everybody may know of
    floor       BIGINT NOT NULL,
    version     BIGINT NOT NULL DEFAULT 1, -- of settings and archive
    settings    TEXT   NOT NULL, -- JSON, only what was set
    archived_at BIGINT NOT NULL DEFAULT 0, -- 0: it isn't
    removed_at  BIGINT NOT NULL DEFAULT 0, -- it is unknown since then, and what it holds is being deleted; 0: it isn't
    created_at  BIGINT NOT NULL
);

CREATE INDEX rooms_removed ON rooms (id) WHERE removed_at > 0;

-- Rooms that were deleted: made again, they get the next incarnation. What was admitted to this one or an earlier one is refused.
CREATE TABLE removed_rooms (
    id          TEXT PRIMARY KEY,
    incarnation BIGINT NOT NULL
);

CREATE TABLE messages (
    id          TEXT PRIMARY KEY,
    room        TEXT   NOT NULL,
    seq         BIGINT NOT NULL,
    author_id   TEXT   NOT NULL,
    author_name TEXT   NOT NULL,
    author_role TEXT   NOT NULL,
    text        TEXT   NOT NULL,
    mentions    TEXT   NOT NULL, -- JSON, or empty
    reply_to    TEXT   NOT NULL, -- id, or empty
    at          BIGINT NOT NULL,
    edited_at   BIGINT NOT NULL, -- 0: never
    shadow      SMALLINT NOT NULL DEFAULT 0, -- 1: its author alone may see it, ever
    hidden      SMALLINT NOT NULL DEFAULT 0  -- 1: an act hides it; else 2 where shadow is 1
);

-- A message is hidden while a row here names it that no act has ended; messages.hidden
-- says so as well.
CREATE TABLE message_hides (
    message  TEXT    NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    act      TEXT    NOT NULL,
    own      BOOLEAN NOT NULL, -- the author's own deletion
    by_id    TEXT    NOT NULL,
    at       BIGINT  NOT NULL,
    ended_by TEXT    NOT NULL DEFAULT '', -- the act that ended it; empty: it stands
    reopened TEXT    NOT NULL DEFAULT '', -- the last act that had it stand again; empty: none did
    PRIMARY KEY (message, act)
);

CREATE INDEX message_hides_act ON message_hides (act);
CREATE INDEX message_hides_ended ON message_hides (ended_by) WHERE ended_by <> '';
CREATE INDEX message_hides_reopened ON message_hides (reopened) WHERE reopened <> '';

-- What messages said before they were edited.
CREATE TABLE edits (
    message  TEXT   NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    seq      BIGINT NOT NULL, -- of the event that replaced it
    text     TEXT   NOT NULL,
    mentions TEXT   NOT NULL,
    until_at BIGINT NOT NULL,
    PRIMARY KEY (message, seq)
);

-- What messages say to their authors alone, who edited them under a shadow.
CREATE TABLE shadow_edits (
    message  TEXT PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    text     TEXT   NOT NULL,
    mentions TEXT   NOT NULL,
    at       BIGINT NOT NULL
);

CREATE TABLE reactions (
    message TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    emoji   TEXT NOT NULL,
    user_id TEXT NOT NULL,
    -- 0: everybody sees it; 1: its user alone does; 2: everybody but its user, who took it back under a shadow
    shadow  SMALLINT NOT NULL DEFAULT 0,
    PRIMARY KEY (message, emoji, user_id)
);

CREATE INDEX reactions_shadow ON reactions (message, user_id) WHERE shadow <> 0;

-- What everybody may know of.
CREATE TABLE reaction_totals (
    message TEXT   NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    emoji   TEXT   NOT NULL,
    total   BIGINT NOT NULL,
    place   BIGINT NOT NULL, -- rises in the order in which the emoji first appeared
    PRIMARY KEY (message, emoji)
);

CREATE TABLE pins (
    message TEXT PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    room    TEXT   NOT NULL,
    seq     BIGINT NOT NULL -- of the event that pinned it
);

CREATE INDEX pins_room ON pins (room, seq);

-- Messages that wait, or waited, for a moderator, under the id that they have when posted.
CREATE TABLE held (
    id          TEXT COLLATE "binary" PRIMARY KEY,
    room        TEXT   NOT NULL,
    author_id   TEXT   NOT NULL,
    author_name TEXT   NOT NULL,
    author_role TEXT   NOT NULL,
    text        TEXT   NOT NULL,
    mentions    TEXT   NOT NULL,
    reply_to    TEXT   NOT NULL,
    posted_at   BIGINT NOT NULL,
    why         TEXT   NOT NULL,
    sanction    TEXT   NOT NULL,
    state       TEXT   NOT NULL DEFAULT 'pending',
    code        TEXT   NOT NULL DEFAULT '', -- of a refusal
    by_id       TEXT   NOT NULL DEFAULT '', -- who decided
    decided_at  BIGINT NOT NULL DEFAULT 0,  -- 0: it waits
    act         TEXT   NOT NULL DEFAULT ''
);

CREATE INDEX held_author ON held (author_id, room, id);
CREATE INDEX held_room ON held (room, id);
CREATE INDEX held_pending ON held (id) WHERE state = 'pending';
CREATE INDEX held_waiting ON held (posted_at) WHERE state = 'pending';
CREATE INDEX held_decided ON held (decided_at) WHERE decided_at > 0;

-- What staff, keys, moderators and rules did. Their pos is one with that of the events.
CREATE TABLE acts (
    id        TEXT PRIMARY KEY,
    pos       BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    by_id     TEXT   NOT NULL,
    via       TEXT   NOT NULL,
    kind      TEXT   NOT NULL,
    reason    TEXT   NOT NULL,
    effects   TEXT   NOT NULL, -- JSON: ids, numbers and settings; no names, no texts
    undoes    TEXT   NOT NULL,
    undone_by TEXT   NOT NULL DEFAULT ''
);

CREATE UNIQUE INDEX acts_pos ON acts (pos);
CREATE INDEX acts_by ON acts (by_id, pos);
CREATE INDEX acts_kind ON acts (kind, pos);

CREATE TABLE act_rooms (
    act  TEXT   NOT NULL REFERENCES acts (id) ON DELETE CASCADE,
    room TEXT   NOT NULL,
    pos  BIGINT NOT NULL, -- of the act
    PRIMARY KEY (act, room)
);

CREATE INDEX act_rooms_room ON act_rooms (room, pos);

-- Whom an act hit, apart from its record, which outlives them.
CREATE TABLE act_subjects (
    act     TEXT   NOT NULL REFERENCES acts (id) ON DELETE CASCADE,
    user_id TEXT   NOT NULL,
    pos     BIGINT NOT NULL,
    PRIMARY KEY (act, user_id)
);

CREATE INDEX act_subjects_user ON act_subjects (user_id, pos);

-- Answers to requests that may be repeated, written with what the request did.
CREATE TABLE kept (
    caller      TEXT   NOT NULL,
    name        TEXT   NOT NULL, -- the request's key
    fingerprint BYTEA  NOT NULL,
    status      BIGINT NOT NULL,
    body        BYTEA  NOT NULL,
    act         TEXT   NOT NULL,
    etag        TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    PRIMARY KEY (caller, name)
);

CREATE INDEX kept_at ON kept (at);

CREATE TABLE cursors (
    name  TEXT   NOT NULL,
    shard BIGINT NOT NULL,
    pos   BIGINT NOT NULL,
    PRIMARY KEY (name, shard)
);

INSERT INTO cursors (name, shard, pos) VALUES ('search', 0, 0);
