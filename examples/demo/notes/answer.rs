//! The page that shows what the API answered, and says in plain words why.

use askama::Template;
use axum::http::StatusCode;

use super::api::Exchange;

/// An answer of the API.
#[derive(Template)]
#[template(path = "answer.html", config = "examples/demo/askama.toml")]
pub(crate) struct AnswerPage<'a> {
    status: u16,
    reason: &'a str,
    heading: &'a str,
    words: String,
    exchange: &'a Exchange,
    body: String,
    /// Why Doorward gave no new token, after which Notes ended the session.
    ended: Option<&'a str>,
}

impl<'a> AnswerPage<'a> {
    /// The page of `exchange`; `ended` when the session ended with it.
    pub(crate) fn new(exchange: &'a Exchange, ended: Option<&'a str>) -> Self {
        let status = StatusCode::from_u16(exchange.status).ok();
        let (heading, words) = plain_words(exchange);
        Self {
            status: exchange.status,
            reason: status.and_then(|status| status.canonical_reason()).unwrap_or_default(),
            heading,
            words,
            exchange,
            body: indented(&exchange.body),
            ended,
        }
    }
}

/// A heading, and a sentence or two.
fn plain_words(exchange: &Exchange) -> (&'static str, String) {
    let challenge = exchange.challenge.as_deref().unwrap_or_default();
    match exchange.status {
        200..=299 if exchange.request == "GET /stateless" => (
            "The API took the token at its word",
            "It checked the signature and the times, and asked nobody. That is fast and works while \
             Doorward is away, but a token that was taken back is believed to its end."
                .to_owned(),
        ),
        200..=299 => ("The API let you in", "This is what it answered.".to_owned()),
        401 if challenge.contains("invalid_token") => (
            "The API does not believe this",
            "What was presented proves nothing: it is forged, has ended, was taken back, or is for \
             somebody else. 401 means: show something better, and try again."
                .to_owned(),
        ),
        401 => (
            "The API does not know who is asking",
            "Nothing was presented. 401 means: say who you are, and try again. No error is named, \
             because nothing was done wrong yet."
                .to_owned(),
        ),
        403 => match parameter(challenge, "scope") {
            Some(permission) => (
                "The API knows who you are, and says no",
                format!(
                    "The token is good, but it lacks the permission {permission}. Signing in again \
                     changes nothing: a role has to permit it, and the app has to ask for it."
                ),
            ),
            None => (
                "The API knows who you are, and says no",
                "The token is good, but its user lacks the role that is needed here. Signing in \
                 again changes nothing: somebody has to give you the role."
                    .to_owned(),
            ),
        },
        404 => ("There is no such thing", "You may do this, but not to what is not there.".to_owned()),
        409 => (
            "The API will not do this",
            "You may do it, but it would leave nobody to undo it.".to_owned(),
        ),
        422 => ("There is nothing in this note", "The API keeps no empty notes.".to_owned()),
        503 => (
            "The API cannot check the token",
            "It has to ask Doorward, and Doorward does not answer. It lets nobody in meanwhile."
                .to_owned(),
        ),
        _ => ("The API did not do this", "Its answer is below.".to_owned()),
    }
}

/// A parameter of the challenge. RFC 9110 §11.2.
fn parameter<'a>(challenge: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = challenge.split_once(&format!(", {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

/// JSON with a line for each member; other text as it is.
fn indented(body: &str) -> String {
    let json = serde_json::from_str(body).ok();
    json.map_or_else(|| body.to_owned(), |value: serde_json::Value| format!("{value:#}"))
}
