//! The next step of an authorization request, as a response.

use std::sync::Arc;

use axum::response::Response;
use http::{HeaderMap, header};

use super::{Failure, messages, query, see_other};
use crate::{
    http::{
        App,
        cookies::Name,
        extract::Visit,
        route,
        view::{self, FormPost},
    },
    protocol::{
        authorize::{interaction::Page, response::Delivery},
        client::Client,
    },
    service::{
        authorize::{self, Advanced, SessionCookies, Step},
        flow::Flow,
    },
};

/// Reads the request in progress that a page of ours is asked for.
pub(crate) async fn reopen(
    app: &App,
    raw: Option<String>,
    headers: &HeaderMap,
) -> Result<(Visit, Flow, Arc<Client>), Failure> {
    let params = query(raw)?;
    let visit = Visit::read(app, headers).await?;
    let sealed = params.get("flow").ok_or(Failure::Expired)?;
    let (flow, client) = authorize::reopen(&app.ctx, sealed, &visit.visitor).await?;
    Ok((visit, flow, client))
}

/// Goes on with another account, which has to sign in.
pub(crate) async fn another_account(
    app: &App,
    visit: &Visit,
    sealed: &str,
) -> Result<Response, Failure> {
    let (flow, _) = authorize::reopen(&app.ctx, sealed, &visit.visitor).await?;
    to_page(app, visit, route::LOGIN, &flow)
}

/// Shows what comes next, and sets the cookies of a session that began.
pub(crate) fn respond(
    app: &App,
    visit: &Visit,
    headers: &HeaderMap,
    advanced: Advanced,
) -> Result<Response, Failure> {
    let mut response = match advanced.step {
        Step::Show(shown) => {
            let path = match shown.page {
                Page::Login => route::LOGIN,
                Page::SelectAccount => route::SELECT_ACCOUNT,
                Page::Consent => route::CONSENT,
                Page::Missing => route::ROLE_MISSING,
            };
            to_page(app, visit, path, &shown.flow)?
        }
        Step::Answer { delivery, ui_locales } => answer(headers, delivery, &ui_locales),
    };
    set_browser_cookie(app, visit, &mut response);
    if let Some(cookies) = advanced.cookies {
        set_session_cookies(app, &cookies, &mut response);
    }
    Ok(response)
}

/// Sends the browser to a page of ours, which carries the request on.
pub(crate) fn to_page(
    app: &App,
    visit: &Visit,
    path: &str,
    flow: &Flow,
) -> Result<Response, Failure> {
    let sealed = flow.seal(&app.ctx, &visit.visitor.browser)?;
    Ok(see_other(&format!("{path}?flow={sealed}")))
}

/// The answer to the client: a redirect, or a page that posts it.
pub(crate) fn answer(headers: &HeaderMap, delivery: Delivery, ui_locales: &[String]) -> Response {
    match delivery {
        Delivery::Redirect(url) => see_other(&url),
        Delivery::FormPost { action, fields } => {
            let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            let page = FormPost { t: messages(headers, ui_locales), redirect_uri: action, fields };
            view::render(http::StatusCode::OK, &page)
        }
    }
}

/// A browser that brought no cookie of its own gets one; pages are bound to it.
pub(crate) fn set_browser_cookie(app: &App, visit: &Visit, response: &mut Response) {
    let cookie =
        visit.new_browser.as_deref().and_then(|value| app.cookies.set(Name::Browser, value, None));
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// The session ends with the browser or by its own time; the device stays known.
pub(crate) fn set_session_cookies(app: &App, cookies: &SessionCookies, response: &mut Response) {
    let policy = &app.ctx.policy;
    let lifetime = Some(policy.sessions.absolute);
    let session = app.cookies.set(Name::Session, cookies.session.expose(), lifetime);
    let known = Some(policy.known_device_lifetime);
    let device = app.cookies.set(Name::Device, &cookies.device, known);
    for cookie in [session, device].into_iter().flatten() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}
