-- API keys. The file of the same name for SQLite has the same tables and columns.

CREATE TABLE api_keys (
    id UUID NOT NULL PRIMARY KEY,
    user_id UUID REFERENCES users (id) ON DELETE CASCADE,
    client_id TEXT COLLATE "C" REFERENCES clients (id) ON DELETE CASCADE,
    hash BYTEA NOT NULL,
    name TEXT NOT NULL,
    permissions TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at BIGINT,
    successor_id UUID,
    CHECK ((user_id IS NULL) <> (client_id IS NULL))
);
CREATE INDEX api_keys_user ON api_keys (user_id, id) WHERE user_id IS NOT NULL;
CREATE INDEX api_keys_client ON api_keys (client_id, id) WHERE client_id IS NOT NULL;
CREATE INDEX api_keys_expiry ON api_keys (expires_at);
CREATE INDEX api_keys_revoked ON api_keys (revoked_at) WHERE revoked_at IS NOT NULL;
