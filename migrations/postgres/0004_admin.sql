-- What the admin API keeps. The file of the same name for SQLite has the same tables and columns.

-- Counts the writes of a row, so that a change made in the light of an older one is refused.
ALTER TABLE users ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE clients ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE apis ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE roles ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE groups ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

-- Requests that must not be carried out twice: hashes only. Without a status one is being carried out.
CREATE TABLE idempotency_keys (
    hash BYTEA NOT NULL PRIMARY KEY,
    request_hash BYTEA NOT NULL,
    status BIGINT,
    location TEXT,
    expires_at BIGINT NOT NULL
);
CREATE INDEX idempotency_keys_expires_at ON idempotency_keys (expires_at);
