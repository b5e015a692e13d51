-- +goose Up
-- What is remembered besides the log.

CREATE TABLE users (
    id       TEXT PRIMARY KEY,
    name     TEXT   NOT NULL,
    skeleton TEXT   NOT NULL,
    seen_at  BIGINT NOT NULL
);

CREATE INDEX users_skeleton ON users (skeleton);

CREATE TABLE read_markers (
    user_id TEXT   NOT NULL,
    room    TEXT   NOT NULL,
    seq     BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (user_id, room)
);

CREATE INDEX read_markers_at ON read_markers (at);

CREATE TABLE sanctions (
    id        TEXT PRIMARY KEY,
    user_id   TEXT   NOT NULL,
    name      TEXT   NOT NULL,
    room      TEXT   NOT NULL, -- empty: all rooms
    effect    TEXT   NOT NULL,
    reason    TEXT   NOT NULL,
    by_id     TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    expires   BIGINT NOT NULL, -- 0: never
    lifted_by TEXT   NOT NULL,
    lifted_at BIGINT NOT NULL  -- 0: it stands
);

CREATE INDEX sanctions_standing ON sanctions (expires) WHERE lifted_at = 0;

CREATE TABLE secrets (
    name  TEXT PRIMARY KEY,
    value BYTEA NOT NULL
);

CREATE TABLE staff (
    name          TEXT PRIMARY KEY,
    role          TEXT    NOT NULL,
    password_hash TEXT    NOT NULL,
    must_change   BOOLEAN NOT NULL,
    created_at    BIGINT  NOT NULL
);

CREATE TABLE api_keys (
    id         TEXT PRIMARY KEY,
    prefix     TEXT   NOT NULL UNIQUE,
    hash       BYTEA  NOT NULL,
    label      TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE nodes (
    id         TEXT PRIMARY KEY,
    name       TEXT    NOT NULL,
    alone      BOOLEAN NOT NULL, -- it can't share the database
    started_at BIGINT  NOT NULL,
    expires_at BIGINT  NOT NULL
);
