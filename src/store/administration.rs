//! Who administers the server, behind a head row that is locked until the commit: what could leave the
//! server without an administrator happens one after the other, on every node.

use super::{
    Conn, StoreError, Tx,
    db::run::{execute, fetch_all, fetch_one},
    row::{Id, Number},
    statements::statements,
};
use crate::types::UserId;

statements! { "administration";
    LOCK = "UPDATE administration_head SET seq = seq + 1 WHERE id = 1";
    /// From the role to its holders, who are few, and never from the users, who are many: everybody
    /// else who writes waits meanwhile.
    HAS_HOLDER = "SELECT COUNT(*) AS number FROM (
            SELECT u.id FROM roles r JOIN role_users a ON a.role_id = r.id
                JOIN users u ON u.id = a.user_id
            WHERE r.name = $1 AND u.status = 'enabled'
            UNION ALL
            SELECT u.id FROM roles r JOIN role_groups a ON a.role_id = r.id
                JOIN group_members m ON m.group_id = a.group_id JOIN users u ON u.id = m.user_id
            WHERE r.name = $1 AND u.status = 'enabled'
            LIMIT 1) held";
    HOLDERS = "SELECT u.id FROM (
            SELECT a.user_id AS id FROM roles r JOIN role_users a ON a.role_id = r.id
            WHERE r.name = $1 AND a.user_id > $2
            UNION
            SELECT m.user_id AS id FROM roles r JOIN role_groups a ON a.role_id = r.id
                JOIN group_members m ON m.group_id = a.group_id
            WHERE r.name = $1 AND m.user_id > $2) held
            JOIN users u ON u.id = held.id
        WHERE u.status = 'enabled' ORDER BY u.id LIMIT $3";
}

/// Takes the lock: whoever else takes it waits for this transaction to end. Take it before anything is
/// written, so that no two transactions wait for each other.
pub async fn lock(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    execute!(tx, LOCK)?;
    Ok(())
}

/// Whether an enabled user was given the role, or is in a group that was.
pub async fn has_holder(conn: &mut Conn<'_>, role: &str) -> Result<bool, StoreError> {
    Ok(fetch_one!(Number, conn, HAS_HOLDER, role)?.number > 0)
}

/// At most `limit` enabled users who were given the role or are in a group that was, in the order of
/// their ids, from the first one after `after`.
pub async fn holders(
    conn: &mut Conn<'_>,
    role: &str,
    after: Option<UserId>,
    limit: u32,
) -> Result<Vec<UserId>, StoreError> {
    let after = after.map_or(uuid::Uuid::nil(), UserId::uuid);
    let rows = fetch_all!(Id, conn, HOLDERS, role, after, i64::from(limit))?;
    Ok(rows.into_iter().map(|row| UserId::from_uuid(row.id)).collect())
}
