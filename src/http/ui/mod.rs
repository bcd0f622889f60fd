//! The pages: read the visit, call a service, show what comes of it.

pub(super) mod account;
pub(super) mod api_keys;
pub(super) mod consent;
mod failure;
pub(super) mod login;
mod own_form;
pub(super) mod role_missing;
pub(super) mod select_account;
pub(super) mod setup;
pub(super) mod shown;
pub(super) mod step;

use std::sync::Arc;

use axum::{
    Extension,
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{
    App, route,
    view::{self, BackLink, DisplayText, Locale, Messages, SignedOut, WebLink},
};
use crate::{
    protocol::{authorize::AuthorizationRequest, logout::LogoutRequest, params::Params},
    types::{ClientId, origin::Origin},
};
pub(super) use failure::Failure;
use own_form::own_form;

/// The address of a page: everything that is not a request of an app leads to the account.
pub(super) async fn home() -> Response {
    see_other(route::ACCOUNT)
}

/// Says that the session is over, with a way back to the app that asked for it.
pub(super) async fn signed_out(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let params = Params::parse(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    // What cannot be read wishes nothing.
    let request = LogoutRequest::parse(&params).unwrap_or_default();
    let t = messages(&headers, &request.ui_locales);
    let back = match request.client_id {
        Some(id) => back_link(&app, &id).await,
        None => None,
    };
    view::render(StatusCode::OK, &SignedOut { t, back })
}

/// The home page that a client registered.
async fn back_link(app: &App, id: &ClientId) -> Option<BackLink> {
    let client = crate::service::clients::find(&app.ctx, id).await.ok().flatten()?;
    let href = WebLink::parse(client.metadata.client_uri.as_deref()?)?;
    Some(BackLink { client: DisplayText::new(client.display_name()), href })
}

/// There is no such page.
pub(super) async fn not_found(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
) -> Response {
    Failure::NotFound.respond(&app, &headers, &origin)
}

/// Sends a browser on, after a form as well: always 303, so that no form is posted twice and no
/// password travels on (RFC 9700 §4.12).
pub(super) fn see_other(location: &str) -> Response {
    match HeaderValue::try_from(location) {
        Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
        // Locations are percent-encoded ASCII.
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The catalogue for what the app wishes, and what the browser says otherwise.
pub(super) fn messages(headers: &HeaderMap, ui_locales: &[String]) -> Messages {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    Messages::new(Locale::negotiate(ui_locales, accepted))
}

/// The catalogue for the pages of a request.
fn messages_of(headers: &HeaderMap, request: &AuthorizationRequest) -> Messages {
    messages(headers, &request.ui_locales)
}

/// The parameters of a page's address.
pub(super) fn query(query: Option<String>) -> Result<Params, Failure> {
    Params::parse(query.unwrap_or_default().as_bytes())
        .map_err(|error| Failure::Request(error.into()))
}
