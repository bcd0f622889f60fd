//! Signing out: of Notes alone, or everywhere. OIDC RP-Initiated Logout.

use std::time::Duration;

use axum::{
    body::Bytes,
    extract::{RawQuery, State},
    http::header::SET_COOKIE,
    response::{AppendHeaders, IntoResponse, Response},
};
use moka::{policy::EvictionPolicy, sync::Cache};

use super::{
    Notes,
    page::{self, SignedOutPage},
    parameters::Parameters,
    problem::Problem,
    see_other,
    session::Visit,
};

/// How many sign-outs may be in progress; the oldest goes first.
const IN_PROGRESS: u64 = 1_000;
/// How long one may take.
const LIFETIME: Duration = Duration::from_mins(15);

/// The sign-outs in progress: the browser that began each, by `state`.
pub(crate) struct SignOuts(Cache<String, String>);

impl SignOuts {
    /// None yet.
    pub(crate) fn new() -> Self {
        let waiting = Cache::builder()
            .max_capacity(IN_PROGRESS)
            .time_to_live(LIFETIME)
            .eviction_policy(EvictionPolicy::lru());
        Self(waiting.build())
    }
}

/// `POST /sign-out`: ends Notes' own session. Other apps, and the next sign-in, notice nothing.
pub(crate) async fn here(
    State(notes): State<Notes>,
    visit: Visit,
    body: Bytes,
) -> Result<Response, Problem> {
    drop(visit.changes(&body).await?);
    let cookie = notes.0.sessions.end(&visit);
    Ok((AppendHeaders([(SET_COOKIE, cookie)]), see_other("/signed-out")).into_response())
}

/// `POST /sign-out-everywhere`: ends Notes' own session, then asks the authorization server to end
/// the one that all apps share.
pub(crate) async fn everywhere(
    State(notes): State<Notes>,
    visit: Visit,
    body: Bytes,
) -> Result<Response, Problem> {
    let (session, _) = visit.changes(&body).await?;
    let asked = notes.0.provider.end_session(&session.person).await;
    drop(session);
    // Whatever the server says: who asked to be signed out is signed out here.
    let ended = notes.0.sessions.end(&visit);
    let request = match asked {
        Ok(request) => request,
        Err(problem) => return Ok((AppendHeaders([(SET_COOKIE, ended)]), problem).into_response()),
    };
    let (browser, named) = visit.named_browser();
    notes.0.sign_outs.0.insert(request.state, browser);
    let cookies = AppendHeaders([(SET_COOKIE, ended), (SET_COOKIE, named)]);
    Ok((cookies, see_other(request.url.as_str())).into_response())
}

/// `GET /signed-out`: says what has ended. Only the `state` of a sign-out that this browser began
/// proves that it was everywhere.
pub(crate) async fn signed_out(
    State(notes): State<Notes>,
    RawQuery(query): RawQuery,
    visit: Visit,
) -> Result<Response, Problem> {
    let answer = Parameters::parse(query.unwrap_or_default().as_bytes())?;
    let began = answer.find("state").and_then(|state| notes.0.sign_outs.0.remove(state));
    let everywhere = began.is_some() && began.as_deref() == visit.browser();
    Ok(page::show(&SignedOutPage { everywhere }))
}
