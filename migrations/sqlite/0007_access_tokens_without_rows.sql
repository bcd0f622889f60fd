-- An opaque access token says itself what it is, under a seal: only its revocation is a row (revoked_tokens), as with a JWT. The file of
-- the same name for PostgreSQL does the same.

DROP TABLE access_tokens;
