//! What someone types into the name field of the sign-in page: a username or an email address.

use super::{EmailAddress, Username};

/// The longest text that is looked at, in bytes. More is refused before any normalising.
pub const MAX_TYPED_BYTES: usize = super::username::MAX_TYPED_BYTES;

/// A typed name, canonical for lookup. Usernames have no `@`, so that the two never overlap.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum LoginName {
    /// A username.
    Username(Username),
    /// An email address; look it up by [`EmailAddress::canonical`].
    Email(EmailAddress),
    /// A text that can be nobody's name. Sign-in treats it as an unknown user: same answer, same cost,
    /// same counters.
    Nobody(Box<str>),
}

/// The text is longer than any name: answer 400, and look no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name has at most {MAX_TYPED_BYTES} bytes")]
pub struct LoginNameTooLong;

impl LoginName {
    /// Reads what was typed.
    ///
    /// # Errors
    /// [`LoginNameTooLong`] above [`MAX_TYPED_BYTES`] bytes.
    pub fn parse(typed: &str) -> Result<Self, LoginNameTooLong> {
        if typed.len() > MAX_TYPED_BYTES {
            return Err(LoginNameTooLong);
        }
        let name = match Username::parse(typed) {
            Ok(username) => Some(Self::Username(username)),
            Err(_) => EmailAddress::parse(typed).ok().map(Self::Email),
        };
        Ok(name.unwrap_or_else(|| Self::Nobody(typed.trim().into())))
    }

    /// The canonical text: the key of the limiter while no user is known by this name.
    #[must_use]
    pub fn canonical(&self) -> String {
        match self {
            Self::Username(username) => username.as_str().to_owned(),
            Self::Email(email) => email.canonical(),
            Self::Nobody(text) => text.to_lowercase(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_at_sign_tells_them_apart() {
        assert!(matches!(LoginName::parse("Alice"), Ok(LoginName::Username(_))));
        assert!(matches!(LoginName::parse("Alice@Example.com"), Ok(LoginName::Email(_))));
        assert!(matches!(LoginName::parse("a b"), Ok(LoginName::Nobody(_))));
        assert!(matches!(LoginName::parse(""), Ok(LoginName::Nobody(_))));
        assert!(matches!(LoginName::parse("a@b@c"), Ok(LoginName::Nobody(_))));
    }

    /// LOCK-06: every spelling of a name has one key.
    #[test]
    fn spellings_share_a_key() {
        let key = |typed| LoginName::parse(typed).unwrap().canonical();
        for spelling in ["ALICE", "alice ", "ａｌｉｃｅ"] {
            assert_eq!(key(spelling), "alice");
        }
        assert_eq!(key(" A@EXAMPLE.com"), key("a@example.com"));
        assert_eq!(key("A B"), key("a b "));
    }

    /// FLOOD-05.
    #[test]
    fn oversized_text_is_refused() {
        assert_eq!(LoginName::parse(&"a".repeat(1025)), Err(LoginNameTooLong));
        assert!(LoginName::parse(&"a".repeat(1024)).is_ok());
    }
}
