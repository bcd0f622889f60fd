//! Access tokens as JWTs. RFC 9068.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    protocol::jose::{
        Alg, ClaimsError, Expiry, JwtError, JwtKeys, JwtRules, JwtType, Typ, VerifyingKeys, verify,
    },
    types::{ApiKeyId, ClientId, GrantId, Scope, Timestamp, TokenHash, token::TokenKind},
};

/// The algorithms that this server signs with.
pub(super) const OWN_ALGS: &[Alg] = &[Alg::RS256, Alg::PS256, Alg::ES256, Alg::EdDSA];

/// What an access token hangs from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenSource {
    /// Nothing: the client acts for itself.
    Client,
    /// A grant of a user.
    Grant(GrantId),
    /// An API key that was exchanged for it (RFC 8693).
    ApiKey(ApiKeyId),
}

/// The `jti` of an access token: what it hangs from, and 128 random bits.
///
/// The id of a grant or a key opens nothing. It stands here so that a token can be refused when what it
/// hangs from was revoked, without a claim that only Doorward knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessTokenId {
    /// What it hangs from.
    pub source: TokenSource,
    /// What makes the id unique.
    pub random: [u8; 16],
}

/// What stands before the id of an API key.
const OF_API_KEY: u8 = b'k';

impl AccessTokenId {
    /// The text, in base64url: 43 characters, with zeros in the place of the grant where there is none;
    /// or 44 that begin with `a`, of a token that came of an API key.
    #[must_use]
    pub fn encode(&self) -> String {
        let (mark, id): (&[u8], Uuid) = match self.source {
            TokenSource::Client => (&[], Uuid::nil()),
            TokenSource::Grant(id) => (&[], id.uuid()),
            TokenSource::ApiKey(id) => (&[OF_API_KEY], id.uuid()),
        };
        let bytes = [mark, id.as_bytes().as_slice(), self.random.as_slice()].concat();
        Base64UrlUnpadded::encode_string(&bytes)
    }

    /// Reads what [`AccessTokenId::encode`] wrote; `None` for any other text.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let mut bytes = [0; 33];
        let decoded = Base64UrlUnpadded::decode(text, &mut bytes).ok()?;
        let (mark, rest) = decoded.split_at_checked(decoded.len().checked_sub(32)?)?;
        let (id, random) = rest.split_first_chunk::<16>()?;
        let id = Uuid::from_bytes(*id);
        let source = match mark {
            [] if id.is_nil() => TokenSource::Client,
            [] => TokenSource::Grant(GrantId::from_uuid(id)),
            [OF_API_KEY] => TokenSource::ApiKey(ApiKeyId::from_uuid(id)),
            [..] => return None,
        };
        Some(Self { source, random: random.try_into().ok()? })
    }

    /// The hash under which a revocation of this one token is kept.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(TokenKind::AccessToken, &self.encode())
    }
}

/// The claims of an access token. RFC 9068 §2.2. Sign them as [`JwtType::AccessToken`].
#[derive(Debug, Clone, Serialize)]
pub struct AccessTokenClaims<'a> {
    /// The issuer identifier.
    pub iss: &'a str,
    /// The user, or the client when it acts for itself; of a key, its owner.
    pub sub: &'a str,
    /// The APIs it is for: at least one.
    #[serde(serialize_with = "super::audience")]
    pub aud: &'a [String],
    /// The client that it was issued to.
    pub client_id: &'a str,
    /// What it allows; left out when that is nothing.
    #[serde(skip_serializing_if = "Scope::is_empty")]
    pub scope: &'a Scope,
    /// When it was issued.
    pub iat: Timestamp,
    /// From when on it counts: `iat`.
    pub nbf: Timestamp,
    /// When it dies.
    pub exp: Timestamp,
    /// Its name: [`AccessTokenId::encode`].
    pub jti: &'a str,
    /// When the user signed in. RFC 9068 §2.2.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<Timestamp>,
    /// In which authentication context.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<&'a str>,
    /// By which methods.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub amr: &'a [String],
    /// The names of the user's roles, when the `roles` scope was granted. RFC 9068 §2.2.3.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<&'a [String]>,
    /// The names of the user's groups, when the `groups` scope was granted. RFC 9068 §2.2.3.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<&'a [String]>,
}

impl AccessTokenClaims<'_> {
    /// The kind of JWT that these claims belong in.
    pub const TYPE: JwtType = JwtType::AccessToken;
}

/// An access token of our own that was presented, and is genuine and alive as far as it says itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedAccessToken {
    /// Its name, and what to ask for.
    pub id: AccessTokenId,
    /// The user, or the client when it acts for itself.
    pub sub: String,
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

