-- +goose Up
-- What is remembered besides the log: who has come, what is held against them, who may
-- use the API, and where messages are found. Times are Unix milliseconds; 0 is never,
-- or not yet. Ids that are listed in their order are compared as bytes.

-- Guests and signed-in users alike.
CREATE TABLE users (
    id          TEXT COLLATE "binary" PRIMARY KEY,
    name        TEXT   NOT NULL, -- at the last time
    skeleton    TEXT   NOT NULL,
    role        TEXT   NOT NULL,
    first_at    BIGINT NOT NULL,
    last_at     BIGINT NOT NULL,
    tokens_from BIGINT NOT NULL DEFAULT 0 -- tokens issued before are worthless
);

CREATE INDEX users_skeleton ON users (skeleton, last_at);
CREATE INDEX users_last ON users (last_at);
CREATE INDEX users_tokens ON users (id) WHERE tokens_from > 0;

-- One way in which somebody has come. What is in clear is emptied when it is old.
CREATE TABLE sightings (
    user_id    TEXT COLLATE "binary" NOT NULL,
    alias      TEXT    NOT NULL,
    agent_hash TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    role       TEXT    NOT NULL,
    addr       TEXT    NOT NULL, -- empty: no longer kept
    addr_key   BYTEA,            -- its 16 bytes, so that a prefix is one range
    agent      TEXT    NOT NULL,
    tokenless  BOOLEAN NOT NULL,
    first_at   BIGINT  NOT NULL,
    last_at    BIGINT  NOT NULL,
    PRIMARY KEY (user_id, alias, agent_hash)
);

CREATE INDEX sightings_alias ON sightings (alias, last_at);
CREATE INDEX sightings_addr ON sightings (addr_key) WHERE addr_key IS NOT NULL;
CREATE INDEX sightings_last ON sightings (last_at);
CREATE INDEX sightings_clear ON sightings (last_at) WHERE addr_key IS NOT NULL OR agent <> '';

CREATE TABLE notes (
    id         TEXT PRIMARY KEY,
    user_id    TEXT   NOT NULL,
    text       TEXT   NOT NULL,
    by_id      TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    removed_in TEXT   NOT NULL DEFAULT '', -- the act that took it back
    removed_at BIGINT NOT NULL DEFAULT 0
);

CREATE INDEX notes_user ON notes (user_id, id) WHERE removed_at = 0;
CREATE INDEX notes_removed ON notes (removed_at) WHERE removed_at > 0;

CREATE TABLE read_markers (
    user_id TEXT   NOT NULL,
    room    TEXT   NOT NULL,
    seq     BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (user_id, room)
);

CREATE INDEX read_markers_at ON read_markers (at);
CREATE INDEX read_markers_room ON read_markers (room);

CREATE TABLE sanctions (
    id          TEXT PRIMARY KEY,
    act         TEXT   NOT NULL, -- that made it
    user_id     TEXT   NOT NULL, -- of user_id, prefix and alias one is set
    prefix      TEXT   NOT NULL, -- as netip writes it, masked
    alias       TEXT   NOT NULL,
    only_for    TEXT   NOT NULL, -- empty: everyone
    name        TEXT   NOT NULL,
    rooms       TEXT   NOT NULL, -- empty: all; else a name or a glob
    effect      TEXT   NOT NULL,
    interval_ms BIGINT NOT NULL,
    reason      TEXT   NOT NULL,
    note        TEXT   NOT NULL,
    by_id       TEXT   NOT NULL,
    via         TEXT   NOT NULL,
    rule        TEXT   NOT NULL,
    with_id     TEXT   NOT NULL, -- the sanction that this one accompanies
    evidence    TEXT   NOT NULL, -- JSON: ids of messages, or empty
    at          BIGINT NOT NULL,
    starts      BIGINT NOT NULL,
    expires     BIGINT NOT NULL, -- 0: never
    version     BIGINT NOT NULL,
    lifted_at   BIGINT NOT NULL DEFAULT 0, -- 0: it wasn't
    lifted_by   TEXT   NOT NULL DEFAULT '',
    lifted_in   TEXT   NOT NULL DEFAULT '', -- the act
    trace       TEXT   NOT NULL DEFAULT ''  -- the alias that a prefix is replaced by when it is forgotten; empty: none
);

CREATE INDEX sanctions_standing ON sanctions (id) WHERE lifted_at = 0;
CREATE INDEX sanctions_user ON sanctions (user_id, id) WHERE user_id <> '';
CREATE INDEX sanctions_prefix ON sanctions (prefix, id) WHERE prefix <> '';
CREATE INDEX sanctions_alias ON sanctions (alias, id) WHERE alias <> '';
-- Addresses of sanctions that have ended, until they are forgotten.
CREATE INDEX sanctions_prefix_expired ON sanctions (expires) WHERE prefix <> '' AND expires > 0;
CREATE INDEX sanctions_prefix_lifted ON sanctions (lifted_at) WHERE prefix <> '' AND lifted_at > 0;
CREATE INDEX sanctions_alias_expired ON sanctions (expires) WHERE alias <> '' AND expires > 0;
CREATE INDEX sanctions_alias_lifted ON sanctions (lifted_at) WHERE alias <> '' AND lifted_at > 0;
CREATE INDEX sanctions_by ON sanctions (by_id, id);
CREATE INDEX sanctions_act ON sanctions (act);
CREATE INDEX sanctions_with ON sanctions (with_id) WHERE with_id <> '';

