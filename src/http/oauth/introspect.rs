//! The introspection endpoint. RFC 7662 §2.

use std::sync::Arc;

use axum::{Extension, body::Bytes, extract::State, response::Response};
use http::{HeaderMap, StatusCode};

use super::answer;
use crate::{
    http::{App, extract},
    protocol::token::introspection::IntrospectionResponse,
    service::{ServiceError, client_authentication, introspect},
    types::origin::Origin,
};

/// POST alone, from clients that authenticate.
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match look(&app, &headers, &body, &origin).await {
        Ok(facts) => answer::json(StatusCode::OK, &facts),
        Err(error) => answer::error(&error, &origin),
    }
}

async fn look(
    app: &App,
    headers: &HeaderMap,
    body: &Bytes,
    origin: &Origin,
) -> Result<IntrospectionResponse, ServiceError> {
    let params = extract::form(headers, body)?;
    let authorization = extract::authorization(headers)?;
    let caller =
        client_authentication::authenticate(&app.ctx, authorization, &params, origin).await?;
    introspect::introspect(&app.ctx, &caller, &params).await
}
