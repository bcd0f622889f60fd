//! Introspection answers. RFC 7662 §2.2.

use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::types::{Scope, Timestamp};

/// What the server says of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IntrospectionResponse {
    /// Unknown, expired, revoked, or none of the caller's business: which of them is not said, and
    /// the answer has exactly one member.
    Inactive,
    /// Alive, and the caller may know it.
    Active(Box<ActiveToken>),
}

/// The facts of a live token. What is `None` is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActiveToken {
    /// What it allows; left out when that is nothing.
    #[serde(skip_serializing_if = "Scope::is_empty")]
    pub scope: Scope,
    /// The client that it was issued to; a user's API key was issued to none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The user's name, for people to read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// How an access token is sent; a refresh token has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<AccessTokenType>,
    /// When it dies.
    pub exp: Timestamp,
    /// When it was issued.
    pub iat: Timestamp,
    /// The user, or the client when it acts for itself.
    pub sub: String,
    /// The APIs it is for.
    #[serde(serialize_with = "super::audience", skip_serializing_if = "Vec::is_empty")]
    pub aud: Vec<String>,
    /// The issuer identifier.
    pub iss: String,
    /// Its name, if it is a JWT.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// When the user signed in (RFC 9470 §6.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<Timestamp>,
    /// In which authentication context.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// The names of the user's roles, when the `roles` scope was granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// The names of the user's groups, when the `groups` scope was granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
}

/// The registered access token types that Doorward issues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum AccessTokenType {
    /// RFC 6750.
    Bearer,
}

impl Serialize for IntrospectionResponse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Answer<'a> {
            active: bool,
            #[serde(flatten)]
            token: &'a ActiveToken,
        }
        match self {
            Self::Inactive => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("active", &false)?;
                map.end()
            }
            Self::Active(token) => Answer { active: true, token }.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// INTR-03: an inactive answer has exactly one member.
    #[test]
    fn an_inactive_answer_has_one_member() {
        let text = serde_json::to_string(&IntrospectionResponse::Inactive).unwrap();
        assert_eq!(text, r#"{"active":false}"#);
    }

    #[test]
    fn an_active_answer_says_what_there_is() {
        let token = ActiveToken {
            scope: Scope::parse("openid notes:read").unwrap(),
            client_id: Some("app".to_owned()),
            username: None,
            token_type: Some(AccessTokenType::Bearer),
            exp: Timestamp::from_unix(20),
            iat: Timestamp::from_unix(10),
            sub: "alice".to_owned(),
            aud: vec!["https://notes.example".to_owned()],
            iss: "https://id.example".to_owned(),
            jti: None,
            auth_time: None,
            acr: None,
            roles: None,
            groups: None,
        };
        let expected = json!({
            "active": true, "scope": "notes:read openid", "client_id": "app",
            "token_type": "Bearer", "exp": 20, "iat": 10, "sub": "alice",
            "aud": "https://notes.example", "iss": "https://id.example",
        });
        let answer = IntrospectionResponse::Active(Box::new(token));
        assert_eq!(serde_json::to_value(&answer).unwrap(), expected);
    }
}
