//! Opaque secrets that the server makes: a prefix that says what it is, and 256 random bits.

use base64ct::{Base64UrlUnpadded, Encoding};

use super::{digest::TokenHash, secret::Secret};

/// What a secret is for. Each kind has a prefix of its own, in the text and under the hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// An authorization code (RFC 6749 §4.1).
    AuthorizationCode,
    /// An opaque access token (RFC 6749 §1.4), or the `jti` of one that is a JWT.
    AccessToken,
    /// A refresh token (RFC 6749 §1.5); its text is made by its family.
    RefreshToken,
    /// An API key; its text is made by [`api_key`](super::api_key).
    ApiKey,
    /// A browser session's cookie.
    Session,
    /// A client secret (RFC 6749 §2.3.1).
    ClientSecret,
    /// The `jti` of a client assertion (RFC 7523 §3).
    ClientAssertion,
    /// The cookie that says: this browser is the one that the page was made for.
    Browser,
    /// The cookie that says: this user has signed in here before.
    KnownDevice,
    /// The one-time link that makes the first administrator.
    Bootstrap,
    /// A key under which failed sign-ins are counted.
    SignInAttempt,
}

impl TokenKind {
    /// The text that a secret of this kind starts with, as secret scanners see it.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "dwc_",
            Self::AccessToken => "dwa_",
            Self::RefreshToken => "dwr_",
            Self::ApiKey => super::api_key::PREFIX,
            Self::Session => "dws_",
            Self::ClientSecret => "dwk_",
            Self::ClientAssertion => "dwj_",
            Self::Browser => "dwb_",
            Self::KnownDevice => "dwd_",
            Self::Bootstrap => "dwf_",
            Self::SignInAttempt => "dwl_",
        }
    }

    /// Makes the secret's text of 32 random bytes: the prefix and 43 characters of base64url.
    #[must_use]
    pub fn mint(self, random: [u8; 32]) -> Secret<String> {
        Secret::new(format!("{}{}", self.prefix(), Base64UrlUnpadded::encode_string(&random)))
    }

    /// The hash to look `presented` up by; `None` when it cannot be a secret of this kind.
    ///
    /// Only the canonical text passes: the exact prefix and length, and no loose bits at the end.
    #[must_use]
    pub fn recognise(self, presented: &str) -> Option<TokenHash> {
        let body = presented.strip_prefix(self.prefix())?;
        let mut bytes = [0; 32];
        let decoded = Base64UrlUnpadded::decode(body, &mut bytes).ok()?;
        (decoded.len() == 32).then(|| TokenHash::of(self, presented))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minted_secret_is_recognised_as_its_kind_only() {
        let text = TokenKind::AuthorizationCode.mint([7; 32]);
        assert_eq!(text.expose().len(), 4 + 43);
        assert!(TokenKind::AuthorizationCode.recognise(text.expose()).is_some());
        assert!(TokenKind::AccessToken.recognise(text.expose()).is_none());
    }

    #[test]
    fn altered_secrets_are_not_recognised() {
        let text = TokenKind::Session.mint([7; 32]);
        let text = text.expose();
        let longer = format!("{text}A");
        let padded = format!("{text}=");
        let shorter = &text[..text.len() - 1];
        let loose_bits = format!("{shorter}d");
        for bad in ["", "dws_", longer.as_str(), padded.as_str(), shorter, loose_bits.as_str()] {
            assert!(TokenKind::Session.recognise(bad).is_none(), "{bad}");
        }
    }
}
