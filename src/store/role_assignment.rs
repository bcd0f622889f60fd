//! Who was given which role: users, groups, service clients.

use super::{StoreError, Tx, db::run::execute, statements::statements, version};
use crate::types::{
    ClientId, GroupId, RoleId, Timestamp, UserId, change::Change, version::Versioned,
};

statements! { "role_assignment";
    GRANT_USER = "INSERT INTO role_users (user_id, role_id) VALUES ($1, $2)
                  ON CONFLICT (user_id, role_id) DO NOTHING";
    REVOKE_USER = "DELETE FROM role_users WHERE user_id = $1 AND role_id = $2";
    GRANT_GROUP = "INSERT INTO role_groups (group_id, role_id) VALUES ($1, $2)
                   ON CONFLICT (group_id, role_id) DO NOTHING";
    REVOKE_GROUP = "DELETE FROM role_groups WHERE group_id = $1 AND role_id = $2";
    GRANT_CLIENT = "INSERT INTO role_clients (client_id, role_id) VALUES ($1, $2)
                    ON CONFLICT (client_id, role_id) DO NOTHING";
    REVOKE_CLIENT = "DELETE FROM role_clients WHERE client_id = $1 AND role_id = $2";
}

/// Who a role is given to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// A user.
    User(UserId),
    /// Every member of a group.
    Group(GroupId),
    /// A client that acts for itself.
    Client(ClientId),
}

impl Holder {
    fn row(&self) -> Versioned {
        match self {
            Self::User(id) => Versioned::User(*id),
            Self::Group(id) => Versioned::Group(*id),
            Self::Client(id) => Versioned::Client(id.clone()),
        }
    }

    fn change(&self) -> Change {
        match self {
            Self::User(id) => Change::User(*id),
            Self::Group(_) => Change::Roles,
            Self::Client(id) => Change::Client(id.clone()),
        }
    }
}

/// Gives a role; whether it was given now.
///
/// # Errors
/// [`StoreError::MissingReference`] when the holder or the role is gone.
pub async fn grant(
    tx: &mut Tx<'_>,
    role: RoleId,
    holder: &Holder,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let role = role.uuid();
    let given = match holder {
        Holder::User(id) => execute!(tx, GRANT_USER, id.uuid(), role)?,
        Holder::Group(id) => execute!(tx, GRANT_GROUP, id.uuid(), role)?,
        Holder::Client(id) => execute!(tx, GRANT_CLIENT, id.as_str(), role)?,
    };
    note(tx, holder, given, now).await
}

/// Takes a role; whether it was taken now.
pub async fn revoke(
    tx: &mut Tx<'_>,
    role: RoleId,
    holder: &Holder,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let role = role.uuid();
    let taken = match holder {
        Holder::User(id) => execute!(tx, REVOKE_USER, id.uuid(), role)?,
        Holder::Group(id) => execute!(tx, REVOKE_GROUP, id.uuid(), role)?,
        Holder::Client(id) => execute!(tx, REVOKE_CLIENT, id.as_str(), role)?,
    };
    note(tx, holder, taken, now).await
}

/// The holder has another version, and every node hears of it, if rows were written; whether there were
/// any.
async fn note(
    tx: &mut Tx<'_>,
    holder: &Holder,
    written: u64,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if written > 0 {
        version::step(tx, &holder.row()).await?;
        tx.note_change(holder.change(), now);
    }
    Ok(written > 0)
}
