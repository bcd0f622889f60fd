//! Answers of the endpoints that programs call. RFC 6749 §5.1, §5.2.

use axum::{
    body::Bytes,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::{
    protocol::error::{ErrorCode, OAuthError},
    service::ServiceError,
    types::origin::Origin,
};

/// A JSON body that nobody may keep. RFC 6749 §5.1.
pub(crate) fn json(status: StatusCode, content: &impl Serialize) -> Response {
    // Plain data with string keys: its serialisation has no way to fail.
    let body = Bytes::from(serde_json::to_vec(content).unwrap_or_default());
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::PRAGMA, HeaderValue::from_static("no-cache")),
    ];
    (status, headers, body).into_response()
}

#[derive(Serialize)]
struct ErrorBody {
    error: &'static str,
    error_description: &'static str,
}

/// The error that the client is told, and the log hears more of.
pub(crate) fn error(error: &ServiceError, origin: &Origin) -> Response {
    let (status, body, retry_after) = match error {
        ServiceError::Refused(refusal) => {
            note(refusal, origin);
            let body =
                ErrorBody { error: refusal.code.as_str(), error_description: refusal.description };
            (status(refusal.code), body, None)
        }
        ServiceError::Busy(wait) => {
            let body = unavailable("the server is too busy");
            (StatusCode::SERVICE_UNAVAILABLE, body, Some(wait.as_secs().max(1)))
        }
        ServiceError::Wait(wait) => {
            let body =
                unavailable("too many attempts failed; try again after the time in Retry-After");
            (StatusCode::TOO_MANY_REQUESTS, body, Some(wait.as_secs().max(1)))
        }
        ServiceError::Unavailable(cause) => {
            tracing::error!(request_id = origin.request_id, error = %cause, "unavailable");
            let body = unavailable("the server cannot reach its database");
            (StatusCode::SERVICE_UNAVAILABLE, body, Some(1))
        }
        ServiceError::Internal(cause) => {
            tracing::error!(request_id = origin.request_id, error = %cause, "internal error");
            let error = ErrorCode::ServerError.as_str();
            let body = ErrorBody { error, error_description: "the fault is the server's" };
            (StatusCode::INTERNAL_SERVER_ERROR, body, None)
        }
    };
    let mut response = json(status, &body);
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if status == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Basic realm=\"doorward\", charset=\"UTF-8\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// What the operator reads of a refusal: the rule that broke, never a value of the request.
pub(crate) fn note(refusal: &OAuthError, origin: &Origin) {
    tracing::debug!(
        request_id = origin.request_id,
        error = refusal.code.as_str(),
        description = refusal.description,
        detail = refusal.detail,
        "refused"
    );
}

const fn unavailable(error_description: &'static str) -> ErrorBody {
    ErrorBody { error: ErrorCode::TemporarilyUnavailable.as_str(), error_description }
}

/// 401 for a client that did not prove itself, 400 for the rest. RFC 6749 §5.2.
const fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::InvalidClient | ErrorCode::InvalidToken => StatusCode::UNAUTHORIZED,
        ErrorCode::InsufficientScope => StatusCode::FORBIDDEN,
        ErrorCode::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorCode::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::InvalidRequest
        | ErrorCode::InvalidGrant
        | ErrorCode::UnauthorizedClient
        | ErrorCode::UnsupportedGrantType
        | ErrorCode::InvalidScope
        | ErrorCode::AccessDenied
        | ErrorCode::UnsupportedResponseType
        | ErrorCode::InteractionRequired
        | ErrorCode::LoginRequired
        | ErrorCode::AccountSelectionRequired
        | ErrorCode::ConsentRequired
        | ErrorCode::RequestNotSupported
        | ErrorCode::RequestUriNotSupported
        | ErrorCode::UnmetAuthenticationRequirements
        | ErrorCode::InvalidTarget
        | ErrorCode::UnsupportedTokenType => StatusCode::BAD_REQUEST,
    }
}
