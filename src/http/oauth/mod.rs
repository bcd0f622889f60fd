//! The protocol's endpoints: extract, call, answer.

pub(super) mod answer;
pub(super) mod authorize;
pub(super) mod cors;
pub(super) mod discovery;
pub(super) mod introspect;
pub(super) mod logout;
pub(super) mod revoke;
pub(super) mod token;
pub(super) mod userinfo;

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

/// 405 for HEAD where GET can change something: a sign-out, or a grant to an app that needs no consent.
/// HEAD is what looks ahead, and must change nothing. RFC 9110 §9.2.1, §15.5.6.
pub(super) async fn no_head() -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, POST")]).into_response()
}
