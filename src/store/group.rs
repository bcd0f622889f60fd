//! Groups and their members.

use uuid::Uuid;

use super::{
    Conn, StoreError, Tx,
    db::run::{execute, fetch_all, fetch_optional},
    row::{self, row},
    statements::statements,
    user::{self, UserRow},
    version,
};
use crate::{
    identity::{group::Group, role::Name, user::User},
    types::{GroupId, Timestamp, UserId, change::Change, version::Versioned},
};

/// The columns of [`GroupRow`], of the table under the name `g`.
macro_rules! columns {
    () => {
        "g.id, g.name, g.description, g.created_at, g.updated_at,
         (SELECT string_agg(r.name, '\n') FROM role_groups a JOIN roles r ON r.id = a.role_id
          WHERE a.group_id = g.id) AS roles"
    };
}

statements! { "group";
    INSERT = "INSERT INTO groups (id, name, description, created_at, updated_at)
              VALUES ($1, $2, $3, $4, $5)";
    FIND = concat!("SELECT ", columns!(), " FROM groups g WHERE g.name = $1");
    ALL = concat!("SELECT ", columns!(), " FROM groups g ORDER BY g.name");
    LIST = concat!("SELECT ", columns!(), " FROM groups g WHERE g.name > $1
                    ORDER BY g.name LIMIT $2");
    UPDATE = "UPDATE groups SET description = $2, updated_at = $3, version = version + 1
              WHERE id = $1";
    DELETE = "DELETE FROM groups WHERE id = $1";
    MEMBERS = concat!("SELECT ", user::columns!(), "
        FROM group_members gm JOIN users u ON u.id = gm.user_id
        WHERE gm.group_id = $1 AND gm.user_id > $2 ORDER BY gm.user_id LIMIT $3");
    ADD_MEMBER = "INSERT INTO group_members (user_id, group_id) VALUES ($1, $2)
                  ON CONFLICT (user_id, group_id) DO NOTHING";
    REMOVE_MEMBER = "DELETE FROM group_members WHERE user_id = $1 AND group_id = $2";
}

/// Adds a group without members and roles.
///
/// # Errors
/// [`StoreError::Conflict`] with [`super::Unique::GroupName`] when the name is taken.
pub async fn insert(tx: &mut Tx<'_>, group: &Group) -> Result<(), StoreError> {
    let (created, updated) = (group.created_at.unix(), group.updated_at.unix());
    let (name, description) = (group.name.as_str(), group.description.as_str());
    execute!(tx, INSERT, group.id.uuid(), name, description, created, updated)?;
    tx.note_change(Change::Roles, group.created_at);
    Ok(())
}

/// The group of that name.
pub async fn find(conn: &mut Conn<'_>, name: &str) -> Result<Option<Group>, StoreError> {
    fetch_optional!(GroupRow, conn, FIND, name)?.map(Group::try_from).transpose()
}

/// Every group, in the order of the names.
pub async fn all(conn: &mut Conn<'_>) -> Result<Vec<Group>, StoreError> {
    fetch_all!(GroupRow, conn, ALL)?.into_iter().map(Group::try_from).collect()
}

/// At most `limit` groups in the order of their names, from the first one after `after`.
pub async fn list(
    conn: &mut Conn<'_>,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Group>, StoreError> {
    let rows = fetch_all!(GroupRow, conn, LIST, after.unwrap_or_default(), i64::from(limit))?;
    rows.into_iter().map(Group::try_from).collect()
}

/// Writes the description; whether the group exists.
pub async fn update(
    tx: &mut Tx<'_>,
    id: GroupId,
    description: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let updated = execute!(tx, UPDATE, id.uuid(), description, now.unix())? > 0;
    note_if(tx, updated, now);
    Ok(updated)
}

/// Deletes a group; whether it was there. Its members hold its roles no more.
pub async fn delete(tx: &mut Tx<'_>, id: GroupId, now: Timestamp) -> Result<bool, StoreError> {
    let deleted = execute!(tx, DELETE, id.uuid())? > 0;
    note_if(tx, deleted, now);
    Ok(deleted)
}

/// At most `limit` members in the order of their ids, from the first one after `after`.
pub async fn members(
    conn: &mut Conn<'_>,
    id: GroupId,
    after: Option<UserId>,
    limit: u32,
) -> Result<Vec<User>, StoreError> {
    let after = after.map_or(Uuid::nil(), UserId::uuid);
    let rows = fetch_all!(UserRow, conn, MEMBERS, id.uuid(), after, i64::from(limit))?;
    rows.into_iter().map(User::try_from).collect()
}

/// Takes a user into the group; whether the user joined now.
///
/// # Errors
/// [`StoreError::MissingReference`] when the user or the group is gone.
pub async fn add_member(
    tx: &mut Tx<'_>,
    id: GroupId,
    user: UserId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let joined = execute!(tx, ADD_MEMBER, user.uuid(), id.uuid())? > 0;
    if joined {
        version::step(tx, &Versioned::User(user)).await?;
        tx.note_change(Change::User(user), now);
    }
    Ok(joined)
}

/// Takes a user out of the group; whether the user left now.
pub async fn remove_member(
    tx: &mut Tx<'_>,
    id: GroupId,
    user: UserId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let left = execute!(tx, REMOVE_MEMBER, user.uuid(), id.uuid())? > 0;
    if left {
        version::step(tx, &Versioned::User(user)).await?;
        tx.note_change(Change::User(user), now);
    }
    Ok(left)
}

fn note_if(tx: &mut Tx<'_>, changed: bool, now: Timestamp) {
    if changed {
        tx.note_change(Change::Roles, now);
    }
}

row! {
    struct GroupRow {
        id: Uuid,
        name: String,
        description: String,
        created_at: i64,
        updated_at: i64,
        roles: Option<String>,
    }
}

impl TryFrom<GroupRow> for Group {
    type Error = StoreError;

    fn try_from(row: GroupRow) -> Result<Self, Self::Error> {
        Ok(Self {
            id: GroupId::from_uuid(row.id),
            name: Name::parse(&row.name).map_err(|_| row::corrupt("groups.name"))?,
            description: row.description,
            roles: row::lines(row.roles.as_deref()),
            created_at: Timestamp::from_unix(row.created_at),
            updated_at: Timestamp::from_unix(row.updated_at),
        })
    }
}
