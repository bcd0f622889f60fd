//! Roles: named sets of permissions. Users, groups and service clients hold them; APIs read their
//! names in the claim `roles` (RFC 9068 §2.2.3.1).
//!
//! [`decide`] is the one place that says whether somebody may do something. It knows no rule that
//! denies: what no role permits is denied.

pub mod built_in;
mod decision;
mod directory;
pub mod holding;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use decision::{Decision, Subject, decide};
pub use directory::Roles;

use crate::types::{ApiId, Permission, RoleId, Timestamp};

/// A role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its id.
    pub id: RoleId,
    /// Its name, which tokens tell and APIs check. It never changes.
    pub name: Name,
    /// What it is for, in the operator's words.
    pub description: String,
    /// The API that it is a role of; `None` for a role across APIs. Only tokens for that API tell it.
    pub api: Option<ApiId>,
    /// What its holders may do.
    pub permissions: BTreeSet<Permission>,
    /// The names of the roles that its holders hold with it.
    pub contains: BTreeSet<String>,
    /// Whether Doorward made it, so that it cannot be deleted.
    pub built_in: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was written last.
    pub updated_at: Timestamp,
}

/// The name of a role or of a group: `[a-z0-9][a-z0-9._-]*`, at most [`Name::MAX_BYTES`] long.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

/// The text is no name of a role or a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to 64 characters: a-z, 0-9, and after the first also . _ -")]
pub struct NotAName;

impl Name {
    /// The longest name, in bytes.
    pub const MAX_BYTES: usize = 64;

    /// Reads a name.
    ///
    /// # Errors
    /// [`NotAName`] when the text cannot be one.
    pub fn parse(text: &str) -> Result<Self, NotAName> {
        let inner = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
        let begins = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        let fits = text.len() <= Self::MAX_BYTES && text.bytes().all(inner);
        if begins && fits { Ok(Self(text.to_owned())) } else { Err(NotAName) }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Name {
    type Error = NotAName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_small_letters_digits_and_three_signs() {
        for name in ["user", "0day", "site.moderator_2-x", &"x".repeat(64)] {
            assert_eq!(Name::parse(name).unwrap().as_str(), name);
        }
        for bad in ["", ".a", "-a", "_a", "Admin", "a b", "a\nb", "a:b", "\u{e4}", &"x".repeat(65)]
        {
            assert_eq!(Name::parse(bad), Err(NotAName), "{bad:?}");
        }
    }
}
