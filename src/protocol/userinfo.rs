//! UserInfo, and how access tokens are presented. OIDC Core §5.3, RFC 6750.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    authorize::claims_param::ClaimsRequest,
    claims::UserClaims,
    error::{ErrorCode, OAuthError},
    params::Params,
};
use crate::types::{Scope, Secret, UserId};

/// The answer of the UserInfo endpoint. OIDC Core §5.3.2.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UserInfo {
    /// Always there, and the `sub` of the ID token.
    pub sub: UserId,
    /// What else is told.
    #[serde(flatten)]
    pub claims: Map<String, Value>,
}

impl UserInfo {
    /// What an access token of `scope` and `claims` may learn about the user.
    ///
    /// # Errors
    /// `insufficient_scope` when the token was not issued in an OpenID Connect request (§5.3.3).
    pub fn of(
        sub: UserId,
        user: &UserClaims,
        scope: &Scope,
        claims: &ClaimsRequest,
    ) -> Result<Self, OAuthError> {
        if scope.contains("openid") {
            Ok(Self { sub, claims: user.for_userinfo(scope, claims) })
        } else {
            Err(OAuthError::new(
                ErrorCode::InsufficientScope,
                "the access token was issued without the scope openid",
            ))
        }
    }
}

/// Why a request presents no access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BearerError {
    /// None at all: 401 with a bare challenge, since no error was made yet. RFC 6750 §3.1.
    #[error("no access token was presented")]
    Missing,
    /// In more than one way, or twice. RFC 6750 §2.
    #[error("more than one access token was presented")]
    Several,
    /// In the query, where it would be logged. RFC 9700 §4.3.2.
    #[error("an access token was presented in the query")]
    InQuery,
    /// Not the characters of a token. RFC 6750 §2.1.
    #[error("the access token is malformed")]
    Malformed,
}

impl BearerError {
    /// The error to answer with; `None` for a challenge without one.
    #[must_use]
    pub const fn error(self) -> Option<OAuthError> {
        let (code, description) = match self {
            Self::Missing => return None,
            Self::Several => {
                (ErrorCode::InvalidRequest, "the access token was sent in more than one way")
            }
            Self::InQuery => {
                (ErrorCode::InvalidRequest, "the access token must not be sent in the query")
            }
            Self::Malformed => (ErrorCode::InvalidRequest, "the access token is malformed"),
        };
        Some(OAuthError::new(code, description))
    }
}

/// The access token of a request: exactly one, in the `Authorization` header or, on POST, in the form.
/// RFC 6750 §2. `authorization` holds the value of every such header, `form` the body of a POST.
///
/// # Errors
/// [`BearerError`], one variant for each way.
pub fn bearer_token(
    authorization: &[&str],
    form: Option<&Params>,
    query: &Params,
) -> Result<Secret<String>, BearerError> {
    let in_form = form.and_then(|form| form.get("access_token"));
    bearer_token_among(authorization, in_form, query.get("access_token"))
}

/// The same for an API, whose query is its own and may repeat parameters: `in_form` and `in_query` are
/// the values of `access_token` there.
///
/// # Errors
/// [`BearerError`], one variant for each way.
pub fn bearer_token_among(
    authorization: &[&str],
    in_form: Option<&str>,
    in_query: Option<&str>,
) -> Result<Secret<String>, BearerError> {
    let in_header = match authorization {
        [] => None,
        [header] => bearer_credentials(header),
        [_, _, ..] => return Err(BearerError::Several),
    };
    match (in_header, in_form, in_query) {
        (None, None, None) => Err(BearerError::Missing),
        (None, None, Some(_)) => Err(BearerError::InQuery),
        (Some(token), None, None) | (None, Some(token), None) => parse(token),
        (Some(_), Some(_), _) | (Some(_), _, Some(_)) | (_, Some(_), Some(_)) => {
            Err(BearerError::Several)
        }
    }
}

/// What follows the scheme, whose letter case does not matter (RFC 9110 §11.1); `None` for another
/// scheme.
fn bearer_credentials(header: &str) -> Option<&str> {
    let (scheme, credentials) = header.split_once(' ').unwrap_or((header, ""));
    scheme.eq_ignore_ascii_case("Bearer").then(|| credentials.trim_matches(' '))
}

/// `b64token` of RFC 6750 §2.1.
fn parse(token: &str) -> Result<Secret<String>, BearerError> {
    let body = token.trim_end_matches('=');
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b);
    if !body.is_empty() && body.bytes().all(fits) {
        Ok(Secret::new(token.to_owned()))
    } else {
        Err(BearerError::Malformed)
    }
}

