//! APIs and their permissions.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{
    Conn, StoreError, Tx,
    db::run::{execute, fetch_all, fetch_optional},
    row::{self, row},
    statements::statements,
};
use crate::{
    protocol::api::Api,
    types::{ApiId, Permission, ResourceUri, Timestamp, change::Change},
};

statements! { "api";
    INSERT = "INSERT INTO apis (id, audience, name, status, built_in, created_at, updated_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7)";
    INSERT_PERMISSION = "INSERT INTO api_permissions (name, api_id, description)
                         VALUES ($1, $2, $3)";
    /// Only the API's own permission gets new words: the name may be another API's.
    SET_PERMISSION = "UPDATE api_permissions SET description = $3 WHERE name = $1 AND api_id = $2";
    DELETE_PERMISSION = "DELETE FROM api_permissions WHERE name = $1 AND api_id = $2";
    FIND = "SELECT id, audience, name, status, built_in, created_at, updated_at FROM apis
            WHERE id = $1";
    FIND_BY_AUDIENCE = "SELECT id, audience, name, status, built_in, created_at, updated_at
                        FROM apis WHERE audience = $1";
    LIST = "SELECT id, audience, name, status, built_in, created_at, updated_at FROM apis
            WHERE audience > $1 ORDER BY audience LIMIT $2";
    ALL = "SELECT id, audience, name, status, built_in, created_at, updated_at FROM apis";
    PERMISSIONS = "SELECT name, api_id, description FROM api_permissions WHERE api_id = $1";
    ALL_PERMISSIONS = "SELECT name, api_id, description FROM api_permissions";
    UPDATE = "UPDATE apis SET name = $2, status = $3, updated_at = $4, version = version + 1
              WHERE id = $1";
    SET_AUDIENCE = "UPDATE apis SET audience = $2, updated_at = $3
                    WHERE id = $1 AND audience <> $2";
    DELETE = "DELETE FROM apis WHERE id = $1";
}

/// Adds an API with its permissions.
///
/// # Errors
/// [`StoreError::Conflict`] with [`super::Unique::Audience`] or [`super::Unique::Permission`] when
/// another API has the audience, or a permission of one of the names.
pub async fn insert(tx: &mut Tx<'_>, api: &Api) -> Result<(), StoreError> {
    execute!(
        tx,
        INSERT,
        api.id.uuid(),
        api.audience.as_str(),
        api.name.as_str(),
        api.status.as_str(),
        api.built_in,
        api.created_at.unix(),
        api.updated_at.unix(),
    )?;
    for (name, description) in &api.permissions {
        insert_permission(tx, api.id, name, description).await?;
    }
    tx.note_change(Change::Roles, api.created_at);
    Ok(())
}

async fn insert_permission(
    tx: &mut Tx<'_>,
    id: ApiId,
    name: &Permission,
    description: &str,
) -> Result<(), StoreError> {
    execute!(tx, INSERT_PERMISSION, name.as_str(), id.uuid(), description)?;
    Ok(())
}

/// The API of that id.
pub async fn find(conn: &mut Conn<'_>, id: ApiId) -> Result<Option<Api>, StoreError> {
    let Some(row) = fetch_optional!(ApiRow, conn, FIND, id.uuid())? else { return Ok(None) };
    let permissions = permissions(conn, id).await?;
    row.with(permissions).map(Some)
}

/// The API of that audience.
pub async fn find_by_audience(
    conn: &mut Conn<'_>,
    audience: &str,
) -> Result<Option<Api>, StoreError> {
    let found = fetch_optional!(ApiRow, conn, FIND_BY_AUDIENCE, audience)?;
    let Some(row) = found else { return Ok(None) };
    let permissions = permissions(conn, ApiId::from_uuid(row.id)).await?;
    row.with(permissions).map(Some)
}

async fn permissions(
    conn: &mut Conn<'_>,
    id: ApiId,
) -> Result<BTreeMap<Permission, String>, StoreError> {
    let rows = fetch_all!(PermissionRow, conn, PERMISSIONS, id.uuid())?;
    rows.into_iter().map(|row| Ok((row.permission()?, row.description))).collect()
}

