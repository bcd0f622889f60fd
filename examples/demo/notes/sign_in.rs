//! The two requests of a sign-in: off to the authorization server, and back with a code.

use std::time::Duration;

use axum::{
    extract::{RawQuery, State},
    http::header::SET_COOKIE,
    response::{AppendHeaders, IntoResponse, Response},
};
use moka::{policy::EvictionPolicy, sync::Cache};
use openidconnect::AuthorizationCode;

use super::{
    Notes, parameters::Parameters, problem::Problem, provider::Proofs, see_other, session::Visit,
};

/// How many sign-ins may be in progress; the oldest goes first.
const IN_PROGRESS: u64 = 1_000;
/// How long a sign-in may take.
const LIFETIME: Duration = Duration::from_mins(15);

/// The sign-ins in progress, by `state`.
pub(crate) struct SignIns(Cache<String, SignIn>);

/// A sign-in in progress: the browser that began it, and what its answer must prove.
#[derive(Clone)]
struct SignIn {
    browser: String,
    proofs: Proofs,
}

impl SignIns {
    /// None yet.
    pub(crate) fn new() -> Self {
        let waiting = Cache::builder()
            .max_capacity(IN_PROGRESS)
            .time_to_live(LIFETIME)
            .eviction_policy(EvictionPolicy::lru());
        Self(waiting.build())
    }
}

/// `GET /sign-in`: sends the browser to the authorization server.
pub(crate) async fn begin(State(notes): State<Notes>, visit: Visit) -> Result<Response, Problem> {
    let request = notes.0.provider.begin().await?;
    let (browser, cookie) = visit.named_browser();
    let sign_in = SignIn { browser, proofs: request.proofs };
    notes.0.sign_ins.0.insert(request.state, sign_in);
    Ok((AppendHeaders([(SET_COOKIE, cookie)]), see_other(request.url.as_str())).into_response())
}

/// `GET /callback`: the browser comes back with a code, or with an error.
///
/// In this order: the `state` is one that this browser was given and has not used (RFC 6749 §10.12);
/// the answer is from the server that was asked (RFC 9207 §2.4); only then is anything else believed.
pub(crate) async fn finish(
    State(notes): State<Notes>,
    RawQuery(query): RawQuery,
    visit: Visit,
) -> Result<Response, Problem> {
    let answer = Parameters::parse(query.unwrap_or_default().as_bytes())?;
    let state = answer.find("state").ok_or(Problem::UnknownSignIn)?;
    let sign_in = notes.0.sign_ins.0.get(state).ok_or(Problem::UnknownSignIn)?;
    if visit.browser() != Some(sign_in.browser.as_str()) {
        return Err(Problem::UnknownSignIn);
    }
    // Removing says who was first when two requests bring the same state.
    let sign_in = notes.0.sign_ins.0.remove(state).ok_or(Problem::UnknownSignIn)?;
    notes.0.provider.check_issuer(answer.find("iss")).await?;
    if let Some(code) = answer.find("error") {
        let description = answer.find("error_description").map(str::to_owned);
        return Err(Problem::Refused { code: code.to_owned(), description });
    }
    let code = answer.find("code").ok_or(Problem::BadRequest("The code is missing."))?;
    let code = AuthorizationCode::new(code.to_owned());
    let person = notes.0.provider.redeem(code, sign_in.proofs).await?;
    notes.0.sessions.end(&visit);
    let cookie = notes.0.sessions.open(person);
    Ok((AppendHeaders([(SET_COOKIE, cookie)]), see_other("/")).into_response())
}
