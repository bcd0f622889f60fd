//! The UserInfo endpoint. OIDC Core §5.3; errors as RFC 6750 §3.

use std::sync::Arc;

use axum::{
    Extension,
    body::Bytes,
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{answer, cors};
use crate::{
    http::{App, extract},
    protocol::{
        error::{ErrorCode, OAuthError},
        params::Params,
        userinfo::{bearer_token, challenge},
    },
    service::{
        ServiceError,
        userinfo::{self, UserInfo},
    },
    types::{Scope, origin::Origin},
};

/// With the token in the header.
pub(crate) async fn get(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    cors::allow(answer(&app, &headers, query.as_deref(), None, &origin).await)
}

/// With the token in the header or in the form.
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    cors::allow(answer(&app, &headers, query.as_deref(), Some(&body), &origin).await)
}

async fn answer(
    app: &App,
    headers: &HeaderMap,
    query: Option<&str>,
    body: Option<&Bytes>,
    origin: &Origin,
) -> Response {
    match tell(app, headers, query, body).await {
        Ok(UserInfo::Json(claims)) => answer::json(StatusCode::OK, &claims),
        Ok(UserInfo::Jwt(jwt)) => {
            ([(header::CONTENT_TYPE, HeaderValue::from_static("application/jwt"))], jwt)
                .into_response()
        }
        Err(Failure::Unasked) => with_challenge(StatusCode::UNAUTHORIZED.into_response(), None),
        Err(Failure::Service(error)) => {
            let response = answer::error(&error, origin);
            match error {
                ServiceError::Refused(refusal) => with_challenge(response, Some(&refusal)),
                ServiceError::Busy(_)
                | ServiceError::Wait(_)
                | ServiceError::Unavailable(_)
                | ServiceError::Internal(_) => response,
            }
        }
    }
}

/// Why there is no answer.
enum Failure {
    /// No token was presented: no error was made yet.
    Unasked,
    Service(ServiceError),
}

impl From<OAuthError> for Failure {
    fn from(error: OAuthError) -> Self {
        Self::Service(error.into())
    }
}

async fn tell(
    app: &App,
    headers: &HeaderMap,
    query: Option<&str>,
    body: Option<&Bytes>,
) -> Result<UserInfo, Failure> {
    let query = Params::parse(query.unwrap_or_default().as_bytes()).map_err(OAuthError::from)?;
    let form = match body.filter(|_| extract::is_form(headers)) {
        Some(body) => Some(Params::parse(body).map_err(OAuthError::from)?),
        None => None,
    };
    let values: Vec<&str> = headers
        .get_all(header::AUTHORIZATION)
        .into_iter()
        .map(|value| value.to_str().unwrap_or_default())
        .collect();
    let token = bearer_token(&values, form.as_ref(), &query)
        .map_err(|error| error.error().map_or(Failure::Unasked, Failure::from))?;
    userinfo::userinfo(&app.ctx, token.expose()).await.map_err(Failure::Service)
}

fn with_challenge(mut response: Response, error: Option<&OAuthError>) -> Response {
    let openid = Scope::parse("openid").unwrap_or_default();
    let needed = error.filter(|error| error.code == ErrorCode::InsufficientScope).map(|_| &openid);
    if let Ok(value) = HeaderValue::try_from(challenge(error, needed)) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    response
}
