//! Notes API as Notes calls it: one HTTP request for each call, and its answer as it came.

use std::time::Duration;

use openidconnect::{
    AccessToken,
    reqwest::{
        self, Method,
        header::{CONTENT_TYPE, WWW_AUTHENTICATE},
    },
    url::Url,
};
use serde::Deserialize;
use serde_json::json;

use super::problem::Problem;

/// How long the API may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The API, by its address.
pub(crate) struct Api {
    address: Url,
    http: reqwest::Client,
}

/// What Notes can ask of the API.
pub(crate) enum Call<'a> {
    List,
    Add(&'a str),
    Delete(&'a str),
    DeadZone,
    Ban(&'a str),
    LiftBan(&'a str),
    Figures,
    Stateless,
}

/// What a call presents.
pub(crate) enum Credential<'a> {
    Nothing,
    Token(&'a AccessToken),
    /// The token with another signature.
    Forged(&'a AccessToken),
    ApiKey(&'a str),
}

/// A request and its answer.
pub(crate) struct Exchange {
    /// The method and path.
    pub(crate) request: String,
    /// The header that carried the credential; its value is a secret and is not kept.
    pub(crate) credential: &'static str,
    /// The status code.
    pub(crate) status: u16,
    /// `WWW-Authenticate`. RFC 9110 §11.6.1.
    pub(crate) challenge: Option<String>,
    /// The body as text.
    pub(crate) body: String,
}

/// A note on the board.
#[derive(Debug, Deserialize)]
pub(crate) struct Note {
    pub(crate) id: u64,
    pub(crate) author: String,
    pub(crate) author_name: String,
    pub(crate) text: String,
}

impl Api {
    /// The API at `address`.
    pub(crate) fn new(address: &str) -> anyhow::Result<Self> {
        // No redirects: a token goes to the API and to nobody else.
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()?;
        Ok(Self { address: Url::parse(address)?, http })
    }

    /// Sends `call` with `credential`.
    ///
    /// # Errors
    /// [`Problem::Unreachable`] when no answer came. A refusal is an answer.
    pub(crate) async fn ask(
        &self,
        call: &Call<'_>,
        credential: &Credential<'_>,
    ) -> Result<Exchange, Problem> {
        let (method, path) = call.line();
        let mut url = self.address.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(&path);
        }
        let request = format!("{method} {}", url.path());
        let mut sent = self.http.request(method, url);
        if let Call::Add(text) = call {
            let body = json!({ "text": text }).to_string();
            sent = sent.header(CONTENT_TYPE, "application/json").body(body);
        }
        let answer = credential.put_into(sent).send().await.map_err(unreachable)?;
        let challenge = answer.headers().get(WWW_AUTHENTICATE);
        Ok(Exchange {
            request,
            credential: credential.words(),
            status: answer.status().as_u16(),
            challenge: challenge.and_then(|value| value.to_str().ok()).map(str::to_owned),
            body: answer.text().await.map_err(unreachable)?,
        })
    }
}

impl Call<'_> {
    /// The method and the segments of the path.
    fn line(&self) -> (Method, Vec<&str>) {
        match *self {
            Self::List => (Method::GET, vec!["notes"]),
            Self::Add(_) => (Method::POST, vec!["notes"]),
            Self::Delete(id) => (Method::DELETE, vec!["notes", id]),
            Self::DeadZone => (Method::GET, vec!["dead-zone"]),
            Self::Ban(user) => (Method::POST, vec!["users", user, "ban"]),
            Self::LiftBan(user) => (Method::DELETE, vec!["users", user, "ban"]),
            Self::Figures => (Method::GET, vec!["data"]),
            Self::Stateless => (Method::GET, vec!["stateless"]),
        }
    }
}

impl Credential<'_> {
    fn put_into(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match self {
            Self::Nothing => request,
            Self::Token(token) => request.bearer_auth(token.secret()),
            Self::Forged(token) => request.bearer_auth(forged(token.secret())),
            Self::ApiKey(key) => request.header("x-api-key", *key),
        }
    }

    const fn words(&self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::Token(_) => "Authorization: Bearer (the access token of this session)",
            Self::Forged(_) => "Authorization: Bearer (the token with a false signature)",
            Self::ApiKey(_) => "X-API-Key: (the key that you typed)",
        }
    }
}

impl Exchange {
    /// Whether the API did what it was asked for.
    pub(crate) const fn succeeded(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// The notes of an answer to [`Call::List`].
    pub(crate) fn notes(&self) -> Result<Vec<Note>, Problem> {
        let unreadable = |error: serde_json::Error| Problem::Unreachable(error.to_string());
        serde_json::from_str(&self.body).map_err(unreadable)
    }
}

/// The claims of `token` with a signature that nobody made: the whole of it turned round.
fn forged(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').unwrap_or((token, "none"));
    let turned: String = signature.chars().rev().collect();
    format!("{signed}.{turned}")
}

fn unreachable(error: reqwest::Error) -> Problem {
    Problem::Unreachable(error.without_url().to_string())
}
