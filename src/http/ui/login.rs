//! The sign-in page.

use std::sync::Arc;

use axum::{
    Extension,
    body::Bytes,
    extract::{RawQuery, State},
    response::Response,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{Failure, messages, messages_of, own_form, query, see_other, shown, step};
use crate::{
    http::{
        App,
        extract::{Purpose, Visit},
        route,
        view::{self, Display, SignIn, SignInError},
    },
    protocol::{client::Client, params::Params},
    service::{
        ServiceError,
        authorize::{self, Advanced, pages},
        browser_session,
        errand::Errand,
        flow::Flow,
        sign_in::{self, Attempt},
    },
    types::{Secret, origin::Origin},
};

/// A request in progress and its client; none when somebody signs in for the account page.
type InProgress = Option<(Flow, Arc<Client>)>;

/// What the page begins with: the name, and what somebody goes on with on the account pages.
#[derive(Debug, Default)]
struct Filled {
    username: String,
    errand: Option<Errand>,
}

/// Shows the form.
pub(crate) async fn get(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Response {
    let shown = async {
        let params = query(raw)?;
        let visit = Visit::read(&app, &headers).await?;
        let flow = in_progress(&app, &visit, &params).await?;
        if let Some((request, _)) = &flow {
            let username = request.request.login_hint.clone().unwrap_or_default();
            let filled = Filled { username, errand: None };
            return page(&app, &visit, &headers, flow.as_ref(), (filled, None));
        }
        let errand = errand(&app, &visit, &params);
        let current = visit.visitor.current.as_ref();
        let is_enough = current.is_some_and(|current| {
            errand.is_none() || browser_session::is_fresh(&app.ctx, current)
        });
        if is_enough {
            return home(&app, &visit, errand.as_ref());
        }
        // Who has to sign in again is asked for the password of the account that is open.
        let username = current.map(|current| current.user.username.clone()).unwrap_or_default();
        page(&app, &visit, &headers, None, (Filled { username, errand }, None))
    };
    shown.await.unwrap_or_else(|failure: Failure| failure.respond(&app, &headers, &origin))
}

/// Takes the form in.
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answered = submit(&app, &origin, &headers, &body).await;
    answered.unwrap_or_else(|failure| failure.respond(&app, &headers, &origin))
}

async fn submit(
    app: &App,
    origin: &Origin,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Response, Failure> {
    let (visit, form) = own_form(app, headers, body, Purpose::Step).await?;
    let flow = in_progress(app, &visit, &form).await?;
    if form.get("action") == Some("cancel") {
        let sealed = form.get("flow").unwrap_or_default();
        let step = pages::cancel(&app.ctx, sealed, &visit.visitor, origin).await?;
        return step::respond(app, &visit, headers, Advanced { step, cookies: None });
    }
    let attempt = Attempt {
        username: form.get("username").unwrap_or_default().to_owned(),
        password: Secret::new(form.get("password").unwrap_or_default().to_owned()),
        device: visit.visitor.device.clone(),
    };
    let Some(flow) = flow else {
        return match pages::sign_in_here(&app.ctx, attempt, &visit.visitor, origin).await {
            Ok(cookies) => {
                let mut response = home(app, &visit, errand(app, &visit, &form).as_ref())?;
                step::set_session_cookies(app, &cookies, &mut response);
                Ok(response)
            }
            Err(error) => again(app, &visit, headers, &form, None, error),
        };
    };
    let repeat = flow.clone();
    match pages::sign_in(&app.ctx, flow, attempt, &visit.visitor, origin).await {
        Ok(advanced) => step::respond(app, &visit, headers, advanced),
        Err(pages::LoginFailure::Flow(failure)) => Err(failure.into()),
        Err(pages::LoginFailure::SignIn(error)) => {
            again(app, &visit, headers, &form, Some(&repeat), error)
        }
    }
}

/// What somebody was about to do on the account pages when they had to sign in again.
fn errand(app: &App, visit: &Visit, params: &Params) -> Option<Errand> {
    params.get("next").and_then(|next| Errand::open(&app.ctx, next, &visit.visitor.browser))
}

/// Leads to the account pages: to the errand, or to the first of them.
fn home(app: &App, visit: &Visit, errand: Option<&Errand>) -> Result<Response, Failure> {
    Ok(see_other(&match errand {
        None => route::ACCOUNT.to_owned(),
        Some(errand @ Errand::NewApiKey(_)) => {
            let sealed = errand.seal(&app.ctx, &visit.visitor.browser)?;
            format!("{}?next={sealed}", route::NEW_API_KEY)
        }
        Some(Errand::RotateApiKey(id)) => format!("{}?key={id}", route::ROTATE_API_KEY),
    }))
}

/// The request that the page is for.
async fn in_progress(app: &App, visit: &Visit, params: &Params) -> Result<InProgress, Failure> {
    match params.get("flow") {
        None => Ok(None),
        Some(sealed) => Ok(Some(authorize::reopen(&app.ctx, sealed, &visit.visitor).await?)),
    }
}

/// The page once more, with what was typed as the name, and what went wrong.
fn again(
    app: &App,
    visit: &Visit,
    headers: &HeaderMap,
    form: &Params,
    flow: Option<&(Flow, Arc<Client>)>,
    error: sign_in::SignInError,
) -> Result<Response, Failure> {
    let (status, error) = match error {
        sign_in::SignInError::Failed => (StatusCode::UNPROCESSABLE_ENTITY, SignInError::Failed),
        sign_in::SignInError::TooLong => (StatusCode::BAD_REQUEST, SignInError::Failed),
        sign_in::SignInError::Wait(wait) => {
            let retry_after_seconds = wait.as_secs().max(1);
            (StatusCode::TOO_MANY_REQUESTS, SignInError::TooMany { retry_after_seconds })
        }
        sign_in::SignInError::Service(ServiceError::Busy(_)) => {
            (StatusCode::SERVICE_UNAVAILABLE, SignInError::Busy)
        }
        sign_in::SignInError::Service(error) => return Err(error.into()),
    };
    let username = form.get("username").unwrap_or_default().to_owned();
    let filled = Filled { username, errand: errand(app, visit, form) };
    let mut response = page(app, visit, headers, flow, (filled, Some(error)))?;
    *response.status_mut() = status;
    let retry_after = match error {
        SignInError::TooMany { retry_after_seconds } => Some(retry_after_seconds),
        SignInError::Busy => Some(1),
        SignInError::Failed | SignInError::SessionExpired => None,
    };
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
}

fn page(
    app: &App,
    visit: &Visit,
    headers: &HeaderMap,
    flow: Option<&(Flow, Arc<Client>)>,
    (filled, error): (Filled, Option<SignInError>),
) -> Result<Response, Failure> {
    let next = filled.errand.map(|errand| errand.seal(&app.ctx, &visit.visitor.browser));
    let sealed = flow.map(|(flow, _)| flow.seal(&app.ctx, &visit.visitor.browser)).transpose()?;
    let request = flow.map(|(flow, _)| &flow.request);
    let page = SignIn {
        t: request.map_or_else(|| messages(headers, &[]), |request| messages_of(headers, request)),
        flow: sealed.unwrap_or_default(),
        csrf: visit.csrf(app, Purpose::Step),
        client: flow.map(|(_, client)| shown::client(client)),
        next: next.transpose()?.unwrap_or_default(),
        username: filled.username,
        error,
        display: request.map_or(Display::Page, shown::display),
        form_action: request.and_then(shown::form_action),
    };
    let mut response = view::render(StatusCode::OK, &page);
    step::set_browser_cookie(app, visit, &mut response);
    Ok(response)
}
