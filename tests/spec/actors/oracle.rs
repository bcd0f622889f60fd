//! What must hold for every answer, whatever the test is about. No test can forget it.

use http::{Request, StatusCode, header};

use super::{
    auditor::Before,
    canary,
    issuer::{Issuer, Reply},
    log,
};

/// What is known of a request before it is answered.
pub(crate) struct Oracle {
    request: Request<String>,
    before: Option<Before>,
}

impl Oracle {
    /// Looks at `request` and at what it speaks of.
    pub(crate) async fn prepare(issuer: &Issuer, request: &Request<String>) -> Self {
        canary::of_request(request);
        Self { request: request.clone(), before: Before::look(issuer, request).await }
    }

    /// Holds `reply` against every oracle.
    pub(crate) async fn hold(self, issuer: &Issuer, reply: &Reply) {
        let line = format!("{} {}", self.request.method(), self.request.uri());
        no_fault_of_ours(&line, reply);
        security_headers(&line, reply);
        nothing_is_kept(&line, self.request.uri().path(), reply);
        redirects_are_303(&line, reply);
        cookies_are_bound(&line, reply);
        errors_are_json_or_pages(&line, reply);
        errors_are_registered(&line, self.request.uri().path(), reply);
        refusals_are_registered(&line, reply);
        canary::of_reply(reply);
        log::hold();
        if let Some(before) = self.before {
            before.hold(issuer, &line, &self.request, reply).await;
        }
    }
}

/// Never a 5xx, but for 503 with `Retry-After`.
fn no_fault_of_ours(line: &str, reply: &Reply) {
    if reply.status == StatusCode::SERVICE_UNAVAILABLE {
        assert!(reply.headers.contains_key(header::RETRY_AFTER), "{line}: 503 without Retry-After");
        return;
    }
    assert!(!reply.status.is_server_error(), "{line}: {} {}", reply.status, reply.text());
}

fn security_headers(line: &str, reply: &Reply) {
    let value = |name: &str| {
        reply.headers.get(name).unwrap_or_else(|| panic!("{line}: no {name}")).to_str().unwrap()
    };
    assert_eq!(value("x-content-type-options"), "nosniff", "{line}");
    assert_eq!(value("x-frame-options"), "DENY", "{line}");
    assert_eq!(value("referrer-policy"), "no-referrer", "{line}");
    assert!(value("strict-transport-security").starts_with("max-age="), "{line}");
    let csp = value("content-security-policy");
    assert!(csp.contains("default-src 'none'"), "{line}: {csp}");
    assert!(csp.contains("frame-ancestors 'none'"), "{line}: {csp}");
    assert!(!csp.contains("unsafe"), "{line}: {csp}");
    let opener = value("cross-origin-opener-policy");
    assert!(["same-origin", "unsafe-none"].contains(&opener), "{line}: {opener}");
}

/// Only static files, discovery and the keys may be kept.
fn nothing_is_kept(line: &str, path: &str, reply: &Reply) {
    let public =
        path.starts_with("/.well-known/") || path == "/jwks" || path.starts_with("/static/");
    if !public || !reply.status.is_success() {
        let value = reply.headers.get(header::CACHE_CONTROL).map(|value| value.to_str().unwrap());
        if reply.status != StatusCode::NOT_MODIFIED {
            assert_eq!(value, Some("no-store"), "{line}");
        }
    }
}

/// 307 and 308 would send a password on. RFC 9700 §4.12.
fn redirects_are_303(line: &str, reply: &Reply) {
    if reply.status.is_redirection() && reply.status != StatusCode::NOT_MODIFIED {
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{line}");
        assert_eq!(reply.headers.get_all(header::LOCATION).iter().count(), 1, "{line}");
    }
}

