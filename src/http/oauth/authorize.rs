//! The authorization endpoint. RFC 6749 §3.1, OIDC Core §3.1.2.

use std::sync::Arc;

use axum::{
    Extension,
    body::Bytes,
    extract::{RawQuery, State},
    response::Response,
};
use http::HeaderMap;

use crate::{
    http::{
        App,
        extract::{self, Visit},
        route,
        ui::{self, Failure, step},
    },
    service::authorize,
    types::origin::Origin,
};

/// A request in the query.
pub(crate) async fn get(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Response {
    let answered = async {
        let params = ui::query(raw)?;
        let visit = Visit::read(&app, &headers).await?;
        let advanced = authorize::begin(&app.ctx, &params, &visit.visitor, &origin).await?;
        step::respond(&app, &visit, &headers, advanced)
    };
    answered.await.unwrap_or_else(|failure: Failure| failure.respond(&app, &headers, &origin))
}

/// A request in the body. The form comes from the app's own site, so that browsers leave our cookies
/// out of it: it is sent on to the same request in the query, where they are.
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match repost(&headers, raw.as_deref(), &body) {
        Ok(encoded) => ui::see_other(&format!("{}?{encoded}", route::AUTHORIZE)),
        Err(failure) => failure.respond(&app, &headers, &origin),
    }
}

/// The parameters of a form, written anew. They come in one place: what is in the query as well as in
/// the body was put together by two hands.
pub(super) fn repost(
    headers: &HeaderMap,
    query: Option<&str>,
    body: &Bytes,
) -> Result<String, Failure> {
    if !extract::is_form(headers) {
        return Err(Failure::NotAForm);
    }
    let form = extract::form(headers, body).map_err(Failure::Request)?;
    if query.is_some_and(|query| !query.is_empty()) {
        return Err(Failure::Request(crate::protocol::error::OAuthError::new(
            crate::protocol::error::ErrorCode::InvalidRequest,
            "parameters must be in the query or in the body, not in both",
        )));
    }
    Ok(form_urlencoded::Serializer::new(String::new()).extend_pairs(form.pairs()).finish())
}