/// At most `limit` APIs in the order of their audiences, from the first one after `after`.
pub async fn list(
    conn: &mut Conn<'_>,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Api>, StoreError> {
    let rows = fetch_all!(ApiRow, conn, LIST, after.unwrap_or_default(), i64::from(limit))?;
    let mut apis = Vec::with_capacity(rows.len());
    for row in rows {
        let permissions = permissions(conn, ApiId::from_uuid(row.id)).await?;
        apis.push(row.with(permissions)?);
    }
    Ok(apis)
}

/// Every API, in no order.
pub async fn all(conn: &mut Conn<'_>) -> Result<Vec<Api>, StoreError> {
    let mut permissions: BTreeMap<Uuid, BTreeMap<Permission, String>> = BTreeMap::new();
    for row in fetch_all!(PermissionRow, conn, ALL_PERMISSIONS)? {
        permissions.entry(row.api_id).or_default().insert(row.permission()?, row.description);
    }
    let rows = fetch_all!(ApiRow, conn, ALL)?;
    rows.into_iter()
        .map(|row| {
            let own = permissions.remove(&row.id).unwrap_or_default();
            row.with(own)
        })
        .collect()
}

/// Writes name, status and permissions; whether the API exists. A permission that is gone is gone
/// from every role.
///
/// # Errors
/// [`StoreError::Conflict`] when another API has a permission of one of the new names.
pub async fn update(tx: &mut Tx<'_>, api: &Api) -> Result<bool, StoreError> {
    let (name, status, at) = (api.name.as_str(), api.status.as_str(), api.updated_at.unix());
    if execute!(tx, UPDATE, api.id.uuid(), name, status, at)? == 0 {
        return Ok(false);
    }
    let before = permissions(tx, api.id).await?;
    for gone in before.keys().filter(|name| !api.permissions.contains_key(*name)) {
        execute!(tx, DELETE_PERMISSION, gone.as_str(), api.id.uuid())?;
    }
    for (name, description) in &api.permissions {
        match before.get(name) {
            None => insert_permission(tx, api.id, name, description).await?,
            Some(known) if known != description => {
                execute!(tx, SET_PERMISSION, name.as_str(), api.id.uuid(), description.as_str())?;
            }
            Some(_) => {}
        }
    }
    tx.note_change(Change::Roles, api.updated_at);
    Ok(true)
}

/// Gives an API another audience: only Doorward's own, when the issuer has moved. Whether that
/// changed something.
pub async fn set_audience(
    tx: &mut Tx<'_>,
    id: ApiId,
    audience: &ResourceUri,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = execute!(tx, SET_AUDIENCE, id.uuid(), audience.as_str(), now.unix())? > 0;
    if changed {
        tx.note_change(Change::Roles, now);
    }
    Ok(changed)
}

/// Deletes an API with its permissions and its roles; whether it was there.
pub async fn delete(tx: &mut Tx<'_>, id: ApiId, now: Timestamp) -> Result<bool, StoreError> {
    let deleted = execute!(tx, DELETE, id.uuid())? > 0;
    if deleted {
        tx.note_change(Change::Roles, now);
    }
    Ok(deleted)
}

row! {
    struct ApiRow {
        id: Uuid,
        audience: String,
        name: String,
        status: String,
        built_in: bool,
        created_at: i64,
        updated_at: i64,
    }
}

row! {
    struct PermissionRow {
        name: String,
        api_id: Uuid,
        description: String,
    }
}

impl PermissionRow {
    fn permission(&self) -> Result<Permission, StoreError> {
        Permission::parse(&self.name).map_err(|_| row::corrupt("api_permissions.name"))
    }
}

impl ApiRow {
    fn with(self, permissions: BTreeMap<Permission, String>) -> Result<Api, StoreError> {
        Ok(Api {
            id: ApiId::from_uuid(self.id),
            audience: ResourceUri::parse(&self.audience)
                .map_err(|_| row::corrupt("apis.audience"))?,
            name: self.name,
            status: row::status("apis.status", &self.status)?,
            permissions,
            built_in: self.built_in,
            created_at: Timestamp::from_unix(self.created_at),
            updated_at: Timestamp::from_unix(self.updated_at),
        })
    }
}
