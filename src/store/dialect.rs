//! What the two engines say differently, side by side. The statements themselves are the same.

use rusqlite::ErrorCode;

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

/// Which uniqueness a statement ran against, by the message of SQLite, which names columns ("UNIQUE
/// constraint failed: users.email").
pub(super) fn unique_of_sqlite(message: &str) -> Unique {
    let columns = message.rsplit_once(": ").map(|(_, columns)| columns);
    unique(|(_, sqlite, _)| columns == Some(*sqlite))
}

/// Which uniqueness a statement ran against, by the constraint that PostgreSQL names.
pub(super) fn unique_of_postgres(constraint: Option<&str>) -> Unique {
    unique(|(_, _, postgres)| constraint == Some(*postgres))
}

fn unique(is_it: impl Fn(&(Unique, &str, &str)) -> bool) -> Unique {
    UNIQUE.iter().find(|row| is_it(row)).map_or(Unique::Other, |(unique, _, _)| *unique)
}

/// Whether SQLite cannot do now what it may do later, or the machine is at fault.
pub(super) const fn is_sqlite_unavailable(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::OutOfMemory
            | ErrorCode::ReadOnly
            | ErrorCode::SystemIoFailure
            | ErrorCode::DiskFull
            | ErrorCode::CannotOpen
    )
}

/// Classes of PostgreSQL's SQLSTATE of that kind: connection, transaction rollback (serialization
/// failure, deadlock), resources, lock not available, operator intervention, system error.
const POSTGRES_UNAVAILABLE: &[&str] = &["08", "40", "53", "55", "57", "58"];

/// Read-only transaction: the node that answered is a standby.
const POSTGRES_READ_ONLY: &str = "25006";

/// Whether PostgreSQL cannot do now what it may do later, by its SQLSTATE.
pub(super) fn is_postgres_unavailable(code: &str) -> bool {
    code == POSTGRES_READ_ONLY || POSTGRES_UNAVAILABLE.iter().any(|class| code.starts_with(class))
}
