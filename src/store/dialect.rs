//! What the two engines say differently, side by side. The statements themselves are the same.

use sqlx::{error::DatabaseError, postgres::PgDatabaseError};

use super::error::Unique;

/// What only one row may hold, as SQLite and as PostgreSQL name it.
const UNIQUE: &[(Unique, &str, &str)] = &[
    (Unique::Username, "users.username", "users_username_key"),
    (Unique::UsernameSkeleton, "users.username_skeleton", "users_username_skeleton_key"),
    (Unique::Email, "users.email", "users_email_key"),
    (Unique::ClientId, "clients.id", "clients_pkey"),
    (Unique::SessionToken, "sessions.token_hash", "sessions_token_hash_key"),
    (Unique::Flow, "authorization_codes.flow_id", "authorization_codes_flow_id_key"),
    (Unique::Audience, "apis.audience", "apis_audience_key"),
    (Unique::Permission, "api_permissions.name", "api_permissions_pkey"),
    (Unique::RoleName, "roles.name", "roles_name_key"),
    (Unique::GroupName, "groups.name", "groups_name_key"),
    (Unique::SigningKey, "signing_keys.alg", "signing_keys_active"),
    (Unique::SigningKey, "signing_keys.alg", "signing_keys_pending"),
];

/// Which uniqueness a statement ran against. SQLite names columns in its message ("UNIQUE constraint
/// failed: users.email"), PostgreSQL names the constraint.
pub(super) fn unique(refusal: &dyn DatabaseError) -> Unique {
    let columns = refusal.message().rsplit_once(": ").map(|(_, columns)| columns);
    let found = UNIQUE.iter().find(|(_, sqlite, postgres)| match refusal.constraint() {
        Some(constraint) => constraint == *postgres,
        None => columns == Some(*sqlite),
    });
    found.map_or(Unique::Other, |(unique, _, _)| *unique)
}

/// Primary result codes of SQLite after which another try may succeed, or the machine is at fault:
/// BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN.
const SQLITE_UNAVAILABLE: &[i32] = &[5, 6, 7, 8, 10, 13, 14];

/// Classes of PostgreSQL's SQLSTATE of that kind: connection, transaction rollback (serialization
/// failure, deadlock), resources, lock not available, operator intervention, system error.
const POSTGRES_UNAVAILABLE: &[&str] = &["08", "40", "53", "55", "57", "58"];

/// Read-only transaction: the node that answered is a standby.
const POSTGRES_READ_ONLY: &str = "25006";

/// Whether the engine cannot do now what it may do later.
pub(super) fn is_unavailable(refusal: &dyn DatabaseError) -> bool {
    let Some(code) = refusal.code() else { return false };
    if refusal.try_downcast_ref::<PgDatabaseError>().is_some() {
        return code == POSTGRES_READ_ONLY
            || POSTGRES_UNAVAILABLE.iter().any(|class| code.starts_with(class));
    }
    code.parse::<i32>().is_ok_and(|code| SQLITE_UNAVAILABLE.contains(&(code & 0xff)))
}
