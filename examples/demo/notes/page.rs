//! The pages, and their stylesheet.

use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use serde_json::Value;
use time::OffsetDateTime;

use super::{api::Note, session::Session};

/// The longest note that the API keeps whole, in characters.
const LONGEST_NOTE: usize = 500;

/// For everybody who is not signed in.
#[derive(Template)]
#[template(path = "welcome.html", config = "examples/demo/askama.toml")]
pub(crate) struct WelcomePage<'a> {
    /// The issuer that people sign in with.
    pub(crate) server: &'a str,
}

/// For somebody who is signed in.
#[derive(Template)]
#[template(path = "home.html", config = "examples/demo/askama.toml")]
pub(crate) struct HomePage<'a> {
    name: String,
    csrf: &'a str,
    notice: Option<&'a str>,
    notes: Vec<Note>,
    /// The status of an API that did not show its notes.
    refused: Option<u16>,
    longest_note: usize,
    subject: &'a str,
    roles: Vec<String>,
    scope: Vec<String>,
    expiry: String,
    refreshable: bool,
    claims: String,
    /// The issuer, at whose pages people make API keys.
    server: &'a str,
}

impl<'a> HomePage<'a> {
    /// The page of `session` with the `board`, or the status that came instead, at the moment `now`
    /// (Unix seconds). `server` is the issuer.
    pub(crate) fn new(
        server: &'a str,
        session: &'a Session,
        board: Result<Vec<Note>, u16>,
        notice: Option<&'a str>,
        now: i64,
    ) -> Self {
        let person = &session.person;
        let (mut notes, refused) = match board {
            Ok(notes) => (notes, None),
            Err(status) => (Vec::new(), Some(status)),
        };
        notes.reverse();
        Self {
            name: person.name().to_owned(),
            csrf: &session.csrf,
            notice,
            notes,
            refused,
            longest_note: LONGEST_NOTE,
            subject: person.subject(),
            roles: person.roles(),
            scope: person.scope.clone(),
            expiry: expiry(person.expires_at, now),
            refreshable: person.refresh_token.is_some(),
            claims: pretty(&person.claims),
            server,
        }
    }
}

/// The answer of the UserInfo endpoint.
#[derive(Template)]
#[template(path = "user_info.html", config = "examples/demo/askama.toml")]
pub(crate) struct UserInfoPage<'a> {
    /// Whose it is.
    pub(crate) name: &'a str,
    /// The claims as indented JSON.
    pub(crate) claims: &'a str,
}

/// After signing out.
#[derive(Template)]
#[template(path = "signed_out.html", config = "examples/demo/askama.toml")]
pub(crate) struct SignedOutPage {
    /// Whether the authorization server's session has ended too.
    pub(crate) everywhere: bool,
}

/// When something went wrong.
#[derive(Template)]
#[template(path = "problem.html", config = "examples/demo/askama.toml")]
pub(crate) struct ProblemPage<'a> {
    /// What happened, in a few words.
    pub(crate) heading: &'a str,
    /// What it means, in a sentence.
    pub(crate) sentence: &'a str,
    /// The error code.
    pub(crate) code: &'a str,
    /// What the developer wants to know.
    pub(crate) detail: Option<&'a str>,
}

/// The page as a response.
pub(crate) fn show(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(_) => {
            (StatusCode::INTERNAL_SERVER_ERROR, "Notes could not show this page.").into_response()
        }
    }
}

/// The page as a response with the status that the API gave.
pub(crate) fn show_as(status: u16, page: &impl Template) -> Response {
    // A body belongs to none of the statuses below 200, nor to 204.
    match StatusCode::from_u16(status) {
        Ok(status) if status.is_client_error() || status.is_server_error() => {
            (status, show(page)).into_response()
        }
        Ok(_) | Err(_) => show(page),
    }
}

/// `GET /notes.css`.
pub(crate) async fn stylesheet() -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    (headers, include_str!("../notes.css")).into_response()
}

/// Claims as indented JSON.
pub(crate) fn pretty(claims: &Value) -> String {
    format!("{claims:#}")
}

/// When the access token ends, for people: the clock time and how long that is from `now`.
fn expiry(expires_at: Option<i64>, now: i64) -> String {
    let Some(end) = expires_at else { return "not said".to_owned() };
    if end <= now {
        return "expired".to_owned();
    }
    let (minutes, seconds) = ((end - now) / 60, (end - now) % 60);
    match OffsetDateTime::from_unix_timestamp(end) {
        Ok(end) => {
            let (hour, minute, second) = end.to_hms();
            format!("at {hour:02}:{minute:02}:{second:02} UTC, in {minutes} min {seconds} s")
        }
        Err(_) => format!("in {minutes} min {seconds} s"),
    }
}
