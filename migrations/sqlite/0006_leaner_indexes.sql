-- An index holds only what is looked for, and no column that every refresh changes. The file of the same name for PostgreSQL has the
-- same indexes.

DROP INDEX access_tokens_grant;
CREATE INDEX access_tokens_grant ON access_tokens (grant_id) WHERE grant_id IS NOT NULL;
DROP INDEX access_tokens_user;
CREATE INDEX access_tokens_user ON access_tokens (user_id) WHERE user_id IS NOT NULL;
-- Families that nobody uses are found by a walk through all.
DROP INDEX refresh_families_idle_expiry;
