//! ID tokens. OIDC Core §2.

use aws_lc_rs::digest;
use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::access::OWN_ALGS;
use crate::{
    protocol::jose::{
        ClaimsError, Expiry, JwtError, JwtKeys, JwtRules, JwtType, SigningAlg, Typ, VerifyingKeys,
        verify,
    },
    types::{ClientId, SessionId, Timestamp, UserId},
};

/// The claims of an ID token. OIDC Core §2. Sign them as [`JwtType::Jwt`]. What is `None` is left out.
#[derive(Debug, Clone, Serialize)]
pub struct IdTokenClaims<'a> {
    /// The issuer identifier.
    pub iss: &'a str,
    /// The user.
    pub sub: &'a str,
    /// The client.
    pub aud: &'a str,
    /// The client again, for those who ask for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub azp: Option<&'a str>,
    /// When it dies.
    pub exp: Timestamp,
    /// When it was issued.
    pub iat: Timestamp,
    /// When the user signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<Timestamp>,
    /// The value of the authorization request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<&'a str>,
    /// In which authentication context the user signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<&'a str>,
    /// By which methods (RFC 8176).
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub amr: &'a [String],
    /// The hash of the access token that came with it: [`at_hash`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<&'a str>,
    /// The browser session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<&'a str>,
    /// Claims about the user: those that were asked for in the ID token, and `roles`.
    #[serde(flatten)]
    pub user: UserClaims,
}

impl IdTokenClaims<'_> {
    /// The kind of JWT that these claims belong in.
    pub const TYPE: JwtType = JwtType::Jwt;
}

/// The names that an ID token defines itself. No claim about the user may take their place.
const PROTOCOL_CLAIMS: [&str; 15] = [
    "iss",
    "sub",
    "aud",
    "azp",
    "exp",
    "iat",
    "nbf",
    "jti",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "at_hash",
    "c_hash",
    "sid",
];

/// Claims about a user, none of them null or empty (OIDC Core §5.3.2), none of them one of the
/// protocol's own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct UserClaims(Map<String, Value>);

impl UserClaims {
    /// Keeps of `claims` what may stand in an ID token.
    #[must_use]
    pub fn of(claims: Map<String, Value>) -> Self {
        let says_something = |value: &Value| match value {
            Value::Null => false,
            Value::String(text) => !text.is_empty(),
            Value::Object(members) => !members.is_empty(),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) => true,
        };
        let fits = |name: &str| !PROTOCOL_CLAIMS.contains(&name);
        let kept = claims.into_iter().filter(|(name, value)| fits(name) && says_something(value));
        Self(kept.collect())
    }
}

/// The `at_hash` of `access_token` in an ID token signed with `alg`: base64url of the left half of
/// its hash by the hash function of `alg`, which is SHA-512 for EdDSA. OIDC Core §3.1.3.6.
#[must_use]
pub fn at_hash(alg: SigningAlg, access_token: &str) -> String {
    let hash = digest::digest(alg.alg().hash(), access_token.as_bytes());
    let (left, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
    Base64UrlUnpadded::encode_string(left)
}

/// What an `id_token_hint` says: an ID token that we issued, perhaps long ago.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HintFacts {
    /// The user: `sub`.
    pub user_id: UserId,
    /// The client that it was issued to: the one `aud`.
    pub client_id: ClientId,
    /// The browser session, if it names one: `sid`.
    pub session_id: Option<SessionId>,
}

