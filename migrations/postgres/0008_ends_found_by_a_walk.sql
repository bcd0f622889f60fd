-- Grants and refresh token families live for long, and which of them is over is found by a walk through all: no sign-in and no code
-- writes to an index for it. The file of the same name for SQLite drops the same indexes.

DROP INDEX grants_age;
DROP INDEX refresh_families_expiry;
