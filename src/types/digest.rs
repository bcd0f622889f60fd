//! SHA-256 digests that know what they were made of.

use aws_lc_rs::digest::{Context, SHA256};

use super::token::TokenKind;

/// The SHA-256 of a secret of one kind. Only this reaches the database, so that neither a dump nor
/// a lookup in another kind's table yields anything.
///
/// The kind's prefix is hashed before the secret, separated by a NUL: a code can never be found as a
/// session, whatever an attacker sends. Equality of two hashes tells nothing about the secrets that
/// is worth timing, since the secrets carry 256 random bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of `presented` as a secret of `kind`.
    #[must_use]
    pub fn of(kind: TokenKind, presented: &str) -> Self {
        Self::of_parts(kind, &[presented.as_bytes()])
    }

    /// The hash of several parts, each preceded by its length, so that no two lists collide.
    #[must_use]
    pub fn of_parts(kind: TokenKind, parts: &[&[u8]]) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(kind.prefix().as_bytes());
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut out = [0; 32];
        out.copy_from_slice(context.finish().as_ref());
        Self(out)
    }

    /// The hash that a database column holds.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes to bind to SQL.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The plain SHA-256 of `data`.
#[must_use]
pub fn sha256(data: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(aws_lc_rs::digest::digest(&SHA256, data).as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_do_not_share_hashes() {
        let text = "the same text";
        assert_ne!(
            TokenHash::of(TokenKind::AuthorizationCode, text),
            TokenHash::of(TokenKind::AccessToken, text)
        );
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let kind = TokenKind::ClientAssertion;
        assert_ne!(
            TokenHash::of_parts(kind, &[b"ab", b"c"]),
            TokenHash::of_parts(kind, &[b"a", b"bc"])
        );
    }
}
