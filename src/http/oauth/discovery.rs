//! Discovery and the JWKS. OpenID Connect Discovery 1.0 §4, RFC 8414 §3, RFC 7517 §5.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::HeaderMap;

use crate::http::App;

/// `/.well-known/openid-configuration`.
pub(crate) async fn openid(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    app.documents.openid.answer(&headers)
}

/// `/.well-known/oauth-authorization-server`.
pub(crate) async fn oauth(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    app.documents.oauth.answer(&headers)
}

/// The public keys.
pub(crate) async fn jwks(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let max_age = app.ctx.policy.rotation.jwks_max_age;
    app.published_keys.document(&app.ctx.keys.published(), max_age).answer(&headers)
}
