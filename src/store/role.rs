//! Roles: what they permit, and which others they contain.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{
    Conn, StoreError, Tx,
    db::run::{execute, fetch_all, fetch_optional},
    row::{self, row},
    statements::statements,
};
use crate::{
    identity::role::{Name, Role},
    types::{ApiId, Permission, RoleId, Timestamp, change::Change},
};

statements! { "role";
    INSERT = "INSERT INTO roles (id, name, description, api_id, built_in, created_at, updated_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7)";
    FIND = "SELECT id, name, description, api_id, built_in, created_at, updated_at FROM roles
            WHERE name = $1";
    ALL = "SELECT id, name, description, api_id, built_in, created_at, updated_at FROM roles
           ORDER BY name";
    LIST = "SELECT id, name, description, api_id, built_in, created_at, updated_at FROM roles
            WHERE name > $1 ORDER BY name LIMIT $2";
    PERMISSIONS = "SELECT role_id, permission AS name FROM role_permissions WHERE role_id = $1";
    ALL_PERMISSIONS = "SELECT role_id, permission AS name FROM role_permissions";
    CONTAINS = "SELECT c.role_id, r.name FROM role_contains c JOIN roles r ON r.id = c.contained_id
                WHERE c.role_id = $1";
    ALL_CONTAINS = "SELECT c.role_id, r.name FROM role_contains c
                    JOIN roles r ON r.id = c.contained_id";
    INSERT_PERMISSION = "INSERT INTO role_permissions (role_id, permission) VALUES ($1, $2)";
    DELETE_PERMISSIONS = "DELETE FROM role_permissions WHERE role_id = $1";
    INSERT_CONTAINS = "INSERT INTO role_contains (role_id, contained_id)
                       SELECT $1, id FROM roles WHERE name = $2";
    DELETE_CONTAINS = "DELETE FROM role_contains WHERE role_id = $1";
    UPDATE = "UPDATE roles SET description = $2, updated_at = $3, version = version + 1
              WHERE id = $1";
    DELETE = "DELETE FROM roles WHERE id = $1";
}

/// Adds a role.
///
/// # Errors
/// [`StoreError::Conflict`] with [`super::Unique::RoleName`] when the name is taken,
/// [`StoreError::MissingReference`] when its API, a permission or a contained role is not there.
pub async fn insert(tx: &mut Tx<'_>, role: &Role) -> Result<(), StoreError> {
    execute!(
        tx,
        INSERT,
        role.id.uuid(),
        role.name.as_str(),
        role.description.as_str(),
        role.api.map(ApiId::uuid),
        role.built_in,
        role.created_at.unix(),
        role.updated_at.unix(),
    )?;
    insert_parts(tx, role).await?;
    tx.note_change(Change::Roles, role.created_at);
    Ok(())
}

async fn insert_parts(tx: &mut Tx<'_>, role: &Role) -> Result<(), StoreError> {
    for permission in &role.permissions {
        execute!(tx, INSERT_PERMISSION, role.id.uuid(), permission.as_str())?;
    }
    for name in &role.contains {
        if execute!(tx, INSERT_CONTAINS, role.id.uuid(), name.as_str())? == 0 {
            return Err(StoreError::MissingReference);
        }
    }
    Ok(())
}

/// The role of that name.
pub async fn find(conn: &mut Conn<'_>, name: &str) -> Result<Option<Role>, StoreError> {
    let Some(row) = fetch_optional!(RoleRow, conn, FIND, name)? else { return Ok(None) };
    row.complete(conn).await.map(Some)
}

/// At most `limit` roles in the order of their names, from the first one after `after`.
pub async fn list(
    conn: &mut Conn<'_>,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Role>, StoreError> {
    let rows = fetch_all!(RoleRow, conn, LIST, after.unwrap_or_default(), i64::from(limit))?;
    let mut roles = Vec::with_capacity(rows.len());
    for row in rows {
        roles.push(row.complete(conn).await?);
    }
    Ok(roles)
}

/// Every role, in the order of the names.
pub async fn all(conn: &mut Conn<'_>) -> Result<Vec<Role>, StoreError> {
    let mut permissions = by_role(fetch_all!(PartRow, conn, ALL_PERMISSIONS)?);
    let mut contains = by_role(fetch_all!(PartRow, conn, ALL_CONTAINS)?);
    let rows = fetch_all!(RoleRow, conn, ALL)?;
    rows.into_iter()
        .map(|row| {
            let permissions = permissions.remove(&row.id).unwrap_or_default();
            let contains = contains.remove(&row.id).unwrap_or_default();
            row.with(permissions, contains)
        })
        .collect()
}

/// Writes description, permissions and contained roles; whether the role exists.
///
/// # Errors
/// [`StoreError::MissingReference`] when a permission or a contained role is not there.
pub async fn update(tx: &mut Tx<'_>, role: &Role) -> Result<bool, StoreError> {
    let (description, at) = (role.description.as_str(), role.updated_at.unix());
    if execute!(tx, UPDATE, role.id.uuid(), description, at)? == 0 {
        return Ok(false);
    }
    execute!(tx, DELETE_PERMISSIONS, role.id.uuid())?;
    execute!(tx, DELETE_CONTAINS, role.id.uuid())?;
    insert_parts(tx, role).await?;
    tx.note_change(Change::Roles, role.updated_at);
    Ok(true)
}

/// Deletes a role, and takes it from everybody; whether it was there.
pub async fn delete(tx: &mut Tx<'_>, id: RoleId, now: Timestamp) -> Result<bool, StoreError> {
    let deleted = execute!(tx, DELETE, id.uuid())? > 0;
    if deleted {
        tx.note_change(Change::Roles, now);
    }
    Ok(deleted)
}

row! {
    struct RoleRow {
        id: Uuid,
        name: String,
        description: String,
        api_id: Option<Uuid>,
        built_in: bool,
        created_at: i64,
        updated_at: i64,
    }
}

row! {
    /// A permission of a role, or a role in it.
    struct PartRow {
        role_id: Uuid,
        name: String,
    }
}

fn by_role(rows: Vec<PartRow>) -> BTreeMap<Uuid, BTreeSet<String>> {
    let mut parts: BTreeMap<Uuid, BTreeSet<String>> = BTreeMap::new();
    for PartRow { role_id, name } in rows {
        parts.entry(role_id).or_default().insert(name);
    }
    parts
}

impl RoleRow {
    async fn complete(self, conn: &mut Conn<'_>) -> Result<Role, StoreError> {
        let permissions = fetch_all!(PartRow, conn, PERMISSIONS, self.id)?;
        let contains = fetch_all!(PartRow, conn, CONTAINS, self.id)?;
        let names = |rows: Vec<PartRow>| rows.into_iter().map(|row| row.name).collect();
        self.with(names(permissions), names(contains))
    }

    fn with(
        self,
        permissions: BTreeSet<String>,
        contains: BTreeSet<String>,
    ) -> Result<Role, StoreError> {
        let permission = |name: String| {
            Permission::parse(&name).map_err(|_| row::corrupt("role_permissions.permission"))
        };
        Ok(Role {
            id: RoleId::from_uuid(self.id),
            name: Name::parse(&self.name).map_err(|_| row::corrupt("roles.name"))?,
            description: self.description,
            api: self.api_id.map(ApiId::from_uuid),
            permissions: permissions.into_iter().map(permission).collect::<Result<_, _>>()?,
            contains,
            built_in: self.built_in,
            created_at: Timestamp::from_unix(self.created_at),
            updated_at: Timestamp::from_unix(self.updated_at),
        })
    }
}
