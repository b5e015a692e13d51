-- +goose Up
-- The log and the present state that its events change. Times are Unix milliseconds;
-- the types are those that SQLite and PostgreSQL both take.

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
    floor       BIGINT NOT NULL,
    settings    TEXT   NOT NULL, -- JSON, only what was set
    created_at  BIGINT NOT NULL
);

CREATE TABLE events (
    room    TEXT   NOT NULL,
    seq     BIGINT NOT NULL,
    pos     BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    by_id   TEXT   NOT NULL,
    kind    TEXT   NOT NULL,
    message TEXT   NOT NULL, -- id, or empty
    detail  TEXT   NOT NULL, -- JSON: ids and names of settings, or empty
    PRIMARY KEY (room, seq)
);

CREATE UNIQUE INDEX events_pos ON events (pos);

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
    hidden      SMALLINT NOT NULL DEFAULT 0 -- 1: message_hides names it
);

CREATE UNIQUE INDEX messages_room_seq ON messages (room, seq);

-- However many hidden messages lie between them, the visible ones are found at once.
CREATE INDEX messages_visible ON messages (room, seq) WHERE hidden = 0;

-- A message is visible when no row here names it; messages.hidden says so as well.
CREATE TABLE message_hides (
    message TEXT    NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    act     TEXT    NOT NULL,
    own     BOOLEAN NOT NULL, -- the author's own deletion
    by_id   TEXT    NOT NULL,
    at      BIGINT  NOT NULL,
    PRIMARY KEY (message, act)
);

CREATE TABLE reactions (
    message TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    emoji   TEXT NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (message, emoji, user_id)
);

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

CREATE TABLE nonces (
    room    TEXT   NOT NULL,
    author  TEXT   NOT NULL,
    nonce   TEXT   NOT NULL,
    message TEXT   NOT NULL,
    seq     BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (room, author, nonce)
);

CREATE INDEX nonces_at ON nonces (at);

-- The last transaction of each committer, written in it: who lost the connection during
-- COMMIT finds its outcome here. An empty outcome: batch n never will commit.
CREATE TABLE batches (
    writer  TEXT PRIMARY KEY,
    n       BIGINT NOT NULL, -- rises
    outcome TEXT   NOT NULL,
    at      BIGINT NOT NULL
);

CREATE TABLE cursors (
    name  TEXT   NOT NULL,
    shard BIGINT NOT NULL,
    pos   BIGINT NOT NULL,
    PRIMARY KEY (name, shard)
);

INSERT INTO cursors (name, shard, pos) VALUES ('search', 0, 0);
