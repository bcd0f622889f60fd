-- From where API keys may be used. The file of the same name for SQLite has the same tables and columns.

-- Networks with spaces between them, and from anywhere when there is none.
ALTER TABLE api_keys ADD COLUMN addresses TEXT NOT NULL DEFAULT '';
