//! The token endpoint. RFC 6749 §3.2.

use std::sync::Arc;

use axum::{Extension, body::Bytes, extract::State, response::Response};
use http::{HeaderMap, StatusCode};

use super::{answer, cors};
use crate::{
    http::{App, extract},
    service::{
        ServiceError, client_authentication,
        token::{self, TokenResponse},
    },
    types::origin::Origin,
};

/// POST alone; parameters come in the body alone.
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    cors::allow(match exchange(&app, &headers, &body, &origin).await {
        Ok(tokens) => answer::json(StatusCode::OK, &tokens),
        Err(error) => answer::error(&error, &origin),
    })
}

async fn exchange(
    app: &App,
    headers: &HeaderMap,
    body: &Bytes,
    origin: &Origin,
) -> Result<TokenResponse, ServiceError> {
    let params = extract::form(headers, body)?;
    let authorization = extract::authorization(headers)?;
    let client =
        client_authentication::authenticate(&app.ctx, authorization, &params, origin).await?;
    token::exchange(&app.ctx, &client, &params, origin).await
}
