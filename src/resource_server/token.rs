//! A token that was checked, and what it says. RFC 9068 §2.2, RFC 7662 §2.2.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::{
    protocol::jose::{Claims, ClaimsError, JwtError},
    types::{Scope, Timestamp},
};

/// Who calls, and what they may do: an access token or an API key that passed every check.
///
/// As an extractor it protects a route: without a valid token the handler does not run. As
/// `Option<AccessToken>` it lets callers without a token in, and still refuses a bad one. Copies are
/// cheap. The text of the token is not kept.
#[derive(Debug, Clone)]
pub struct AccessToken(Arc<Facts>);

/// Why a token is refused: one variant per broken rule. Callers see `invalid_token`, the log sees this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is no good JWT of the issuer. RFC 9068 §4.
    #[error(transparent)]
    Jwt(#[from] JwtError),
    /// It is for others. RFC 9068 §4, RFC 7662 §4.
    #[error("the token is for another audience")]
    Audience,
    /// Its answer of introspection names another issuer.
    #[error("the token is of another issuer")]
    Issuer,
    /// It is bound to a key (`cnf`), and came as a plain bearer token. RFC 9449 §7.2, RFC 8705 §3.
    #[error("the token is bound to a key and was sent as a bearer token")]
    Bound,
    /// The issuer says that it is not active. RFC 7662 §2.2.
    #[error("the issuer says that the token is not active")]
    Inactive,
    /// It is not a JWT, and this API has no client to ask the issuer with.
    #[error("the token is not a JWT, and introspection is not set up")]
    NotAJwt,
    /// What should be an API key is none, or has a typo.
    #[error("this is no API key, or it has a typo")]
    NotAnApiKey,
}

impl TokenError {
    /// What the caller is told: enough to mend it, nothing about our keys.
    pub(super) const fn description(self) -> &'static str {
        match self {
            Self::Jwt(JwtError::Expired) => "the access token has expired",
            Self::Audience => "the access token is for another audience",
            Self::Bound => "the access token is bound to a key that was not proved",
            Self::Jwt(_) | Self::Issuer | Self::Inactive | Self::NotAJwt | Self::NotAnApiKey => {
                "the access token is not valid"
            }
        }
    }
}

impl From<ClaimsError> for TokenError {
    fn from(error: ClaimsError) -> Self {
        Self::Jwt(error.into())
    }
}

/// What a token says.
#[derive(Debug)]
pub(super) struct Facts {
    subject: String,
    client_id: Option<String>,
    scope: Scope,
    roles: Vec<String>,
    groups: Vec<String>,
    expires_at: Option<Timestamp>,
    claims: Map<String, Value>,
}

impl AccessToken {
    /// Reads the claims of a JWT whose signature, issuer and times are in order. RFC 9068 §2.2: `sub`,
    /// `client_id`, `iat` and `jti` must be there.
    pub(super) fn of_jwt(claims: Claims, audience: &str) -> Result<Self, TokenError> {
        let missing = |name| TokenError::Jwt(JwtError::Missing(name));
        claims.sub.as_ref().ok_or(missing("sub"))?;
        claims.iat.ok_or(missing("iat"))?;
        claims.jti.as_ref().ok_or(missing("jti"))?;
        claims.text("client_id")?.ok_or(missing("client_id"))?;
        Self::of_claims(claims, audience)
    }

    /// Reads what a JWT and an answer of introspection have in common. The audience must be there and
    /// name this API, and somebody must be named: the user or the client.
    pub(super) fn of_claims(claims: Claims, audience: &str) -> Result<Self, TokenError> {
        let for_us = |aud: &crate::protocol::jose::Audience| {
            aud.values().iter().any(|value| value == audience)
        };
        if !claims.aud.as_ref().is_some_and(for_us) {
            return Err(TokenError::Audience);
        }
        if claims.other.contains_key("cnf") {
            return Err(TokenError::Bound);
        }
        let client_id = claims.text("client_id")?.map(str::to_owned);
        let scope = claims.text("scope")?.unwrap_or_default();
        let named = claims.sub.clone().or_else(|| client_id.clone());
        Ok(Self(Arc::new(Facts {
            subject: named.ok_or(TokenError::Jwt(JwtError::Missing("sub")))?,
            client_id,
            scope: Scope::parse(scope).map_err(|_| ClaimsError("scope"))?,
            roles: claims.texts("roles")?.unwrap_or_default(),
            groups: claims.texts("groups")?.unwrap_or_default(),
            expires_at: claims.exp,
            claims: claims.other,
        })))
    }

    /// The user, or the client when it acts for itself (`sub`).
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// The client that the token was issued to, if that is told.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.0.client_id.as_deref()
    }

    /// What was granted: permissions of this API, and scopes of OpenID Connect.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.0.scope
    }

    /// The names of the user's roles (`roles`, RFC 9068 §2.2.3.1); empty when they were not asked for.
    #[must_use]
    pub fn roles(&self) -> &[String] {
        &self.0.roles
    }

    /// The names of the user's groups (`groups`, RFC 9068 §2.2.3.1).
    #[must_use]
    pub fn groups(&self) -> &[String] {
        &self.0.groups
    }

    /// When it ends; `None` when introspection does not say.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.0.expires_at
    }

    /// Whether `permission` was granted. A permission is one token of the scope.
    #[must_use]
    pub fn has_permission(&self, permission: &str) -> bool {
        self.0.scope.contains(permission)
    }

    /// Whether the user has the role `role`.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.0.roles.iter().any(|known| known == role)
    }

    /// Any other claim: `None` when it is not there.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.0.claims.get(name)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const API: &str = "https://notes.example/api";

    fn read(members: &Value) -> Result<AccessToken, TokenError> {
        let claims = Claims::from_members(members.as_object().unwrap().clone())?;
        AccessToken::of_claims(claims, API)
    }

    #[test]
    fn an_audience_that_is_not_there_is_not_ours() {
        for aud in [json!(null), json!([]), json!("https://notes.example"), json!(["a", "b"])] {
            let mut members = json!({ "sub": "alice", "aud": aud });
            if aud.is_null() {
                members.as_object_mut().unwrap().remove("aud");
            }
            assert_eq!(read(&members).unwrap_err(), TokenError::Audience, "{members}");
        }
        assert!(read(&json!({ "sub": "alice", "aud": ["a", API] })).is_ok());
    }

    #[test]
    fn a_client_that_acts_for_itself_is_the_subject() {
        let token = read(&json!({ "client_id": "batch", "aud": API })).unwrap();
        assert_eq!((token.subject(), token.client_id()), ("batch", Some("batch")));
        let nobody = read(&json!({ "aud": API }));
        assert_eq!(nobody.unwrap_err(), TokenError::Jwt(JwtError::Missing("sub")));
    }

    #[test]
    fn roles_of_another_type_are_refused() {
        for roles in [json!("admin"), json!([1]), json!({ "admin": true }), json!(null)] {
            let token = read(&json!({ "sub": "alice", "aud": API, "roles": roles }));
            assert_eq!(token.unwrap_err(), ClaimsError("roles").into());
        }
    }

    #[test]
    fn nothing_is_held_that_was_not_granted() {
        let token = read(&json!({ "sub": "a", "aud": API, "scope": "notes:read" })).unwrap();
        assert!(token.has_permission("notes:read"));
        for other in ["", "notes", "notes:read notes:delete", "NOTES:READ", "notes:read "] {
            assert!(!token.has_permission(other), "{other}");
        }
        assert!(!token.has_role("") && !token.has_role("admin"));
    }
}
