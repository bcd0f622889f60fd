//! The question whether a key shall end, and its end.

use std::sync::Arc;

use axum::{
    Extension,
    body::Bytes,
    extract::{RawQuery, State},
    response::Response,
};
use http::{HeaderMap, StatusCode};

use super::{failure, live_key, owner, start};
use crate::{
    http::{
        App,
        extract::{Purpose, Visit},
        route,
        ui::{Failure, messages, own_form, query, see_other},
        view::{self, DisplayText, RevokeApiKey},
    },
    service::api_keys,
    types::{audit::Actor, origin::Origin},
};

/// Asks.
pub(crate) async fn get(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Response {
    let shown = async {
        let params = query(raw)?;
        let visit = Visit::read(&app, &headers).await?;
        let Some(current) = &visit.visitor.current else { return Ok(see_other(route::LOGIN)) };
        let key = live_key(&app, current, &params).await?;
        let page = RevokeApiKey {
            t: messages(&headers, &[]),
            csrf: visit.csrf(&app, Purpose::Account),
            id: key.id.to_string(),
            start: start(key.id),
            name: DisplayText::new(&key.name),
            last_used_at: key.last_used_at,
            now: app.ctx.now(),
        };
        Ok(view::render(StatusCode::OK, &page))
    };
    shown.await.unwrap_or_else(|failure: Failure| failure.respond(&app, &headers, &origin))
}

/// Ends a key of one's own. One that has ended stays as it is.
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answered = async {
        let (visit, form) = own_form(&app, &headers, &body, Purpose::Account).await?;
        let current = visit.visitor.current.as_ref().ok_or(Failure::Expired)?;
        let id = form.get("key").and_then(|text| text.parse().ok()).ok_or(Failure::NotFound)?;
        let (own, actor) = (owner(current), Actor::User(current.user.id));
        api_keys::revoke(&app.ctx, id, Some(&own), actor, &origin).await.map_err(failure)?;
        Ok(see_other(&format!("{}?done=revoked", route::API_KEYS)))
    };
    answered.await.unwrap_or_else(|failure: Failure| failure.respond(&app, &headers, &origin))
}
