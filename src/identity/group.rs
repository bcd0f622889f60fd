//! Groups: users who hold roles together.

use std::collections::BTreeSet;

use super::role::Name;
use crate::types::{GroupId, Timestamp};

/// A group. Its members are kept by the users: a group knows what they hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// Its name, which tokens tell (`groups`). It never changes.
    pub name: Name,
    /// What it is for, in the operator's words.
    pub description: String,
    /// The names of the roles that every member holds.
    pub roles: BTreeSet<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was written last.
    pub updated_at: Timestamp,
}