/// The `WWW-Authenticate` header of a refusal: with the error, or bare when no token was presented.
/// RFC 6750 §3. `scope` is what would have been enough.
#[must_use]
pub fn challenge(error: Option<&OAuthError>, scope: Option<&Scope>) -> String {
    // Code and description are our own words, without quotes and backslashes.
    let error = error.map_or_else(String::new, |OAuthError { code, description, .. }| {
        format!(", error=\"{}\", error_description=\"{description}\"", code.as_str())
    });
    let scope = scope.map_or_else(String::new, |scope| format!(", scope=\"{scope}\""));
    format!("Bearer realm=\"doorward\"{error}{scope}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Timestamp;

    fn presented(headers: &[&str], form: &str, query: &str) -> Result<String, BearerError> {
        let read = |text: &str| Params::parse(text.as_bytes()).unwrap();
        bearer_token(headers, Some(&read(form)), &read(query)).map(|token| token.expose().clone())
    }

    #[test]
    fn rfc6750_section_2_one_token_in_the_header_or_the_form() {
        for header in
            ["Bearer a.b-c_d~e+f/g==", "bearer a.b-c_d~e+f/g==", "BEARER  a.b-c_d~e+f/g=="]
        {
            assert_eq!(presented(&[header], "", "").unwrap(), "a.b-c_d~e+f/g==");
        }
        assert_eq!(presented(&[], "access_token=t", "").unwrap(), "t");
        assert_eq!(presented(&["Basic eDp5"], "access_token=t", "").unwrap(), "t");
    }

    #[test]
    fn rfc6750_section_2_several_tokens_are_invalid_request() {
        for several in [
            presented(&["Bearer t"], "access_token=t", ""),
            presented(&["Bearer t"], "", "access_token=t"),
            presented(&[], "access_token=t", "access_token=t"),
            presented(&["Bearer t", "Bearer t"], "", ""),
            presented(&["Basic x", "Bearer t"], "", ""),
        ] {
            let error = several.unwrap_err();
            assert_eq!(error, BearerError::Several);
            assert_eq!(error.error().unwrap().code, ErrorCode::InvalidRequest);
        }
    }

    #[test]
    fn rfc9700_section_4_3_2_never_in_the_query() {
        assert_eq!(presented(&[], "", "access_token=t"), Err(BearerError::InQuery));
    }

    #[test]
    fn rfc6750_section_3_1_no_token_is_a_bare_challenge() {
        for missing in [presented(&[], "", ""), presented(&["Basic x"], "", "")] {
            assert_eq!(missing.unwrap_err(), BearerError::Missing);
        }
        assert_eq!(BearerError::Missing.error(), None);
        assert_eq!(challenge(None, None), "Bearer realm=\"doorward\"");
    }

    #[test]
    fn rfc6750_section_2_1_the_token_has_the_characters_of_one() {
        for bad in [
            "Bearer",
            "Bearer ",
            "Bearer a b",
            "Bearer é",
            "Bearer =",
            "Bearer a=b",
            "Bearer \"a\"",
        ] {
            assert_eq!(presented(&[bad], "", ""), Err(BearerError::Malformed), "{bad}");
        }
    }

    #[test]
    fn rfc6750_section_3_the_challenge_names_error_and_scope() {
        let error = OAuthError::new(ErrorCode::InvalidToken, "the access token is not valid");
        let openid = Scope::parse("openid").unwrap();
        assert_eq!(
            challenge(Some(&error), Some(&openid)),
            "Bearer realm=\"doorward\", error=\"invalid_token\", \
             error_description=\"the access token is not valid\", scope=\"openid\""
        );
    }

    #[test]
    fn core_section_5_3_2_sub_comes_first_and_openid_is_needed() {
        let sub = UserId::new(Timestamp::from_unix(1), [0; 10]);
        let Value::Object(facts) =
            serde_json::json!({"address": {"country": "FR"}, "name": "Alice"})
        else {
            panic!("an object")
        };
        let user = UserClaims::new(facts);
        let nothing = ClaimsRequest::default();
        let scope = Scope::parse("openid profile address").unwrap();
        let answer = UserInfo::of(sub, &user, &scope, &nothing).unwrap();
        let json = serde_json::to_string(&answer).unwrap();
        assert!(json.starts_with(&format!("{{\"sub\":\"{sub}\",")), "{json}");
        let plain = UserInfo::of(sub, &user, &Scope::parse("profile").unwrap(), &nothing);
        assert_eq!(plain.unwrap_err().code, ErrorCode::InsufficientScope);
    }
}
