//! The secrets of a request and of its answer: what the log must not have. Attack catalogue, LOG-01.

use base64ct::{Base64, Encoding};
use http::{HeaderMap, Request, header};
use serde_json::Value;

use super::{issuer::Reply, log::keep_secret};

/// The parameters, form fields and JSON members whose values are nobody's business.
const SECRETS: [&str; 21] = [
    "access_token",
    "client_assertion",
    "client_secret",
    "code",
    "code_challenge",
    "code_verifier",
    "csrf",
    "flow",
    "form",
    "id_token",
    "id_token_hint",
    "login_hint",
    "next",
    "nonce",
    "password",
    "password_again",
    "refresh_token",
    "request",
    "state",
    "token",
    "username",
];

/// Keeps the secrets that a request carries.
pub(crate) fn of_request(request: &Request<String>) {
    parameters(request.uri().query().unwrap_or_default());
    parameters(request.body());
    authorization(request.headers());
    for cookies in request.headers().get_all(header::COOKIE) {
        for cookie in cookies.to_str().unwrap_or_default().split("; ") {
            keep_secret(cookie.split_once('=').map_or("", |(_, value)| value));
        }
    }
}

/// Keeps the secrets that an answer hands out.
pub(crate) fn of_reply(reply: &Reply) {
    for value in reply.headers.get_all(header::SET_COOKIE) {
        let pair = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
        keep_secret(pair.split_once('=').map_or("", |(_, value)| value));
    }
    if let Some(location) = reply.headers.get(header::LOCATION) {
        let location = location.to_str().unwrap_or_default();
        parameters(location.split_once(['?', '#']).map_or("", |(_, parameters)| parameters));
    }
    let Ok(text) = std::str::from_utf8(&reply.body) else { return };
    if let Ok(Value::Object(members)) = serde_json::from_str::<Value>(text) {
        let values = SECRETS.iter().filter_map(|name| members.get(*name));
        values.filter_map(Value::as_str).for_each(keep_secret);
    }
    hidden_fields(text);
    // The one page that shows an API key.
    let key =
        text.split_once("<textarea id=\"api-key\"").and_then(|(_, rest)| rest.split_once('>'));
    keep_secret(key.map_or("", |(_, rest)| rest.split('<').next().unwrap_or_default()));
}

fn parameters(encoded: &str) {
    for (name, value) in form_urlencoded::parse(encoded.as_bytes()) {
        if SECRETS.contains(&name.as_ref()) {
            keep_secret(&value);
        }
    }
}

/// The token of `Bearer`, the password of `Basic`.
fn authorization(headers: &HeaderMap) {
    for value in headers.get_all(header::AUTHORIZATION) {
        let Some((scheme, credentials)) = value.to_str().ok().and_then(|text| text.split_once(' '))
        else {
            continue;
        };
        keep_secret(credentials);
        if scheme.eq_ignore_ascii_case("basic") {
            let pair = Base64::decode_vec(credentials).unwrap_or_default();
            let pair = String::from_utf8_lossy(&pair).into_owned();
            keep_secret(pair.split_once(':').map_or("", |(_, secret)| secret));
        }
    }
}

/// What the forms of a page carry unseen, as our templates write it.
fn hidden_fields(page: &str) {
    for field in page.split("<input type=\"hidden\" name=\"").skip(1) {
        let mut parts = field.splitn(4, '"');
        let (name, _, value) = (parts.next(), parts.next(), parts.next());
        if name.is_some_and(|name| SECRETS.contains(&name)) {
            keep_secret(value.unwrap_or_default());
        }
    }
}
