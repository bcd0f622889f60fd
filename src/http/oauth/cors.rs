//! CORS for apps that live in the browser. OIDC Core §5.3, RFC 6749 §3.2; Fetch §3.2.
//!
//! Any origin may call, since none gets credentials: what counts is in the request's own body and
//! headers, which only the app has.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};

/// The headers that the endpoints take, and one that means nothing here: Swagger UI and some HTTP
/// libraries put it into every request, and could not call at all without it.
const HEADERS: &str = "Authorization, Content-Type, X-Requested-With";

/// The answer to a preflight: the methods and headers that may be sent, and no others.
pub(crate) async fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    allow((StatusCode::NO_CONTENT, headers).into_response())
}

/// Lets pages of every origin read the answer.
pub(crate) fn allow(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("WWW-Authenticate"),
    );
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("cross-origin"),
    );
    response
}
