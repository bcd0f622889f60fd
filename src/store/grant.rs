//! Grants. Revoking one ends everything that hangs from it.

use uuid::Uuid;

use super::{
    Conn, StoreError, Tx,
    db::run::{execute, fetch_all, fetch_optional},
    row::{self, Id, row},
    statements::statements,
};
use crate::{
    protocol::grant::{Access, Grant, RevocationReason},
    types::{Authentication, ClientId, GrantId, SessionId, Timestamp, UserId, change::Change},
};

/// The columns of [`GrantRow`], of the table under the name `g`.
macro_rules! columns {
    () => {
        "g.id AS g_id, g.user_id AS g_user_id, g.client_id AS g_client_id,
         g.session_id AS g_session_id, g.scope AS g_scope, g.claims AS g_claims,
         g.auth_time AS g_auth_time, g.acr AS g_acr, g.amr AS g_amr,
         g.access AS g_access, g.resource AS g_resource, g.created_at AS g_created_at,
         g.revoked_at AS g_revoked_at, g.revoked_reason AS g_revoked_reason"
    };
}

/// A new grant of those columns, in `$` placeholders of a statement for PostgreSQL, once for each row of
/// `taken`.
macro_rules! insert_for_taken {
    ($columns:literal) => {
        concat!(
            "INSERT INTO grants (id, user_id, client_id, session_id, scope, claims, auth_time, acr,
                 amr, access, created_at, resource)
             SELECT ",
            $columns,
            " FROM taken"
        )
    };
}

pub(super) use {columns, insert_for_taken};

statements! { "grant";
    INSERT = "INSERT INTO grants (id, user_id, client_id, session_id, scope, claims, auth_time, acr,
                  amr, access, created_at, revoked_at, revoked_reason, resource)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    FIND = concat!("SELECT ", columns!(), " FROM grants g WHERE g.id = $1");
    PAGE = concat!("SELECT ", columns!(), " FROM grants g
        WHERE g.id > $1 AND g.revoked_at IS NULL ORDER BY g.id LIMIT $2");
    PAGE_OF_USER = concat!("SELECT ", columns!(), " FROM grants g
        WHERE g.id > $1 AND g.revoked_at IS NULL AND g.user_id = $3 ORDER BY g.id LIMIT $2");
    REVOKE = "UPDATE grants SET revoked_at = $2, revoked_reason = $3
              WHERE id = $1 AND revoked_at IS NULL RETURNING id";
    REVOKE_BY_SESSION = "UPDATE grants SET revoked_at = $2, revoked_reason = $3
        WHERE session_id = $1 AND access = 'online' AND revoked_at IS NULL RETURNING id";
    REVOKE_BY_USER = "UPDATE grants SET revoked_at = $2, revoked_reason = $3
        WHERE user_id = $1 AND revoked_at IS NULL RETURNING id";
    REVOKE_BY_CLIENT = "UPDATE grants SET revoked_at = $2, revoked_reason = $3
        WHERE client_id = $1 AND revoked_at IS NULL RETURNING id";
    REVOKE_BY_USER_AND_CLIENT = "UPDATE grants SET revoked_at = $2, revoked_reason = $3
        WHERE user_id = $1 AND client_id = $4 AND revoked_at IS NULL RETURNING id";
}

/// Adds a grant.
///
/// # Errors
/// [`StoreError::MissingReference`] when the user or the client is gone.
pub async fn insert(tx: &mut Tx<'_>, grant: &Grant) -> Result<(), StoreError> {
    let GrantColumns { scope, amr, access, resource } = GrantColumns::of(grant)?;
    execute!(
        tx,
        INSERT,
        grant.id.uuid(),
        grant.user_id.uuid(),
        grant.client_id.as_str(),
        grant.session_id.uuid(),
        scope.as_str(),
        grant.claims.as_deref(),
        grant.authentication.auth_time.unix(),
        grant.authentication.acr.as_str(),
        amr.as_str(),
        access,
        grant.created_at.unix(),
        grant.revoked.map(|revoked| revoked.at.unix()),
        grant.revoked.map(|revoked| revoked.reason.as_str()),
        resource.as_str(),
    )?;
    Ok(())
}

/// Columns of a grant that are not its fields as they are.
pub(super) struct GrantColumns {
    pub(super) scope: String,
    pub(super) amr: String,
    pub(super) access: &'static str,
    pub(super) resource: String,
}

impl GrantColumns {
    pub(super) fn of(grant: &Grant) -> Result<Self, StoreError> {
        Ok(Self {
            scope: grant.scope.to_string(),
            amr: row::json("grants.amr", &grant.authentication.amr)?,
            access: access_name(grant.access),
            resource: row::json("grants.resource", &grant.resource)?,
        })
    }
}

/// The grant of that id, revoked or not.
pub async fn find(conn: &mut Conn<'_>, id: GrantId) -> Result<Option<Grant>, StoreError> {
    fetch_optional!(GrantRow, conn, FIND, id.uuid())?.map(Grant::try_from).transpose()
}

/// At most `limit` grants that were not revoked, of everybody or of one user, in the order of their ids
/// from the first one after `after`.
pub async fn page(
    conn: &mut Conn<'_>,
    user: Option<UserId>,
    after: Option<GrantId>,
    limit: u32,
) -> Result<Vec<Grant>, StoreError> {
    let (after, limit) = (after.map_or(Uuid::nil(), GrantId::uuid), i64::from(limit));
    let rows = match user {
        None => fetch_all!(GrantRow, conn, PAGE, after, limit)?,
        Some(user) => fetch_all!(GrantRow, conn, PAGE_OF_USER, after, limit, user.uuid())?,
    };
    rows.into_iter().map(Grant::try_from).collect()
}

/// Revokes a grant; whether it was revoked now.
pub async fn revoke(
    tx: &mut Tx<'_>,
    id: GrantId,
    reason: RevocationReason,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let rows = fetch_all!(Id, tx, REVOKE, id.uuid(), now.unix(), reason.as_str())?;
    Ok(!note(tx, rows, now).is_empty())
}

/// Revokes the grants that end with this browser session; those that were revoked now.
pub async fn revoke_by_session(
    tx: &mut Tx<'_>,
    session_id: SessionId,
    reason: RevocationReason,
    now: Timestamp,
) -> Result<Vec<GrantId>, StoreError> {
    let (at, why) = (now.unix(), reason.as_str());
    let rows = fetch_all!(Id, tx, REVOKE_BY_SESSION, session_id.uuid(), at, why)?;
    Ok(note(tx, rows, now))
}

/// Revokes everything that the user granted; those that were revoked now.
pub async fn revoke_by_user(
    tx: &mut Tx<'_>,
    user_id: UserId,
    reason: RevocationReason,
    now: Timestamp,
) -> Result<Vec<GrantId>, StoreError> {
    let (at, why) = (now.unix(), reason.as_str());
    let rows = fetch_all!(Id, tx, REVOKE_BY_USER, user_id.uuid(), at, why)?;
    Ok(note(tx, rows, now))
}

/// Revokes everything that was granted to the client; those that were revoked now.
pub async fn revoke_by_client(
    tx: &mut Tx<'_>,
    client_id: &ClientId,
    reason: RevocationReason,
    now: Timestamp,
) -> Result<Vec<GrantId>, StoreError> {
    let (at, why) = (now.unix(), reason.as_str());
    let rows = fetch_all!(Id, tx, REVOKE_BY_CLIENT, client_id.as_str(), at, why)?;
    Ok(note(tx, rows, now))
}

/// Revokes everything that the user granted to the client; those that were revoked now.
pub async fn revoke_by_user_and_client(
    tx: &mut Tx<'_>,
    user_id: UserId,
    client_id: &ClientId,
    reason: RevocationReason,
    now: Timestamp,
) -> Result<Vec<GrantId>, StoreError> {
    let (user, at, why) = (user_id.uuid(), now.unix(), reason.as_str());
    let rows = fetch_all!(Id, tx, REVOKE_BY_USER_AND_CLIENT, user, at, why, client_id.as_str())?;
    Ok(note(tx, rows, now))
}

fn note(tx: &mut Tx<'_>, rows: Vec<Id>, now: Timestamp) -> Vec<GrantId> {
    let ids: Vec<GrantId> = rows.into_iter().map(|row| GrantId::from_uuid(row.id)).collect();
    for id in &ids {
        tx.note_change(Change::Grant(*id), now);
    }
    ids
}

const fn access_name(access: Access) -> &'static str {
    match access {
        Access::Online => "online",
        Access::Offline => "offline",
    }
}

