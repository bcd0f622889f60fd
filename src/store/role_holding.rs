//! Who holds a role: to whom it, or a role that contains it, was given.

use uuid::Uuid;

use super::{
    Conn, StoreError,
    db::run::fetch_all,
    row::{self, row},
    statements::statements,
};
use crate::{
    identity::role::holding::{Holder, Holding, Place},
    types::{GroupId, RoleId, UserId},
};

/// The role and every role that contains it, however deep.
macro_rules! outer_roles {
    () => {
        "WITH RECURSIVE outer_roles (id) AS (
             SELECT id FROM roles WHERE id = $1
             UNION
             SELECT c.role_id FROM role_contains c JOIN outer_roles o ON c.contained_id = o.id
         ) "
    };
}

statements! { "role_holding";
    USERS = concat!(outer_roles!(),
        "SELECT a.user_id AS id, u.username AS name, r.id AS role_id, r.name AS role
         FROM outer_roles o JOIN roles r ON r.id = o.id JOIN role_users a ON a.role_id = o.id
             JOIN users u ON u.id = a.user_id
         WHERE (a.user_id, a.role_id) > ($2, $3) ORDER BY a.user_id, a.role_id LIMIT $4");
    GROUPS = concat!(outer_roles!(),
        "SELECT a.group_id AS id, g.name AS name, r.id AS role_id, r.name AS role
         FROM outer_roles o JOIN roles r ON r.id = o.id JOIN role_groups a ON a.role_id = o.id
             JOIN groups g ON g.id = a.group_id
         WHERE (a.group_id, a.role_id) > ($2, $3) ORDER BY a.group_id, a.role_id LIMIT $4");
    MEMBERS = concat!(outer_roles!(),
        "SELECT m.user_id, u.username, m.group_id, g.name AS group_name, r.id AS role_id,
             r.name AS role
         FROM outer_roles o JOIN roles r ON r.id = o.id JOIN role_groups a ON a.role_id = o.id
             JOIN groups g ON g.id = a.group_id JOIN group_members m ON m.group_id = a.group_id
             JOIN users u ON u.id = m.user_id
         WHERE (m.group_id, m.user_id, a.role_id) > ($2, $3, $4)
         ORDER BY m.group_id, m.user_id, a.role_id LIMIT $5");
    /// A deleted client holds nothing.
    CLIENTS = concat!(outer_roles!(),
        "SELECT a.client_id, r.id AS role_id, r.name AS role
         FROM outer_roles o JOIN roles r ON r.id = o.id JOIN role_clients a ON a.role_id = o.id
             JOIN clients c ON c.id = a.client_id AND c.status <> 'deleted'
         WHERE (a.client_id, a.role_id) > ($2, $3) ORDER BY a.client_id, a.role_id LIMIT $4");
}

/// At most `limit` ways in which somebody holds the role, in the order of [`Place`], from the first one
/// after `after`.
pub async fn list(
    conn: &mut Conn<'_>,
    role: RoleId,
    after: Place,
    limit: u32,
) -> Result<Vec<Holding>, StoreError> {
    let (mut found, limit) = (Vec::new(), usize::try_from(limit).unwrap_or(usize::MAX));
    let mut place = Some(after);
    while let Some(after) = place.filter(|_| found.len() < limit) {
        let rest = i64::try_from(limit - found.len()).unwrap_or(i64::MAX);
        found.extend(of_kind(conn, role.uuid(), &after, rest).await?);
        place = after.next_kind();
    }
    Ok(found)
}

/// Those of one kind.
async fn of_kind(
    conn: &mut Conn<'_>,
    role: Uuid,
    after: &Place,
    limit: i64,
) -> Result<Vec<Holding>, StoreError> {
    match after {
        Place::Users { user, given } => {
            let rows = fetch_all!(Named, conn, USERS, role, *user, *given, limit)?;
            Ok(rows.into_iter().map(Named::user).collect())
        }
        Place::Groups { group, given } => {
            let rows = fetch_all!(Named, conn, GROUPS, role, *group, *given, limit)?;
            Ok(rows.into_iter().map(Named::group).collect())
        }
        Place::Members { group, user, given } => {
            let rows = fetch_all!(Member, conn, MEMBERS, role, *group, *user, *given, limit)?;
            Ok(rows.into_iter().map(Holding::from).collect())
        }
        Place::Clients { client, given } => {
            let rows = fetch_all!(ClientRow, conn, CLIENTS, role, client.as_str(), *given, limit)?;
            rows.into_iter().map(Holding::try_from).collect()
        }
    }
}

row! {
    struct Named {
        id: Uuid,
        name: String,
        role_id: Uuid,
        role: String,
    }
}

impl Named {
    fn user(self) -> Holding {
        let holder = Holder::User(UserId::from_uuid(self.id), self.name);
        Holding { holder, given: RoleId::from_uuid(self.role_id), role: self.role }
    }

    fn group(self) -> Holding {
        let holder = Holder::Group(GroupId::from_uuid(self.id), self.name);
        Holding { holder, given: RoleId::from_uuid(self.role_id), role: self.role }
    }
}

row! {
    struct Member {
        user_id: Uuid,
        username: String,
        group_id: Uuid,
        group_name: String,
        role_id: Uuid,
        role: String,
    }
}

impl From<Member> for Holding {
    fn from(row: Member) -> Self {
        let holder = Holder::Member {
            user: UserId::from_uuid(row.user_id),
            username: row.username,
            group: GroupId::from_uuid(row.group_id),
            name: row.group_name,
        };
        Self { holder, given: RoleId::from_uuid(row.role_id), role: row.role }
    }
}

row! {
    struct ClientRow {
        client_id: String,
        role_id: Uuid,
        role: String,
    }
}

impl TryFrom<ClientRow> for Holding {
    type Error = StoreError;

    fn try_from(row: ClientRow) -> Result<Self, Self::Error> {
        let client = row::client_id("role_clients.client_id", &row.client_id)?;
        let holder = Holder::Client(client);
        Ok(Self { holder, given: RoleId::from_uuid(row.role_id), role: row.role })
    }
}
