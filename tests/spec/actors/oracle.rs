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
