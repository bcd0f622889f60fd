//! The revocation endpoint. RFC 7009 §2.

use std::sync::Arc;

use axum::{
    Extension,
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};

use super::{answer, cors};
use crate::{
    http::{App, extract},
    service::{ServiceError, client_authentication, revoke},
    types::origin::Origin,
};

/// POST alone; the answer to what is gone already is a success as well.
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    cors::allow(match revoke(&app, &headers, &body, &origin).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(error) => answer::error(&error, &origin),
    })
}

async fn revoke(
    app: &App,
    headers: &HeaderMap,
    body: &Bytes,
    origin: &Origin,
) -> Result<(), ServiceError> {
    let params = extract::form(headers, body)?;
    let authorization = extract::authorization(headers)?;
    let caller =
        client_authentication::authenticate(&app.ctx, authorization, &params, origin).await?;
    revoke::revoke(&app.ctx, &caller, &params, origin).await
}