row! {
    /// A row of `grants`, beside rows of other tables.
    #[expect(clippy::struct_field_names, reason = "columns that stand beside other tables'")]
    pub(super) struct GrantRow {
        g_id: Uuid,
        g_user_id: Uuid,
        g_client_id: String,
        g_session_id: Uuid,
        g_scope: String,
        g_claims: Option<String>,
        g_auth_time: i64,
        g_acr: String,
        g_amr: String,
        g_access: String,
        g_resource: String,
        g_created_at: i64,
        g_revoked_at: Option<i64>,
        g_revoked_reason: Option<String>,
    }
}

impl TryFrom<GrantRow> for Grant {
    type Error = StoreError;

    fn try_from(row: GrantRow) -> Result<Self, Self::Error> {
        let reason = row.g_revoked_reason.as_deref();
        Ok(Self {
            id: GrantId::from_uuid(row.g_id),
            user_id: UserId::from_uuid(row.g_user_id),
            client_id: row::client_id("grants.client_id", &row.g_client_id)?,
            session_id: SessionId::from_uuid(row.g_session_id),
            scope: row::scope("grants.scope", &row.g_scope)?,
            resource: row::document("grants.resource", &row.g_resource)?,
            claims: row.g_claims,
            authentication: Authentication {
                auth_time: Timestamp::from_unix(row.g_auth_time),
                acr: row.g_acr,
                amr: row::document("grants.amr", &row.g_amr)?,
            },
            access: match row.g_access.as_str() {
                "online" => Access::Online,
                "offline" => Access::Offline,
                _ => return Err(row::corrupt("grants.access")),
            },
            created_at: Timestamp::from_unix(row.g_created_at),
            revoked: row::revocation("grants.revoked_reason", row.g_revoked_at, reason)?,
        })
    }
}
