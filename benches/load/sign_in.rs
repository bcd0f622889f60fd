//! A sign-in as a browser does it: through the pages and their forms, to the code and its redemption.

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};
use axum::http::{HeaderMap, HeaderValue, header};
use openidconnect::{PkceCodeChallenge, PkceCodeVerifier};
use serde::Deserialize;
use url::Url;

use super::{
    credentials::{Client, REDIRECT_URI, USER},
    form::{self, Form},
    http::{Answer, Call, Connection},
    subject::Target,
};

/// Authorization without an ID token: what is signed is the access token.
pub(crate) const PLAIN: &str = "profile offline_access";
/// Authentication: an ID token beside the access token.
pub(crate) const OPENID: &str = "openid profile";

/// More pages than any sign-in has.
const MOST_STEPS: usize = 12;
/// Of one verifier for all: the servers cannot tell.
const VERIFIER: &str = "a-code-verifier-that-is-long-enough-for-RFC-7636";

/// What is asked for.
#[derive(Clone, Copy)]
pub(crate) struct Wish<'a> {
    pub(crate) client: &'a Client,
    pub(crate) scope: &'static str,
}

/// What a browser remembers: its cookies. And who sits before it, [`USER`] if nobody else.
#[derive(Debug, Clone, Default)]
pub(crate) struct Browser {
    username: Option<String>,
    cookies: BTreeMap<String, String>,
}

/// The tokens of a successful answer.
#[derive(Debug, Deserialize)]
pub(crate) struct Tokens {
    pub(crate) access_token: String,
    pub(crate) refresh_token: Option<String>,
}

impl Browser {
    /// A new one, before which the user of that name sits.
    pub(crate) fn of(username: String) -> Self {
        Self { username: Some(username), cookies: BTreeMap::new() }
    }

    /// From the authorization request to the code, filling in whatever forms come.
    pub(crate) async fn authorize(
        &mut self,
        connection: &mut Connection,
        target: &Target,
        wish: Wish<'_>,
    ) -> anyhow::Result<String> {
        let mut address = request(target, wish)?;
        let mut call = Call::get(path(&address));
        for _ in 0..MOST_STEPS {
            let answer = connection.send(&self.dress(call.clone(), target)?).await?;
            self.remember(&answer.headers);
            call = match answer.status {
                302 | 303 => {
                    let location = location(&answer)?;
                    if location.starts_with(REDIRECT_URI) {
                        return code(&Url::parse(location)?);
                    }
                    address = address.join(location)?;
                    Call::get(path(&address))
                }
                200 => {
                    let username = self.username.as_deref().unwrap_or(USER.username);
                    fill_in(&mut address, &answer, username)?
                }
                status => bail!("{} answered {status}", call.name()),
            };
        }
        bail!("a sign-in without end")
    }

    /// Adds what a browser sends along.
    fn dress(&self, call: Call, target: &Target) -> anyhow::Result<Call> {
        let call = call
            .with(header::ORIGIN, HeaderValue::from_str(&format!("http://{}", target.authority))?)
            .with(header::ACCEPT, HeaderValue::from_static("text/html"));
        if self.cookies.is_empty() {
            return Ok(call);
        }
        let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        let cookies = pairs.collect::<Vec<_>>().join("; ");
        Ok(call.with(header::COOKIE, HeaderValue::from_str(&cookies)?))
    }

    fn remember(&mut self, headers: &HeaderMap) {
        for cookie in headers.get_all(header::SET_COOKIE) {
            let Some(cookie) = cookie.to_str().ok().and_then(|c| cookie::Cookie::parse(c).ok())
            else {
                continue;
            };
            let (name, value) = (cookie.name().to_owned(), cookie.value().to_owned());
            let ended = cookie.max_age().is_some_and(|age| age.whole_seconds() <= 0);
            if value.is_empty() || ended {
                self.cookies.remove(&name);
            } else {
                self.cookies.insert(name, value);
            }
        }
    }
}