/// Checks one of our own access tokens. RFC 9068 §4. Nothing but `at+jwt` passes, so an ID token or a
/// logout token never does. Whether the grant and the user still stand is asked elsewhere.
///
/// # Errors
/// [`JwtError`], the first rule that is broken.
pub fn verify_access_token(
    token: &str,
    keys: &VerifyingKeys,
    issuer: &str,
    now: Timestamp,
) -> Result<VerifiedAccessToken, JwtError> {
    let rules = JwtRules {
        algs: OWN_ALGS,
        typ: Typ::Exactly(JwtType::AccessToken.typ()),
        expiry: Expiry::Ahead,
        issuer,
    };
    let claims = verify(token, &rules, JwtKeys::Issuer(keys), now)?.claims;
    let client_id = claims.text("client_id")?.ok_or(JwtError::Missing("client_id"))?;
    let scope = claims.text("scope")?.unwrap_or_default();
    let jti = claims.jti.as_deref().ok_or(JwtError::Missing("jti"))?;
    Ok(VerifiedAccessToken {
        id: AccessTokenId::decode(jti).ok_or(ClaimsError("jti"))?,
        client_id: ClientId::parse(client_id).map_err(|_| ClaimsError("client_id"))?,
        scope: Scope::parse(scope).map_err(|_| ClaimsError("scope"))?,
        audience: claims.aud.as_ref().ok_or(JwtError::Missing("aud"))?.values().to_vec(),
        issued_at: claims.iat.ok_or(JwtError::Missing("iat"))?,
        expires_at: claims.exp.ok_or(JwtError::Missing("exp"))?,
        sub: claims.sub.ok_or(JwtError::Missing("sub"))?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::protocol::{
        jose::{SigningAlg, VerifyingKey, test_key},
        token::id_token::verify_id_token_hint,
    };

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
    const ISSUER: &str = "https://id.example";

    fn keys() -> VerifyingKeys {
        SigningAlg::ALL
            .into_iter()
            .filter_map(|alg| VerifyingKey::new(test_key(alg).public_jwk(), alg.alg()))
            .collect()
    }

    fn id() -> AccessTokenId {
        AccessTokenId { source: TokenSource::Grant(GrantId::new(NOW, [1; 10])), random: [2; 16] }
    }

    #[test]
    fn ids_survive_their_text() {
        let of_key = TokenSource::ApiKey(ApiKeyId::new(NOW, [1; 10]));
        for (id, length) in [
            (id(), 43),
            (AccessTokenId { source: TokenSource::Client, random: [0; 16] }, 43),
            (AccessTokenId { source: of_key, random: [2; 16] }, 44),
        ] {
            assert_eq!(id.encode().len(), length);
            assert_eq!(AccessTokenId::decode(&id.encode()), Some(id));
        }
        let text = id().encode();
        for bad in
            ["", "AAAA", &text[1..], &format!("{text}A"), &"A".repeat(44), &text.replace('A', "+")]
        {
            assert_eq!(AccessTokenId::decode(bad), None, "{bad}");
        }
    }

    #[test]
    fn claims_are_those_of_rfc_9068() {
        let scope = Scope::parse("openid notes:read").unwrap();
        let mut claims = AccessTokenClaims {
            iss: ISSUER,
            sub: "alice",
            aud: &["https://notes.example".to_owned()],
            client_id: "app",
            scope: &scope,
            iat: NOW,
            nbf: NOW,
            exp: NOW.plus(std::time::Duration::from_mins(5)),
            jti: &id().encode(),
            auth_time: None,
            acr: None,
            amr: &[],
            roles: None,
            groups: None,
        };
        let expected = json!({
            "iss": ISSUER, "sub": "alice", "aud": "https://notes.example", "client_id": "app",
            "scope": "notes:read openid", "iat": 1_800_000_000, "nbf": 1_800_000_000,
            "exp": 1_800_000_300, "jti": id().encode(),
        });
        assert_eq!(serde_json::to_value(&claims).unwrap(), expected);
        for alg in SigningAlg::ALL {
            let token = test_key(alg).sign(AccessTokenClaims::TYPE, &claims).unwrap();
            let read = verify_access_token(&token, &keys(), ISSUER, NOW).unwrap();
            assert_eq!((read.id, read.sub.as_str()), (id(), "alice"));
            assert_eq!(read.scope, scope);
            // An access token is no ID token.
            let hint = verify_id_token_hint(&token, &keys(), ISSUER, NOW);
            assert_eq!(hint.unwrap_err(), JwtError::Typ);
        }
        let (several, nothing) = (["a".to_owned(), "b".to_owned()], Scope::default());
        claims.aud = &several;
        claims.scope = &nothing;
        let value = serde_json::to_value(&claims).unwrap();
        assert_eq!(value["aud"], json!(["a", "b"]));
        assert!(value.get("scope").is_none());
    }

    #[test]
    fn other_kinds_and_dead_tokens_are_refused() {
        let claims = json!({
            "iss": ISSUER, "sub": "alice", "aud": "api", "client_id": "app", "jti": id().encode(),
            "iat": 1_799_999_000, "exp": 1_800_000_001,
        });
        let key = test_key(SigningAlg::ES256);
        let run = |typ, now| {
            let token = key.sign(typ, &claims).unwrap();
            verify_access_token(&token, &keys(), ISSUER, now).map(|_| ())
        };
        assert_eq!(run(JwtType::AccessToken, NOW), Ok(()));
        for typ in [JwtType::Jwt, JwtType::LogoutToken, JwtType::Introspection] {
            assert_eq!(run(typ, NOW), Err(JwtError::Typ));
        }
        let later = Timestamp::from_unix(1_800_000_001);
        assert_eq!(run(JwtType::AccessToken, later), Err(JwtError::Expired));
    }

    #[test]
    fn foreign_ids_and_missing_claims_are_refused() {
        let whole = json!({
            "iss": ISSUER, "sub": "alice", "aud": "api", "client_id": "app", "jti": id().encode(),
            "iat": 1_799_999_000, "exp": 1_800_000_001,
        });
        let run = |claims: &serde_json::Value| {
            let token = test_key(SigningAlg::ES256).sign(JwtType::AccessToken, claims).unwrap();
            verify_access_token(&token, &keys(), ISSUER, NOW).map(|_| ())
        };
        for name in ["iss", "sub", "aud", "client_id", "jti", "iat", "exp"] {
            let mut claims = whole.clone();
            claims.as_object_mut().unwrap().remove(name);
            assert_eq!(run(&claims), Err(JwtError::Missing(name)));
        }
        let mut claims = whole;
        claims["jti"] = json!("1");
        assert_eq!(run(&claims), Err(ClaimsError("jti").into()));
    }
}
