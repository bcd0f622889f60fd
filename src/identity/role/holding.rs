//! Who holds a role, and how they came by it.

use std::{fmt, str::FromStr};

use uuid::Uuid;

use crate::types::{ClientId, GroupId, RoleId, UserId};

/// One way in which somebody holds a role. Who holds it in several ways has several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// Who.
    pub holder: Holder,
    /// The id of the role that was given.
    pub given: RoleId,
    /// Its name: the role that was asked about, or one that contains it.
    pub role: String,
}

/// Who holds a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// A user to whom it was given.
    User(UserId, String),
    /// A group to which it was given, by id and name.
    Group(GroupId, String),
    /// A user through such a group.
    Member {
        /// The user's id.
        user: UserId,
        /// The user's name.
        username: String,
        /// The group's id.
        group: GroupId,
        /// The group's name.
        name: String,
    },
    /// A client that acts for itself.
    Client(ClientId),
}

impl Holding {
    /// Where it stands in the list.
    #[must_use]
    pub fn place(&self) -> Place {
        let given = self.given.uuid();
        match &self.holder {
            Holder::User(user, _) => Place::Users { user: user.uuid(), given },
            Holder::Group(group, _) => Place::Groups { group: group.uuid(), given },
            Holder::Member { user, group, .. } => {
                Place::Members { group: group.uuid(), user: user.uuid(), given }
            }
            Holder::Client(client) => Place::Clients { client: client.to_string(), given },
        }
    }
}

/// A place in the list of those who hold a role: users, groups, their members, clients, each by id. A
/// place of nil ids is before the first of its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Among the users to whom it was given.
    Users {
        /// The user.
        user: Uuid,
        /// The role that was given.
        given: Uuid,
    },
    /// Among the groups.
    Groups {
        /// The group.
        group: Uuid,
        /// The role that was given.
        given: Uuid,
    },
    /// Among the members of the groups.
    Members {
        /// The group.
        group: Uuid,
        /// The user.
        user: Uuid,
        /// The role that was given.
        given: Uuid,
    },
    /// Among the clients.
    Clients {
        /// The client; empty before the first.
        client: String,
        /// The role that was given.
        given: Uuid,
    },
}

impl Place {
    /// Before the first of all.
    pub const START: Self = Self::Users { user: Uuid::nil(), given: Uuid::nil() };

    /// Before the first of the next kind; `None` after the last kind.
    #[must_use]
    pub fn next_kind(&self) -> Option<Self> {
        let nil = Uuid::nil();
        match self {
            Self::Users { .. } => Some(Self::Groups { group: nil, given: nil }),
            Self::Groups { .. } => Some(Self::Members { group: nil, user: nil, given: nil }),
            Self::Members { .. } => Some(Self::Clients { client: String::new(), given: nil }),
            Self::Clients { .. } => None,
        }
    }
}

/// As [`Place::from_str`] reads it.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Users { user, given } => write!(f, "user {given} {user}"),
            Self::Groups { group, given } => write!(f, "group {given} {group}"),
            Self::Members { group, user, given } => write!(f, "member {given} {group} {user}"),
            Self::Clients { client, given } => write!(f, "client {given} {client}"),
        }
    }
}

/// The text is no place in a list of holders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no place in a list of holders")]
pub struct NotAPlace;

impl FromStr for Place {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, rest) = text.split_once(' ').ok_or(NotAPlace)?;
        let (given, key) = rest.split_once(' ').ok_or(NotAPlace)?;
        let id = |text: &str| Uuid::parse_str(text).map_err(|_| NotAPlace);
        let given = id(given)?;
        match kind {
            "user" => Ok(Self::Users { user: id(key)?, given }),
            "group" => Ok(Self::Groups { group: id(key)?, given }),
            "member" => {
                let (group, user) = key.split_once(' ').ok_or(NotAPlace)?;
                Ok(Self::Members { group: id(group)?, user: id(user)?, given })
            }
            "client" => Ok(Self::Clients { client: key.to_owned(), given }),
            _ => Err(NotAPlace),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let (one, two, given) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        for place in [
            Place::START,
            Place::Users { user: one, given },
            Place::Groups { group: one, given },
            Place::Members { group: one, user: two, given },
            Place::Clients { client: "a client".to_owned(), given },
        ] {
            assert_eq!(place.to_string().parse(), Ok(place));
        }
        for bad in ["", "user", "user 1 2", "nobody 1 2", "member 1", "group "] {
            assert_eq!(bad.parse::<Place>(), Err(NotAPlace), "{bad:?}");
        }
    }
}
