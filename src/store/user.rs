//! Users and the roles they hold.

use uuid::Uuid;

use super::{
    Conn, StoreError, Tx,
    db::run::{execute, fetch_all, fetch_one, fetch_optional},
    row::{self, Number, row},
    statements::statements,
};
use crate::{
    identity::user::User,
    types::{Status, Timestamp, UserId, change::Change},
};

/// The columns of [`UserRow`], of the table under the name `u`.
macro_rules! columns {
    () => {
        "u.id AS u_id, u.username AS u_username, u.email AS u_email,
         u.email_verified AS u_email_verified, u.password_hash AS u_password_hash,
         u.password_changed_at AS u_password_changed_at, u.status AS u_status,
         u.profile AS u_profile, u.created_at AS u_created_at,
         u.updated_at AS u_updated_at,
         (SELECT string_agg(r.name, '\n') FROM role_users a JOIN roles r ON r.id = a.role_id
          WHERE a.user_id = u.id) AS u_roles,
         (SELECT string_agg(g.name, '\n') FROM group_members m JOIN groups g ON g.id = m.group_id
          WHERE m.user_id = u.id) AS u_groups"
    };
}
pub(super) use columns;

statements! { "user";
    INSERT = "INSERT INTO users (id, username, username_skeleton, email, email_verified,
                  password_hash, password_changed_at, status, profile, created_at, updated_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    INSERT_ROLE = "INSERT INTO role_users (user_id, role_id)
                   SELECT $1, id FROM roles WHERE name = $2";
    DELETE_ROLES = "DELETE FROM role_users WHERE user_id = $1";
    FIND = concat!("SELECT ", columns!(), " FROM users u WHERE u.id = $1");
    FIND_BY_USERNAME = concat!("SELECT ", columns!(), " FROM users u WHERE u.username = $1");
    FIND_BY_EMAIL = concat!("SELECT ", columns!(), " FROM users u WHERE u.email = $1");
    LIST = concat!("SELECT ", columns!(), " FROM users u WHERE u.username > $1
                    ORDER BY u.username LIMIT $2");
    COUNT = "SELECT COUNT(*) AS number FROM users";
    IS_ANY = "SELECT COUNT(*) AS number FROM (SELECT id FROM users LIMIT 1) u";
    UPDATE = "UPDATE users SET username = $2, username_skeleton = $3, email = $4,
                  email_verified = $5, profile = $6, updated_at = $7, version = version + 1
              WHERE id = $1";
    SET_PASSWORD = "UPDATE users SET password_hash = $2, password_changed_at = $3, updated_at = $3,
                        version = version + 1
                    WHERE id = $1";
    REHASH_PASSWORD = "UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2";
    /// Changes nothing, and so keeps the row from being changed until the commit.
    HOLD = "UPDATE users SET status = status
            WHERE id = $1 AND status = 'enabled' AND password_hash = $2";
    SET_STATUS = "UPDATE users SET status = $2, updated_at = $3, version = version + 1
                  WHERE id = $1 AND status <> $2";
    DELETE = "DELETE FROM users WHERE id = $1";
}

/// Adds a user with the roles that it was given, and in no group. `skeleton` is what the username looks like (UTS 39), so that no two
/// users look the same.
///
/// # Errors
/// [`StoreError::Conflict`] when the username, its skeleton or the e-mail address is taken,
/// [`StoreError::MissingReference`] when one of the roles does not exist.
pub async fn insert(tx: &mut Tx<'_>, user: &User, skeleton: &str) -> Result<(), StoreError> {
    execute!(
        tx,
        INSERT,
        user.id.uuid(),
        user.username.as_str(),
        skeleton,
        user.email.as_deref(),
        user.email_verified,
        user.password_hash.as_deref(),
        row::seconds(user.password_changed_at),
        user.status.as_str(),
        row::json("users.profile", &user.profile)?,
        user.created_at.unix(),
        user.updated_at.unix(),
    )?;
    insert_roles(tx, user).await?;
    tx.note_change(Change::User(user.id), user.created_at);
    Ok(())
}

async fn insert_roles(tx: &mut Tx<'_>, user: &User) -> Result<(), StoreError> {
    for role in &user.roles {
        if execute!(tx, INSERT_ROLE, user.id.uuid(), role.as_str())? == 0 {
            return Err(StoreError::MissingReference);
        }
    }
    Ok(())
}

/// The user of that id.
pub async fn find(conn: &mut Conn<'_>, id: UserId) -> Result<Option<User>, StoreError> {
    fetch_optional!(UserRow, conn, FIND, id.uuid())?.map(User::try_from).transpose()
}

/// The user of that name, in its canonical form.
pub async fn find_by_username(
    conn: &mut Conn<'_>,
    username: &str,
) -> Result<Option<User>, StoreError> {
    fetch_optional!(UserRow, conn, FIND_BY_USERNAME, username)?.map(User::try_from).transpose()
}

/// The user of that e-mail address, in its canonical form.
pub async fn find_by_email(conn: &mut Conn<'_>, email: &str) -> Result<Option<User>, StoreError> {
    fetch_optional!(UserRow, conn, FIND_BY_EMAIL, email)?.map(User::try_from).transpose()
}

/// At most `limit` users in the order of their names, from the first one after `after`.
pub async fn list(
    conn: &mut Conn<'_>,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<User>, StoreError> {
    let rows = fetch_all!(UserRow, conn, LIST, after.unwrap_or_default(), i64::from(limit))?;
    rows.into_iter().map(User::try_from).collect()
}

/// Whether there is any user.
pub async fn is_any(conn: &mut Conn<'_>) -> Result<bool, StoreError> {
    Ok(fetch_one!(Number, conn, IS_ANY)?.number > 0)
}

/// How many users there are.
pub async fn count(conn: &mut Conn<'_>) -> Result<u64, StoreError> {
    let row = fetch_one!(Number, conn, COUNT)?;
    row::count("users", row.number)
}

/// Writes everything but the password, the status, the groups and the time of creation; whether the user exists.
///
/// # Errors
/// [`StoreError::Conflict`] when the new username, its skeleton or the e-mail address is taken,
/// [`StoreError::MissingReference`] when one of the roles does not exist.
pub async fn update(tx: &mut Tx<'_>, user: &User, skeleton: &str) -> Result<bool, StoreError> {
    let updated = execute!(
        tx,
        UPDATE,
        user.id.uuid(),
        user.username.as_str(),
        skeleton,
        user.email.as_deref(),
        user.email_verified,
        row::json("users.profile", &user.profile)?,
        user.updated_at.unix(),
    )?;
    if updated == 0 {
        return Ok(false);
    }
    execute!(tx, DELETE_ROLES, user.id.uuid())?;
    insert_roles(tx, user).await?;
    tx.note_change(Change::User(user.id), user.updated_at);
    Ok(true)
}

/// Sets or, with `None`, takes away the password; whether the user exists.
pub async fn set_password(
    tx: &mut Tx<'_>,
    id: UserId,
    password_hash: Option<&str>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let updated = execute!(tx, SET_PASSWORD, id.uuid(), password_hash, now.unix())?;
    note_if(tx, updated > 0, id, now);
    Ok(updated > 0)
}

/// Keeps the user from being disabled and the password from being changed until the commit; `false` when
/// the user is disabled or gone, or `password_hash` is not the hash any more.
pub async fn hold(tx: &mut Tx<'_>, id: UserId, password_hash: &str) -> Result<bool, StoreError> {
    Ok(execute!(tx, HOLD, id.uuid(), password_hash)? > 0)
}

/// Replaces the hash of an unchanged password by one with today's parameters; `false` when the
/// password was changed meanwhile.
pub async fn rehash_password(
    tx: &mut Tx<'_>,
    id: UserId,
    from: &str,
    to: &str,
) -> Result<bool, StoreError> {
    Ok(execute!(tx, REHASH_PASSWORD, id.uuid(), from, to)? > 0)
}

/// Enables or disables the user; whether the status changed now.
pub async fn set_status(
    tx: &mut Tx<'_>,
    id: UserId,
    status: Status,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let updated = execute!(tx, SET_STATUS, id.uuid(), status.as_str(), now.unix())?;
    note_if(tx, updated > 0, id, now);
    Ok(updated > 0)
}

/// Deletes the user with all sessions, consents and grants, and with what hangs from them; whether
/// the user was there.
pub async fn delete(tx: &mut Tx<'_>, id: UserId, now: Timestamp) -> Result<bool, StoreError> {
    let deleted = execute!(tx, DELETE, id.uuid())?;
    note_if(tx, deleted > 0, id, now);
    Ok(deleted > 0)
}

fn note_if(tx: &mut Tx<'_>, changed: bool, id: UserId, now: Timestamp) {
    if changed {
        tx.note_change(Change::User(id), now);
    }
}

row! {
    /// A row of `users`, with roles and groups in lines.
    #[expect(clippy::struct_field_names, reason = "columns that stand beside other tables'")]
    pub(super) struct UserRow {
        u_id: Uuid,
        u_username: String,
        u_email: Option<String>,
        u_email_verified: bool,
        u_password_hash: Option<String>,
        u_password_changed_at: Option<i64>,
        u_status: String,
        u_profile: String,
        u_created_at: i64,
        u_updated_at: i64,
        u_roles: Option<String>,
        u_groups: Option<String>,
    }
}

impl TryFrom<UserRow> for User {
    type Error = StoreError;

    fn try_from(row: UserRow) -> Result<Self, Self::Error> {
        Ok(Self {
            id: UserId::from_uuid(row.u_id),
            username: row.u_username,
            email: row.u_email,
            email_verified: row.u_email_verified,
            password_hash: row.u_password_hash,
            password_changed_at: row::time(row.u_password_changed_at),
            status: row::status("users.status", &row.u_status)?,
            groups: row::lines(row.u_groups.as_deref()),
            roles: row::lines(row.u_roles.as_deref()),
            profile: row::document("users.profile", &row.u_profile)?,
            created_at: Timestamp::from_unix(row.u_created_at),
            updated_at: Timestamp::from_unix(row.u_updated_at),
        })
    }
}
