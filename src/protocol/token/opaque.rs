//! Opaque access tokens: facts that this server alone can read. RFC 6749 §1.4.

use super::access::AccessTokenId;
use crate::types::{
    ClientId, Scope, Timestamp, UserId,
    seal::{NONCE_LEN, Sealer},
    token::TokenKind,
};

/// Separates the tokens from whatever else could be sealed with the same key one day.
const PLACE: &[u8] = b"opaque access token, version 1";

/// What an opaque access token says. It is sealed into the text of the token, so that issuing one writes
/// nothing, as with a JWT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpaqueToken {
    /// Its name, and what it hangs from.
    pub id: AccessTokenId,
    /// The user it speaks for; `None` when the client acts for itself.
    pub user_id: Option<UserId>,
    /// The client that it was issued to.
    pub client_id: ClientId,
    /// The APIs it is for.
    pub audience: Vec<String>,
    /// What it allows.
    pub scope: Scope,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it dies.
    pub expires_at: Timestamp,
}

/// What stands in the seal, as a JSON array in the order of [`OpaqueToken`].
type Sealed = (String, Option<UserId>, ClientId, Vec<String>, Scope, Timestamp, Timestamp);

impl OpaqueToken {
    /// The text of the token: the prefix of its kind, and the sealed facts in base64url without padding.
    ///
    /// `nonce` is 12 random bytes.
    ///
    /// # Errors
    /// A [`serde_json::Error`] when a value cannot be JSON, which none of these types is known to do.
    pub fn seal(
        &self,
        sealer: &Sealer,
        nonce: [u8; NONCE_LEN],
    ) -> Result<String, serde_json::Error> {
        let Self { id, user_id, client_id, audience, scope, issued_at, expires_at } = self;
        let facts = (id.encode(), user_id, client_id, audience, scope, issued_at, expires_at);
        let body = sealer.seal_text(nonce, PLACE, &serde_json::to_vec(&facts)?);
        Ok([TokenKind::AccessToken.prefix(), &body].concat())
    }

    /// Reads what [`OpaqueToken::seal`] wrote: `None` for any other text, without a reason. Whether the
    /// token still counts is asked elsewhere.
    #[must_use]
    pub fn open(sealer: &Sealer, text: &str) -> Option<Self> {
        let body = text.strip_prefix(TokenKind::AccessToken.prefix())?;
        let facts = sealer.open_text(PLACE, body).ok()?;
        let facts: Sealed = serde_json::from_slice(&facts).ok()?;
        let (id, user_id, client_id, audience, scope, issued_at, expires_at) = facts;
        let id = AccessTokenId::decode(&id)?;
        Some(Self { id, user_id, client_id, audience, scope, issued_at, expires_at })
    }
}

#[cfg(test)]
mod tests {
    use base64ct::{Base64UrlUnpadded, Encoding};

    use super::*;
    use crate::{
        protocol::token::access::TokenSource,
        types::{
            GrantId,
            seal::{MasterKey, Purpose},
        },
    };

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn sealer(purpose: Purpose) -> Sealer {
        Sealer::new(&MasterKey::from_bytes([7; 32]), purpose)
    }

    fn token() -> OpaqueToken {
        OpaqueToken {
            id: AccessTokenId {
                source: TokenSource::Grant(GrantId::new(NOW, [1; 10])),
                random: [2; 16],
            },
            user_id: Some(UserId::new(NOW, [3; 10])),
            client_id: ClientId::parse("app").unwrap(),
            audience: vec!["https://notes.example".to_owned()],
            scope: Scope::parse("notes:read openid").unwrap(),
            issued_at: NOW,
            expires_at: NOW.plus(std::time::Duration::from_mins(5)),
        }
    }

    fn text(token: &OpaqueToken) -> String {
        token.seal(&sealer(Purpose::AccessToken), [9; 12]).unwrap()
    }

    #[test]
    fn what_is_sealed_opens() {
        let of_a_client = OpaqueToken {
            id: AccessTokenId { source: TokenSource::Client, random: [4; 16] },
            user_id: None,
            audience: Vec::new(),
            scope: Scope::default(),
            ..token()
        };
        for token in [token(), of_a_client] {
            let opened = OpaqueToken::open(&sealer(Purpose::AccessToken), &text(&token));
            assert_eq!(opened, Some(token));
        }
    }

    /// It is to be opaque: not even its owner reads whom or what it is for.
    #[test]
    fn rfc6749_section_1_4_nothing_can_be_read_from_it() {
        let text = text(&token());
        let body = Base64UrlUnpadded::decode_vec(text.strip_prefix("dwa_").unwrap()).unwrap();
        for fact in ["app", "notes", token().id.encode().as_str()] {
            assert!(!body.windows(fact.len()).any(|part| part == fact.as_bytes()), "{fact}");
        }
    }

    /// TOK-06: cut, extended, altered, in another case, of another kind.
    #[test]
    fn tok_06_only_the_exact_text_opens() {
        let text = text(&token());
        let opens = |text: &str| OpaqueToken::open(&sealer(Purpose::AccessToken), text).is_some();
        assert!(opens(&text));
        for end in 0..text.len() {
            assert!(!opens(&text[..end]), "the first {end} characters");
        }
        for at in 0..text.len() {
            let mut altered = text.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            assert!(!opens(std::str::from_utf8(&altered).unwrap()), "character {at}");
        }
        let body = &text[4..];
        for bad in [
            &format!("{text}A"),
            &format!("{text}="),
            &format!(" {text}"),
            &text.to_lowercase(),
            &text.to_uppercase(),
            &format!("dwr_{body}"),
            body,
        ] {
            assert!(!opens(bad), "{bad}");
        }
    }

    #[test]
    fn what_was_sealed_elsewhere_or_for_something_else_is_no_token() {
        let text = text(&token());
        assert_eq!(OpaqueToken::open(&sealer(Purpose::Flow), &text), None);
        let elsewhere = Sealer::new(&MasterKey::from_bytes([8; 32]), Purpose::AccessToken);
        assert_eq!(OpaqueToken::open(&elsewhere, &text), None);
        let other = sealer(Purpose::AccessToken);
        for (place, facts) in [(&b"elsewhere"[..], "[]"), (PLACE, "[]"), (PLACE, "no JSON")] {
            let body = other.seal_text([9; 12], place, facts.as_bytes());
            assert_eq!(OpaqueToken::open(&other, &format!("dwa_{body}")), None, "{facts}");
        }
    }
}
