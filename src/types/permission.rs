//! Permissions: what an API lets its callers do, by name. A permission's name is a scope token.

use serde::{Deserialize, Serialize};

/// The name of a permission, such as `notes:read`: one scope token (RFC 6749 §3.3) of 1 to
/// [`Permission::MAX_BYTES`] characters. It names the same permission everywhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Permission(String);

/// The text names no permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a permission has 1 to 128 characters of %x21 / %x23-5B / %x5D-7E, without spaces")]
pub struct NotAPermission;

impl Permission {
    /// The longest name, in bytes.
    pub const MAX_BYTES: usize = 128;

    /// Reads the name of a permission.
    ///
    /// # Errors
    /// [`NotAPermission`] when the text is no scope token or too long.
    pub fn parse(text: &str) -> Result<Self, NotAPermission> {
        let fits = (1..=Self::MAX_BYTES).contains(&text.len());
        let token = text.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
        if fits && token { Ok(Self(text.to_owned())) } else { Err(NotAPermission) }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for Permission {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Permission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Permission {
    type Error = NotAPermission;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Permission> for String {
    fn from(permission: Permission) -> Self {
        permission.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc6749_section_3_3_a_permission_is_one_scope_token() {
        assert_eq!(Permission::parse("notes:read").unwrap().as_str(), "notes:read");
        for bad in ["", "notes read", "a\"b", "a\\b", "a\tb", "\u{e4}", &"x".repeat(129)] {
            assert_eq!(Permission::parse(bad), Err(NotAPermission), "{bad:?}");
        }
    }
}
