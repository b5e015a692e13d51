-- Tables and indexes that every message adds to. sqlite3/00005_tables.sql has those of SQLite.

CREATE UNIQUE INDEX messages_room_seq ON messages (room, seq);

-- However many hidden messages lie between them, the visible ones are found at once.
CREATE INDEX messages_visible ON messages (room, seq) WHERE hidden = 0;

CREATE INDEX messages_own ON messages (room, author_id, seq) WHERE hidden = 2;

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
    pos     BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    by_id   TEXT   NOT NULL,
    kind    TEXT   NOT NULL,
    message TEXT   NOT NULL, -- id, or empty
    detail  TEXT   NOT NULL, -- JSON: ids and names of settings, or empty
    only_id TEXT   NOT NULL, -- whom alone it is for; empty: everybody
    PRIMARY KEY (room, seq)
);

CREATE UNIQUE INDEX events_pos ON events (pos);

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
);

CREATE INDEX nonces_at ON nonces (at);

-- The words of every message, hidden ones too: only staff search.
CREATE TABLE search_tokens (
    token   TEXT COLLATE "binary" NOT NULL,
    at      BIGINT NOT NULL, -- of the message
    message TEXT   NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    room    TEXT   NOT NULL,
    PRIMARY KEY (token, at, message)
);

CREATE INDEX search_tokens_room ON search_tokens (room, token, at, message);
CREATE INDEX search_tokens_message ON search_tokens (message, token);

-- The last transaction of each committer, written in it: who lost the connection during
-- COMMIT finds its outcome here. An empty outcome: batch n never will commit.
CREATE TABLE batches (
    writer  TEXT PRIMARY KEY,
    n       BIGINT NOT NULL, -- rises
    outcome TEXT   NOT NULL,
    at      BIGINT NOT NULL
);