/// To this host, to https, to HTTP, and to requests of our own site. SESS-02.
fn cookies_are_bound(line: &str, reply: &Reply) {
    for cookie in reply.headers.get_all(header::SET_COOKIE) {
        let cookie = cookie.to_str().unwrap();
        assert!(
            cookie.starts_with("__Host-doorward-") && cookie.len() <= 4_096,
            "{line}: {cookie}"
        );
        for attribute in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
            assert!(cookie.contains(attribute), "{line}: {cookie}");
        }
        assert!(!cookie.to_lowercase().contains("domain"), "{line}: {cookie}");
    }
}

fn errors_are_json_or_pages(line: &str, reply: &Reply) {
    if !reply.status.is_client_error() || reply.body.is_empty() {
        return;
    }
    let media_type = reply.header(header::CONTENT_TYPE);
    assert!(
        ["application/json", "application/problem+json", "text/html"]
            .iter()
            .any(|known| media_type.starts_with(known)),
        "{line}: {media_type}"
    );
}

/// The codes that an authorization response may tell. RFC 6749 §4.1.2.1, OIDC Core §3.1.2.6, RFC 8707 §2,
/// OpenID Connect Core Error Code `unmet_authentication_requirements` 1.0.
const OF_AUTHORIZATION: [&str; 14] = [
    "access_denied",
    "account_selection_required",
    "consent_required",
    "interaction_required",
    "invalid_request",
    "invalid_scope",
    "invalid_target",
    "login_required",
    "request_not_supported",
    "request_uri_not_supported",
    "server_error",
    "unauthorized_client",
    "unmet_authentication_requirements",
    "unsupported_response_type",
];

/// RFC 6749 §5.2, RFC 8707 §2.
const OF_TOKENS: [&str; 7] = [
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "invalid_target",
    "unauthorized_client",
    "unsupported_grant_type",
];

/// RFC 7009 §2.2.1, RFC 7662 §2.3, RFC 6750 §3.1.
const OF_REVOCATION: [&str; 4] =
    ["invalid_client", "invalid_request", "unauthorized_client", "unsupported_token_type"];
const OF_INTROSPECTION: [&str; 2] = ["invalid_client", "invalid_request"];
const OF_USERINFO: [&str; 3] = ["insufficient_scope", "invalid_request", "invalid_token"];

/// An endpoint tells the codes that are registered for it, in the characters of RFC 6749 §5.2. Where it
/// cannot say anything of the request (429, 503), it says that it is unavailable.
fn errors_are_registered(line: &str, path: &str, reply: &Reply) {
    let registered: &[&str] = match path {
        "/token" => &OF_TOKENS,
        "/revoke" => &OF_REVOCATION,
        "/introspect" => &OF_INTROSPECTION,
        "/userinfo" => &OF_USERINFO,
        _ => return,
    };
    let is_json = reply.headers.get(header::CONTENT_TYPE).is_some_and(|t| t == "application/json");
    // The answer to HEAD has no body.
    if reply.status.is_success() || reply.body.is_empty() || !is_json {
        return;
    }
    let (body, status) = (reply.json(), reply.status);
    let error = body["error"].as_str().unwrap_or_else(|| panic!("{line}: {status} {body}"));
    let later = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE];
    let unavailable = error == "temporarily_unavailable" && later.contains(&status);
    assert!(registered.contains(&error) || unavailable, "{line}: {status} {error}");
    for name in ["error", "error_description"] {
        is_plain(line, body[name].as_str().unwrap_or_default());
    }
}

/// The same for what a browser carries to a client.
fn refusals_are_registered(line: &str, reply: &Reply) {
    let location = reply.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
    let Some((_, answer)) = location.and_then(|location| location.split_once(['?', '#'])) else {
        return;
    };
    for (name, value) in form_urlencoded::parse(answer.as_bytes()) {
        match &*name {
            "error" => assert!(OF_AUTHORIZATION.contains(&&*value), "{line}: {value}"),
            "error_description" => is_plain(line, &value),
            _ => {}
        }
    }
}

/// `%x20-21 / %x23-5B / %x5D-7E`. RFC 6749 §4.1.2.1, §5.2.
fn is_plain(line: &str, text: &str) {
    let allowed = |b: u8| matches!(b, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    assert!(text.bytes().all(allowed), "{line}: {text}");
}
