//! Scope: an unordered set of case-sensitive tokens. RFC 6749 §3.3.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// A set of scope tokens; the empty set is a scope like any other and contains nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope(BTreeSet<String>);

/// The text is no scope: a character outside %x21 / %x23-5B / %x5D-7E, or more than 8 KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("scope has a character outside %x21 / %x23-5B / %x5D-7E, or is too long")]
pub struct NotAScope;

impl Scope {
    /// The longest scope text that is read, in bytes.
    pub const MAX_BYTES: usize = 8 * 1024;

    /// Reads space-separated tokens; their order and repetition carry no meaning.
    ///
    /// # Errors
    /// [`NotAScope`] when a token has a character that RFC 6749 §3.3 does not allow.
    pub fn parse(text: &str) -> Result<Self, NotAScope> {
        let allowed = |b: u8| matches!(b, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if text.len() > Self::MAX_BYTES || !text.bytes().all(allowed) {
            return Err(NotAScope);
        }
        Ok(Self(text.split(' ').filter(|token| !token.is_empty()).map(str::to_owned).collect()))
    }

    /// Whether `token` is in the scope.
    #[must_use]
    pub fn contains(&self, token: &str) -> bool {
        self.0.contains(token)
    }

    /// Whether nothing is in the scope.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every token of this scope is in `other`.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// The tokens that are in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    /// The tokens that are in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// This scope less `token`.
    #[must_use]
    pub fn without(mut self, token: &str) -> Self {
        self.0.remove(token);
        self
    }

    /// The tokens for which `keep` holds.
    #[must_use]
    pub fn filter(&self, keep: impl Fn(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|token| keep(token)).cloned().collect())
    }

    /// The tokens of this scope that are not in `other`.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        Self(self.0.difference(&other.0).cloned().collect())
    }

    /// The tokens in their sorted order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (position, token) in self.iter().enumerate() {
            if position > 0 {
                f.write_str(" ")?;
            }
            f.write_str(token)?;
        }
        Ok(())
    }
}

impl TryFrom<String> for Scope {
    type Error = NotAScope;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_repetition_carry_no_meaning() {
        let scope = Scope::parse("profile openid  profile").unwrap();
        assert_eq!(scope, Scope::parse("openid profile").unwrap());
        assert_eq!(scope.to_string(), "openid profile");
    }

    #[test]
    fn tokens_are_case_sensitive() {
        assert!(!Scope::parse("OpenID").unwrap().contains("openid"));
    }

    #[test]
    fn other_characters_are_refused() {
        for bad in ["a\"b", "a\\b", "a\tb", "ä", "a\u{7f}", &"a ".repeat(5_000)] {
            assert_eq!(Scope::parse(bad), Err(NotAScope), "{bad:?}");
        }
    }
}
