-- Roles, APIs and groups. The file of the same name for PostgreSQL has the same tables and columns.

CREATE TABLE apis (
    id BLOB NOT NULL PRIMARY KEY,
    audience TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    built_in INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- A permission's name is a scope token: it names one permission, whichever API it is asked for.
CREATE TABLE api_permissions (
    name TEXT NOT NULL PRIMARY KEY,
    api_id BLOB NOT NULL REFERENCES apis (id) ON DELETE CASCADE,
    description TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX api_permissions_api ON api_permissions (api_id);

CREATE TABLE roles (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    api_id BLOB REFERENCES apis (id) ON DELETE CASCADE,
    built_in INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX roles_api ON roles (api_id);

CREATE TABLE role_permissions (
    role_id BLOB NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    permission TEXT NOT NULL REFERENCES api_permissions (name) ON DELETE CASCADE,
    PRIMARY KEY (role_id, permission)
) STRICT, WITHOUT ROWID;
CREATE INDEX role_permissions_permission ON role_permissions (permission);

CREATE TABLE role_contains (
    role_id BLOB NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    contained_id BLOB NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    PRIMARY KEY (role_id, contained_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX role_contains_contained ON role_contains (contained_id);

CREATE TABLE groups (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE group_members (
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    group_id BLOB NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, group_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_members_group ON group_members (group_id, user_id);

CREATE TABLE role_users (
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role_id BLOB NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, role_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX role_users_role ON role_users (role_id, user_id);

CREATE TABLE role_groups (
    group_id BLOB NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    role_id BLOB NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    PRIMARY KEY (group_id, role_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX role_groups_role ON role_groups (role_id);

CREATE TABLE role_clients (
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    role_id BLOB NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    PRIMARY KEY (client_id, role_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX role_clients_role ON role_clients (role_id);

-- Locked by whatever could leave the server without an administrator, until the commit.
CREATE TABLE administration_head (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL
) STRICT;
INSERT INTO administration_head (id, seq) VALUES (1, 0);

-- The roles that every installation begins with. Their ids are the same everywhere.
INSERT INTO roles (id, name, description, api_id, built_in, created_at, updated_at) VALUES
    (x'019000000000700080000000000000a1', 'user', 'Somebody who uses the apps', NULL, 1, 0, 0),
    (x'019000000000700080000000000000a2', 'moderator', 'Somebody who keeps order among the users', NULL, 1, 0, 0),
    (x'019000000000700080000000000000a3', 'admin', 'Somebody who administers the apps and this server', NULL, 1, 0, 0);

-- What users held by name, they hold by the role of that name.
INSERT INTO role_users (user_id, role_id)
    SELECT u.user_id, r.id FROM user_roles u JOIN roles r ON r.name = u.role;
DROP TABLE user_roles;

-- The APIs that a grant is for, as the client named them: a JSON list.
ALTER TABLE grants ADD COLUMN resource TEXT NOT NULL DEFAULT '[]';
