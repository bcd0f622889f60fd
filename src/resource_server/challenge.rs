//! How a request is refused: the status, the challenge, the words. RFC 6750 §3, RFC 9728 §5.1.

use std::{borrow::Cow, sync::Arc, time::Duration};

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use super::token::TokenError;
use crate::{
    protocol::{
        error::{ErrorCode, OAuthError},
        userinfo::BearerError,
    },
    types::Scope,
};

/// Why a request does not pass.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It presents nothing: 401 with a bare challenge. RFC 6750 §3.1.
    #[error("no access token was presented")]
    Unauthenticated,
    /// It presents several credentials, or one where none belongs: 400 `invalid_request`.
    #[error(transparent)]
    InvalidRequest(BearerError),
    /// What it presents is not valid: 401 `invalid_token`.
    #[error(transparent)]
    InvalidToken(#[from] TokenError),
    /// It is known who calls, and that is not enough: 403 `insufficient_scope`.
    #[error("{0} is needed")]
    Insufficient(Need),
    /// It cannot be known whether the token is good: 503, and when to try again.
    #[error("the issuer cannot be asked")]
    Unavailable(Duration),
}

/// What a route asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// A permission: one token of the scope.
    Permission(Cow<'static, str>),
    /// A role of the user.
    Role(Cow<'static, str>),
}

impl std::fmt::Display for Need {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Permission(name) => write!(f, "the permission {name}"),
            Self::Role(name) => write!(f, "the role {name}"),
        }
    }
}

/// A refusal by one API: what extractors and layers answer with. It is a response, and an
/// `Err` for handlers that want to say it in their own words.
#[derive(Debug, Clone)]
pub struct Rejection {
    /// Why.
    pub refusal: Refusal,
    /// The API's name in challenges.
    pub(super) realm: Arc<str>,
    /// Where its metadata is, when that is served.
    pub(super) resource_metadata: Option<Arc<str>>,
}

impl Refusal {
    /// The status of the answer.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Unauthenticated | Self::InvalidToken(_) => StatusCode::UNAUTHORIZED,
            Self::InvalidRequest(_) => StatusCode::BAD_REQUEST,
            Self::Insufficient(_) => StatusCode::FORBIDDEN,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The error, in our own words; `None` when no error was made yet.
    fn error(&self) -> Option<OAuthError> {
        match self {
            Self::Unauthenticated => None,
            Self::InvalidRequest(error) => error.error(),
            Self::InvalidToken(error) => {
                Some(OAuthError::new(ErrorCode::InvalidToken, error.description()))
            }
            Self::Insufficient(Need::Permission(_)) => Some(OAuthError::new(
                ErrorCode::InsufficientScope,
                "the access token lacks the scope that is needed here",
            )),
            Self::Insufficient(Need::Role(_)) => Some(OAuthError::new(
                ErrorCode::InsufficientScope,
                "the access token lacks the role that is needed here",
            )),
            Self::Unavailable(_) => Some(OAuthError::new(
                ErrorCode::TemporarilyUnavailable,
                "the access token cannot be checked at the moment",
            )),
        }
    }

    /// The scope that would do.
    fn scope(&self) -> Option<Scope> {
        match self {
            Self::Insufficient(Need::Permission(name)) => Scope::parse(name).ok(),
            Self::Insufficient(Need::Role(_))
            | Self::Unauthenticated
            | Self::InvalidRequest(_)
            | Self::InvalidToken(_)
            | Self::Unavailable(_) => None,
        }
    }
}

impl Rejection {
    /// The `WWW-Authenticate` header. RFC 6750 §3; `resource_metadata` of RFC 9728 §5.1.
    fn challenge(&self) -> String {
        let mut challenge = format!("Bearer realm=\"{}\"", self.realm);
        let mut add = |name: &str, value: &str| {
            challenge.extend([", ", name, "=\"", value, "\""]);
        };
        if let Some(error) = self.refusal.error() {
            add("error", error.code.as_str());
            add("error_description", error.description);
        }
        if let Some(scope) = self.refusal.scope() {
            add("scope", &scope.to_string());
        }
        if let Some(url) = &self.resource_metadata {
            add("resource_metadata", url);
        }
        challenge
    }
}

impl IntoResponse for Rejection {
    /// Status, challenge, and the error as JSON with the members of RFC 6749 §5.2.
    fn into_response(self) -> Response {
        let mut response = match self.refusal.error() {
            None => self.refusal.status().into_response(),
            Some(error) => {
                let body = serde_json::json!({
                    "error": error.code.as_str(), "error_description": error.description,
                });
                let json = HeaderValue::from_static("application/json");
                let headers = [(header::CONTENT_TYPE, json)];
                (self.refusal.status(), headers, body.to_string()).into_response()
            }
        };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Refusal::Unavailable(pause) = self.refusal {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(pause.as_secs().max(1)));
        } else if let Ok(challenge) = HeaderValue::try_from(self.challenge()) {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl std::fmt::Display for Rejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.refusal.fmt(f)
    }
}

impl std::error::Error for Rejection {}