/// Checks an `id_token_hint`. OIDC Core §3.1.2.1, RP-Initiated Logout §2. It may have expired; `keys`
/// are those that are good for hints. An access token or a logout token never passes, since their
/// `typ` is another; nor does a signed UserInfo answer, since it has no `exp`.
///
/// # Errors
/// [`JwtError`], the first rule that is broken.
pub fn verify_id_token_hint(
    token: &str,
    keys: &VerifyingKeys,
    issuer: &str,
    now: Timestamp,
) -> Result<HintFacts, JwtError> {
    let rules = JwtRules {
        algs: OWN_ALGS,
        typ: Typ::Exactly(JwtType::Jwt.typ()),
        expiry: Expiry::MayHavePassed,
        issuer,
    };
    let claims = verify(token, &rules, JwtKeys::Issuer(keys), now)?.claims;
    let sub = claims.sub.as_deref().ok_or(JwtError::Missing("sub"))?;
    let aud = claims.aud.as_ref().ok_or(JwtError::Missing("aud"))?.only();
    let sid = claims.text("sid")?.map(str::parse).transpose();
    claims.exp.ok_or(JwtError::Missing("exp"))?;
    Ok(HintFacts {
        user_id: sub.parse().map_err(|_| ClaimsError("sub"))?,
        client_id: aud.and_then(|aud| ClientId::parse(aud).ok()).ok_or(ClaimsError("aud"))?,
        session_id: sid.map_err(|_| ClaimsError("sid"))?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::protocol::{
        jose::{VerifyingKey, test_key},
        token::access::verify_access_token,
    };

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
    const ISSUER: &str = "https://id.example";

    fn keys() -> VerifyingKeys {
        SigningAlg::ALL
            .into_iter()
            .filter_map(|alg| VerifyingKey::new(test_key(alg).public_jwk(), alg.alg()))
            .collect()
    }

    fn claims<'a>(sub: &'a str, sid: &'a str) -> IdTokenClaims<'a> {
        IdTokenClaims {
            iss: ISSUER,
            sub,
            aud: "app",
            azp: None,
            exp: NOW,
            iat: Timestamp::from_unix(1_799_999_000),
            auth_time: None,
            nonce: None,
            acr: None,
            amr: &[],
            at_hash: None,
            sid: Some(sid),
            user: UserClaims::default(),
        }
    }

    /// The access token and `at_hash` of OIDC Core appendix A.4, and the other hash functions.
    #[test]
    fn at_hash_is_the_left_half_of_the_hash_of_the_alg() {
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        for alg in [SigningAlg::RS256, SigningAlg::PS256, SigningAlg::ES256] {
            assert_eq!(at_hash(alg, token), "77QmUPtjPfzWtF2AnpK9RQ");
        }
        let sha512 = digest::digest(&digest::SHA512, token.as_bytes());
        let left = Base64UrlUnpadded::encode_string(&sha512.as_ref()[..32]);
        assert_eq!(at_hash(SigningAlg::EdDSA, token), left);
    }

    /// OIDC Core §5.3.2: what there is nothing to say about is left out.
    #[test]
    fn nothing_null_or_empty_is_said() {
        let members = json!({
            "name": "Alice", "nickname": null, "website": "", "address": {}, "roles": [],
            "email_verified": false, "sub": "mallory", "exp": 1, "nonce": "x",
        });
        let Value::Object(members) = members else { panic!("an object") };
        let mut claims = claims("alice", "s");
        claims.user = UserClaims::of(members);
        let expected = json!({
            "iss": ISSUER, "sub": "alice", "aud": "app", "exp": 1_800_000_000, "iat": 1_799_999_000,
            "sid": "s", "name": "Alice", "roles": [], "email_verified": false,
        });
        assert_eq!(serde_json::to_value(&claims).unwrap(), expected);
    }

    #[test]
    fn a_hint_may_have_expired() {
        let user = UserId::new(NOW, [1; 10]);
        let session = SessionId::new(NOW, [2; 10]);
        let (sub, sid) = (user.to_string(), session.to_string());
        for alg in SigningAlg::ALL {
            let token = test_key(alg).sign(IdTokenClaims::TYPE, &claims(&sub, &sid)).unwrap();
            let hint = verify_id_token_hint(&token, &keys(), ISSUER, NOW).unwrap();
            assert_eq!((hint.user_id, hint.session_id), (user, Some(session)));
            assert_eq!(hint.client_id.as_str(), "app");
            // An ID token is no access token.
            let access = verify_access_token(&token, &keys(), ISSUER, NOW);
            assert_eq!(access.unwrap_err(), JwtError::Typ);
        }
    }

    #[test]
    fn other_kinds_are_no_hints() {
        let user = UserId::new(NOW, [1; 10]).to_string();
        let claims = claims(&user, &user);
        for typ in [JwtType::AccessToken, JwtType::LogoutToken, JwtType::Introspection] {
            let token = test_key(SigningAlg::ES256).sign(typ, &claims).unwrap();
            let hint = verify_id_token_hint(&token, &keys(), ISSUER, NOW);
            assert_eq!(hint.unwrap_err(), JwtError::Typ);
        }
        let userinfo = json!({ "iss": ISSUER, "aud": "app", "sub": user });
        let token = test_key(SigningAlg::ES256).sign(JwtType::Jwt, &userinfo).unwrap();
        let hint = verify_id_token_hint(&token, &keys(), ISSUER, NOW);
        assert_eq!(hint.unwrap_err(), JwtError::Missing("exp"));
    }

    #[test]
    fn foreign_hints_are_refused() {
        let user = UserId::new(NOW, [1; 10]).to_string();
        let token = test_key(SigningAlg::ES256).sign(JwtType::Jwt, &claims(&user, &user)).unwrap();
        let elsewhere = verify_id_token_hint(&token, &keys(), "https://other.example", NOW);
        assert_eq!(elsewhere.unwrap_err(), JwtError::Issuer);
        let unknown = verify_id_token_hint(&token, &VerifyingKeys::default(), ISSUER, NOW);
        assert_eq!(unknown.unwrap_err(), JwtError::UnknownKey);
    }
}
