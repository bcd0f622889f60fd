//! The end session endpoint. OpenID Connect RP-Initiated Logout 1.0 §2.

use std::sync::Arc;

use axum::{
    Extension,
    body::Bytes,
    extract::{RawQuery, State},
    response::Response,
};
use http::{HeaderMap, StatusCode, header};

use super::authorize::repost;
use crate::{
    http::{
        App,
        cookies::Name,
        extract::{self, Purpose, Visit},
        route,
        ui::{self, Failure},
        view::{self, ConfirmSignOut, DisplayText, Source},
    },
    protocol::{
        client::Client,
        error::OAuthError,
        logout::{Confirmation, LogoutError, LogoutRequest},
        params::Params,
    },
    service::logout::{self, LogoutStep},
    types::{TokenHash, origin::Origin},
};

/// A request of an app, or somebody's visit.
pub(crate) async fn get(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Response {
    let answered = async {
        let raw = raw.unwrap_or_default();
        let params = ui::query(Some(raw.clone()))?;
        let visit = Visit::read(&app, &headers).await?;
        let logout = Logout { app: &app, visit: &visit, headers: &headers, origin: &origin };
        logout.carry_out(&raw, &params, Confirmation::Pending).await
    };
    answered.await.unwrap_or_else(|failure: Failure| failure.respond(&app, &headers, &origin))
}

/// The answer to our own question, or a request that an app sends as a form. Browsers leave our
/// cookies out of the latter, so it is sent on to the same request in the query.
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answered = async {
        if !extract::is_form(&headers) {
            return Err(Failure::NotAForm);
        }
        let form = extract::form(&headers, &body).map_err(Failure::Request)?;
        if form.get("csrf").is_none() {
            let encoded = repost(&headers, raw.as_deref(), &body)?;
            return Ok(ui::see_other(&format!("{}?{encoded}", route::LOGOUT)));
        }
        let visit = Visit::read(&app, &headers).await?;
        if !visit.is_own_form(&app, &headers, &form, Purpose::Account) {
            return Err(Failure::ForeignForm);
        }
        if form.get("action") != Some("sign-out") {
            return Ok(ui::see_other(route::ACCOUNT));
        }
        let raw = unseal(&app, &visit.visitor.browser, form.get("flow"))?;
        let params = ui::query(Some(raw.clone()))?;
        let logout = Logout { app: &app, visit: &visit, headers: &headers, origin: &origin };
        logout.carry_out(&raw, &params, Confirmation::Given).await
    };
    answered.await.unwrap_or_else(|failure: Failure| failure.respond(&app, &headers, &origin))
}

/// One logout of one visitor.
struct Logout<'a> {
    app: &'a App,
    visit: &'a Visit,
    headers: &'a HeaderMap,
    origin: &'a Origin,
}

impl Logout<'_> {
    async fn carry_out(
        &self,
        raw: &str,
        params: &Params,
        confirmation: Confirmation,
    ) -> Result<Response, Failure> {
        let request = LogoutRequest::parse(params)
            .map_err(|error| Failure::Request(OAuthError::from(error)))?;
        let current = self.visit.visitor.current.as_ref();
        let step =
            logout::logout(&self.app.ctx, &request, current, confirmation, self.origin).await?;
        match step {
            LogoutStep::Confirm(client) => self.confirm(raw, &request, client.as_deref()),
            LogoutStep::Done(target) => {
                let location = match target {
                    Some(target) => target.url(),
                    None => signed_out_address(&request),
                };
                let mut response = ui::see_other(&location);
                if let Some(cookie) = self.app.cookies.clear(Name::Session) {
                    response.headers_mut().append(header::SET_COOKIE, cookie);
                }
                Ok(response)
            }
        }
    }

    /// The question. It carries the request on as it came, sealed for this browser.
    fn confirm(
        &self,
        raw: &str,
        request: &LogoutRequest,
        client: Option<&Client>,
    ) -> Result<Response, Failure> {
        let current = self.visit.visitor.current.as_ref();
        let page = ConfirmSignOut {
            t: ui::messages(self.headers, &request.ui_locales),
            flow: seal(self.app, &self.visit.visitor.browser, raw)?,
            csrf: self.visit.csrf(self.app, Purpose::Account),
            client: client.map(ui::shown::client),
            username: DisplayText::new(current.map_or("", |current| &current.user.username)),
            form_action: request
                .post_logout_redirect_uri
                .as_deref()
                .and_then(Source::of_redirect_uri),
        };
        let mut response = view::render(StatusCode::OK, &page);
        ui::step::set_browser_cookie(self.app, self.visit, &mut response);
        Ok(response)
    }
}

/// The page that says that the session is over: of the app that asked for it, in the language it wishes.
fn signed_out_address(request: &LogoutRequest) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if let Some(client) = &request.client_id {
        query.append_pair("client_id", client.as_str());
    }
    if !request.ui_locales.is_empty() {
        query.append_pair("ui_locales", &request.ui_locales.join(" "));
    }
    match query.finish() {
        query if query.is_empty() => route::SIGNED_OUT.to_owned(),
        query => format!("{}?{query}", route::SIGNED_OUT),
    }
}

/// What a sealed logout request is bound to: the browser, and that it is no authorization request.
fn binding(browser: &TokenHash) -> Vec<u8> {
    [b"logout".as_slice(), browser.as_bytes()].concat()
}

/// The request as the form carries it on, if a form can.
fn seal(app: &App, browser: &TokenHash, raw: &str) -> Result<String, Failure> {
    let sealed = app.ctx.vault.flows.seal_text(app.ctx.random(), &binding(browser), raw.as_bytes());
    if sealed.len() > app.ctx.policy.flow_bytes {
        return Err(Failure::Request(LogoutError::TooLong.into()));
    }
    Ok(sealed)
}

/// The request that the question was about; the account page's own button brings none.
fn unseal(app: &App, browser: &TokenHash, sealed: Option<&str>) -> Result<String, Failure> {
    let Some(sealed) = sealed else { return Ok(String::new()) };
    let raw = app.ctx.vault.flows.open_text(&binding(browser), sealed);
    let raw = raw.map_err(|_| Failure::Expired)?;
    String::from_utf8(raw.to_vec()).map_err(|_| Failure::Expired)
}
