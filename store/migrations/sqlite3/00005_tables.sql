-- Tables and indexes that every message adds to; postgres/00004_tables.sql has the same for
-- PostgreSQL. What costs in SQLite are the b-trees, and their pages, that a commit changes:
-- an INTEGER PRIMARY KEY is the row's own number, and a table without rowids is its key.

-- However many hidden messages lie between them, the visible ones are found at once. Who
-- wants all asks for each value of hidden.
CREATE INDEX messages_visible ON messages (room, hidden, seq);

CREATE INDEX messages_own ON messages (room, author_id, hidden, seq) WHERE hidden = 2;

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

-- The words of every message, hidden ones too: only staff search.
CREATE TABLE search_tokens (
    token   TEXT COLLATE "binary" NOT NULL,
    at      BIGINT NOT NULL, -- of the message
    message TEXT   NOT NULL,
    room    TEXT   NOT NULL,
    PRIMARY KEY (token, at, message)
) WITHOUT ROWID;

CREATE INDEX search_tokens_room ON search_tokens (room, token, at, message);
CREATE INDEX search_tokens_message ON search_tokens (message, token);

-- A reference would have the message looked up for each of its words.
CREATE TRIGGER search_tokens_gone AFTER DELETE ON messages BEGIN
    DELETE FROM search_tokens WHERE message = old.id;
END;

-- The last transaction of the committer, written in it: which one, by whom, and how far it got.
ALTER TABLE counters ADD COLUMN writer TEXT NOT NULL DEFAULT '';
ALTER TABLE counters ADD COLUMN n BIGINT NOT NULL DEFAULT 0;
