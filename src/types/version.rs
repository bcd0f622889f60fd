//! Versions of rows, so that a change is made in the light of the newest. RFC 9110 §8.8.

use super::{ApiId, ClientId, GroupId, RoleId, UserId};

/// How often a row was written. It grows with every write, whoever makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(i64);

impl Version {
    /// The version of that number.
    #[must_use]
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0
    }
}

/// A row that has versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Versioned {
    /// A user.
    User(UserId),
    /// A client.
    Client(ClientId),
    /// An API.
    Api(ApiId),
    /// A role.
    Role(RoleId),
    /// A group.
    Group(GroupId),
}
