-- Tables and indexes that every message adds to; postgres/00004_tables.sql has the same for
-- PostgreSQL. What costs in SQLite are the b-trees, and their pages, that a commit changes:
-- an INTEGER PRIMARY KEY is the row's own number, and a table without rowids is its key.

-- In the order of time, for the search: doc is at * 2^20, and 20 bits of the pos.
DROP TABLE messages;
CREATE TABLE messages (
    doc         INTEGER PRIMARY KEY,
    id          TEXT   NOT NULL UNIQUE,
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

-- However many hidden messages lie between them, the visible ones are found at once. Who
-- wants all asks for each value of hidden.
CREATE INDEX messages_visible ON messages (room, hidden, seq);

CREATE INDEX messages_own ON messages (room, author_id, hidden, seq) WHERE hidden = 2;

-- Messages as staff list them: by time, of all rooms, of a room, of an author.
-- With hidden, so that many hidden ones are passed over without being read.
CREATE INDEX messages_at ON messages (at, id, hidden);
CREATE INDEX messages_room_at ON messages (room, at, id, hidden);
CREATE INDEX messages_author_at ON messages (author_id, at, id, hidden);
CREATE INDEX messages_deleted ON messages (at, id) WHERE hidden = 1;
CREATE INDEX messages_deleted_room ON messages (room, at, id) WHERE hidden = 1;
CREATE INDEX messages_shadow ON messages (at, id) WHERE shadow = 1;
CREATE INDEX messages_shadow_room ON messages (room, at, id) WHERE shadow = 1;
CREATE INDEX messages_edited ON messages (at, id) WHERE edited_at > 0;
CREATE INDEX messages_edited_room ON messages (room, at, id) WHERE edited_at > 0;

CREATE TABLE events (
    room    TEXT   NOT NULL,
    seq     BIGINT NOT NULL,
    pos     INTEGER PRIMARY KEY,
    at      BIGINT NOT NULL,
    by_id   TEXT   NOT NULL,
    kind    TEXT   NOT NULL,
    message TEXT   NOT NULL, -- id, or empty
    detail  TEXT   NOT NULL, -- JSON: ids and names of settings, or empty
    only_id TEXT   NOT NULL, -- whom alone it is for; empty: everybody
    UNIQUE (room, seq)
);

-- What somebody alone may see of a room.
CREATE INDEX events_only ON events (room, only_id, seq) WHERE only_id <> '';

CREATE TABLE nonces (
    room    TEXT   NOT NULL,
    author  TEXT   NOT NULL,
    nonce   TEXT   NOT NULL,
    message TEXT   NOT NULL,
    seq     BIGINT NOT NULL, -- 0: it is, or was, held
    at      BIGINT NOT NULL,
    PRIMARY KEY (room, author, nonce)
) WITHOUT ROWID;

CREATE INDEX nonces_at ON nonces (at);

-- The words of every message, hidden ones too: only staff search. What belongs to a message has its doc.
CREATE VIRTUAL TABLE search USING fts5(words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii');

CREATE TRIGGER search_gone AFTER DELETE ON messages BEGIN
    DELETE FROM search WHERE rowid = old.doc;
END;

-- The last transaction of the committer, written in it: which one, by whom, and how far it got.
ALTER TABLE counters ADD COLUMN writer TEXT NOT NULL DEFAULT '';
ALTER TABLE counters ADD COLUMN n BIGINT NOT NULL DEFAULT 0;