/// The request that redeems `code`. RFC 6749 §4.1.3.
pub(crate) fn redemption(target: &Target, client: &Client, code: &str) -> anyhow::Result<Call> {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ];
    token_request(target, client, &fields)
}

/// A request to the token endpoint, with the credentials that the client has.
pub(crate) fn token_request(
    target: &Target,
    client: &Client,
    fields: &[(&str, &str)],
) -> anyhow::Result<Call> {
    let own = client.secret.is_none().then_some(("client_id", client.id.as_str()));
    let call = Call::post(target.paths.token, fields.iter().copied().chain(own));
    Ok(call.authorized(client.authorization()?))
}

/// The tokens of an answer, which must be a success.
pub(crate) fn tokens(answer: &Answer) -> anyhow::Result<Tokens> {
    if answer.status != 200 {
        let body = String::from_utf8_lossy(&answer.body);
        let start: String = body.chars().take(160).collect();
        bail!("the token endpoint answered {}: {start}", answer.status);
    }
    Ok(serde_json::from_slice(&answer.body)?)
}

/// The authorization request. RFC 6749 §4.1.1, RFC 7636 §4.3.
fn request(target: &Target, wish: Wish<'_>) -> anyhow::Result<Url> {
    let verifier = PkceCodeVerifier::new(VERIFIER.to_owned());
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
    let mut url = Url::parse(&format!("http://{}{}", target.authority, target.paths.authorize))?;
    let mut query = url.query_pairs_mut();
    query
        .append_pair("response_type", "code")
        .append_pair("client_id", &wish.client.id)
        .append_pair("redirect_uri", REDIRECT_URI)
        .append_pair("scope", wish.scope)
        .append_pair("state", "a-state-of-the-load")
        .append_pair("code_challenge", challenge.as_str())
        .append_pair("code_challenge_method", "S256");
    if wish.scope == OPENID {
        query.append_pair("nonce", "a-nonce-of-the-load");
    }
    drop(query);
    Ok(url)
}

/// The form of the page, filled in as somebody who signs in and says yes.
fn fill_in(address: &mut Url, page: &Answer, username: &str) -> anyhow::Result<Call> {
    let page = std::str::from_utf8(&page.body)?;
    let forms = form::forms(page);
    let form = forms
        .iter()
        .find(|form| form.has_input("password") || form.button("allow").is_some())
        .with_context(|| format!("{} has no form to fill in", address.path()))?;
    if !form.action.is_empty() {
        *address = address.join(&form.action)?;
    }
    Ok(Call::post(path(address), filled(form, username)))
}

/// The fields to send: the inputs, the credentials, and the button that says yes.
fn filled<'a>(form: &'a Form, username: &'a str) -> Vec<(&'a str, &'a str)> {
    let inputs = form.inputs.iter().map(|(name, value)| match name.as_str() {
        "username" => ("username", username),
        "password" => ("password", USER.password),
        name => (name, value.as_str()),
    });
    let yes = ["allow", "sign-in"].iter().find_map(|id| form.button(id));
    let yes = yes.filter(|button| !button.name.is_empty());
    inputs.chain(yes.map(|button| (button.name.as_str(), button.value.as_str()))).collect()
}

fn location(answer: &Answer) -> anyhow::Result<&str> {
    Ok(answer.headers.get(header::LOCATION).context("a redirect to nowhere")?.to_str()?)
}

fn code(location: &Url) -> anyhow::Result<String> {
    let find = |name| location.query_pairs().find(|(key, _)| key == name).map(|(_, v)| v);
    if let Some(error) = find("error") {
        let description = find("error_description").unwrap_or_default();
        bail!("the authorization endpoint answered {error}: {description}");
    }
    ensure!(find("state").as_deref() == Some("a-state-of-the-load"), "the state is another one");
    Ok(find("code").context("a redirect without a code")?.into_owned())
}

/// Path and query.
fn path(address: &Url) -> String {
    match address.query() {
        Some(query) => format!("{}?{query}", address.path()),
        None => address.path().to_owned(),
    }
}
