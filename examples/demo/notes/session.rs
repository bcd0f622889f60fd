//! Who is signed in to Notes, and the cookies that say so.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use cookie::{Cookie, SameSite};
use moka::{policy::EvictionPolicy, sync::Cache};
use openidconnect::CsrfToken;
use subtle::ConstantTimeEq;
use tokio::sync::{Mutex, MutexGuard};

use super::{Notes, parameters::Parameters, problem::Problem, provider::SignedIn};

/// The cookie of somebody who is signed in.
const SESSION: &str = "notes-session";
/// The cookie that ties a sign-in or sign-out in progress to the browser that began it.
const BROWSER: &str = "notes-browser";
/// How many sessions are kept; the least recently used goes first.
const SESSIONS: u64 = 1_000;
/// How long a session lives without a request.
const IDLE: Duration = Duration::from_hours(8);

/// The session of one signed-in browser.
pub(crate) struct Session {
    /// Who it is, and the tokens.
    pub(crate) person: SignedIn,
    /// The anti-forgery token of this session's forms.
    pub(crate) csrf: String,
    /// What the next page says once.
    pub(crate) notice: Option<&'static str>,
}

/// Every session, by the value of its cookie.
pub(crate) struct Sessions(Cache<String, Arc<Mutex<Session>>>);

impl Sessions {
    /// None yet.
    pub(crate) fn new() -> Self {
        let sessions = Cache::builder()
            .max_capacity(SESSIONS)
            .time_to_idle(IDLE)
            .eviction_policy(EvictionPolicy::lru());
        Self(sessions.build())
    }

    /// Opens a session for `person` and returns the `Set-Cookie` value. The cookie is always new: a
    /// value that was planted before the sign-in is worth nothing after it.
    pub(crate) fn open(&self, person: SignedIn) -> String {
        let id = random();
        let session = Session { person, csrf: random(), notice: None };
        self.0.insert(id.clone(), Arc::new(Mutex::new(session)));
        set_cookie(SESSION, &id)
    }

    /// Ends the session of this visit, and returns the `Set-Cookie` value that removes its cookie.
    pub(crate) fn end(&self, visit: &Visit) -> String {
        if let Some(id) = &visit.session_id {
            self.0.invalidate(id);
        }
        let mut cookie = Cookie::build((SESSION, "")).path("/").build();
        cookie.make_removal();
        cookie.to_string()
    }
}

/// The browser behind a request, as its cookies tell.
pub(crate) struct Visit {
    session_id: Option<String>,
    session: Option<Arc<Mutex<Session>>>,
    browser: Option<String>,
}

impl Visit {
    /// The session, held until the guard is dropped: two requests of one browser never use the same
    /// refresh token at once.
    pub(crate) async fn session(&self) -> Option<MutexGuard<'_, Session>> {
        match &self.session {
            Some(session) => Some(session.lock().await),
            None => None,
        }
    }

    /// The session, for a form that changes something: `body` must carry its anti-forgery token.
    pub(crate) async fn changes(
        &self,
        body: &[u8],
    ) -> Result<(MutexGuard<'_, Session>, Parameters), Problem> {
        let form = Parameters::parse(body)?;
        let session = self.session().await.ok_or(Problem::NotSignedIn)?;
        let sent = form.find("csrf").unwrap_or_default();
        if !bool::from(sent.as_bytes().ct_eq(session.csrf.as_bytes())) {
            return Err(Problem::FormExpired);
        }
        Ok((session, form))
    }

    /// The name of this browser for things in progress, if it has one.
    pub(crate) fn browser(&self) -> Option<&str> {
        self.browser.as_deref()
    }

    /// The name of this browser for things in progress, kept or new, and the `Set-Cookie` value.
    /// It is kept so that sign-ins in several tabs can all finish.
    pub(crate) fn named_browser(&self) -> (String, String) {
        let name = self.browser.clone().unwrap_or_else(random);
        let cookie = set_cookie(BROWSER, &name);
        (name, cookie)
    }
}

impl FromRequestParts<Notes> for Visit {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, notes: &Notes) -> Result<Self, Self::Rejection> {
        let session_id = find_cookie(&parts.headers, SESSION);
        let session = session_id.as_deref().and_then(|id| notes.0.sessions.0.get(id));
        Ok(Self { session_id, session, browser: find_cookie(&parts.headers, BROWSER) })
    }
}

/// 256 random bits as base64url.
fn random() -> String {
    CsrfToken::new_random_len(32).into_secret()
}

/// Not `Secure`: the demo speaks http to localhost. `Lax`, because the browser comes back from the
/// authorization server with a GET of its own.
fn set_cookie(name: &'static str, value: &str) -> String {
    let cookie = Cookie::build((name, value)).path("/").http_only(true).same_site(SameSite::Lax);
    cookie.build().to_string()
}

fn find_cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned())
}