-- Users whom a sanction's target has become.
CREATE TABLE sanction_users (
    sanction TEXT NOT NULL REFERENCES sanctions (id) ON DELETE CASCADE,
    user_id  TEXT NOT NULL,
    act      TEXT NOT NULL, -- that carried it over
    ended_by TEXT NOT NULL DEFAULT '', -- the act that took it off them again; empty: it holds
    PRIMARY KEY (sanction, user_id)
);

CREATE INDEX sanction_users_user ON sanction_users (user_id, sanction);

-- What acts changed in sanctions, so that it can be put back.
CREATE TABLE sanction_changes (
    sanction    TEXT   NOT NULL REFERENCES sanctions (id) ON DELETE CASCADE,
    act         TEXT   NOT NULL,
    reason_was  TEXT   NOT NULL,
    reason      TEXT   NOT NULL,
    note_was    TEXT   NOT NULL,
    note        TEXT   NOT NULL,
    expires_was BIGINT NOT NULL,
    expires     BIGINT NOT NULL,
    PRIMARY KEY (sanction, act)
);

CREATE TABLE lockdowns (
    id          TEXT PRIMARY KEY,
    act         TEXT   NOT NULL,
    room        TEXT   NOT NULL, -- empty: all rooms
    level       TEXT   NOT NULL,
    interval_ms BIGINT NOT NULL,
    by_id       TEXT   NOT NULL,
    reason      TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    until_at    BIGINT NOT NULL,
    lifted_at   BIGINT NOT NULL DEFAULT 0, -- 0: its time ends it
    lifted_by   TEXT   NOT NULL DEFAULT '',
    lifted_in   TEXT   NOT NULL DEFAULT ''  -- the act
);

CREATE INDEX lockdowns_standing ON lockdowns (until_at) WHERE lifted_at = 0;

CREATE TABLE secrets (
    name  TEXT PRIMARY KEY,
    value BYTEA NOT NULL
);

CREATE TABLE staff (
    name          TEXT COLLATE "binary" PRIMARY KEY,
    role          TEXT    NOT NULL,
    rooms         TEXT    NOT NULL, -- JSON: names or globs; empty: every room
    password_hash TEXT    NOT NULL,
    must_change   BOOLEAN NOT NULL,
    disabled      BOOLEAN NOT NULL,
    totp_secret   BYTEA,            -- null: no second factor
    totp_step     BIGINT  NOT NULL, -- the last that was used
    created_at    BIGINT  NOT NULL,
    last_seen     BIGINT  NOT NULL,
    version       BIGINT  NOT NULL
);

-- The recovery codes that are left: a row is taken away when its code is used.
CREATE TABLE staff_recovery (
    staff TEXT   NOT NULL REFERENCES staff (name) ON DELETE CASCADE,
    hash  BYTEA  NOT NULL,
    place BIGINT NOT NULL,
    PRIMARY KEY (staff, hash)
);

CREATE TABLE staff_sessions (
    id         TEXT PRIMARY KEY,
    staff      TEXT   NOT NULL REFERENCES staff (name) ON DELETE CASCADE,
    hash       BYTEA  NOT NULL UNIQUE,
    old_hash   BYTEA,            -- of the token before; null: there was none
    old_until  BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    rotated_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    addr       TEXT   NOT NULL,
    agent      TEXT   NOT NULL
);

CREATE INDEX staff_sessions_old ON staff_sessions (old_hash) WHERE old_hash IS NOT NULL;
CREATE INDEX staff_sessions_staff ON staff_sessions (staff, created_at);
CREATE INDEX staff_sessions_expires ON staff_sessions (expires_at);

CREATE TABLE invites (
    id         TEXT COLLATE "binary" PRIMARY KEY,
    hash       BYTEA  NOT NULL UNIQUE,
    role       TEXT   NOT NULL,
    rooms      TEXT   NOT NULL, -- as of staff
    by_id      TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_by    TEXT   NOT NULL DEFAULT '', -- the account that it made
    revoked_at BIGINT NOT NULL DEFAULT 0
);

CREATE INDEX invites_expires ON invites (expires_at);

CREATE TABLE api_keys (
    id            TEXT COLLATE "binary" PRIMARY KEY,
    prefix        TEXT    NOT NULL UNIQUE,
    hash          BYTEA   NOT NULL,
    old_prefix    TEXT    NOT NULL DEFAULT '', -- of the secret before; empty: none
    old_hash      BYTEA,
    old_until     BIGINT  NOT NULL DEFAULT 0,
    label         TEXT    NOT NULL,
    scopes        TEXT    NOT NULL, -- JSON
    rooms         TEXT    NOT NULL, -- as of staff
    longest_ban   BIGINT  NOT NULL, -- milliseconds; 0: unbounded
    acts_per_hour BIGINT  NOT NULL, -- 0: unbounded
    dry_run_only  BOOLEAN NOT NULL,
    by_id         TEXT    NOT NULL,
    created_at    BIGINT  NOT NULL,
    expires_at    BIGINT  NOT NULL,
    last_used     BIGINT  NOT NULL DEFAULT 0,
    revoked_at    BIGINT  NOT NULL DEFAULT 0,
    version       BIGINT  NOT NULL
);

CREATE UNIQUE INDEX api_keys_old ON api_keys (old_prefix) WHERE old_prefix <> '';

CREATE TABLE nodes (
    id         TEXT PRIMARY KEY,
    name       TEXT    NOT NULL,
    alone      BOOLEAN NOT NULL, -- it can't share the database
    started_at BIGINT  NOT NULL,
    expires_at BIGINT  NOT NULL
);


-- Rooms are listed by name.
CREATE INDEX rooms_name ON rooms (id COLLATE "binary");
