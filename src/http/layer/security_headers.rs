//! The headers that every response carries. RFC 6797, RFC 9700 §4.2.4 and §4.16, CSP Level 3.
//!
//! A handler that needs another value sets the header itself, and the layer leaves it: pages bring
//! their own `Content-Security-Policy`, static files and discovery their own `Cache-Control`.
//!
//! `Referrer-Policy` has a second half in `templates/base.html`: within this origin a page does say
//! where it is, because a browser that may not (`no-referrer`) sends `Origin: null` with its forms,
//! and forms are held against their `Origin`. Other origins learn nothing either way.

use axum::response::Response;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderName, HeaderValue};

use crate::protocol::issuer::Transport;

/// What a response may load that is no page: nothing.
const NOTHING: &str =
    "default-src 'none'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

/// Browser features that no page of ours uses.
const PERMISSIONS: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), \
                           gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), \
                           usb=()";

/// `Cross-Origin-Opener-Policy`, HTML §7.1.3.
pub const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

static DEFAULTS: [(HeaderName, &str); 8] = [
    (CACHE_CONTROL, "no-store"),
    (CONTENT_SECURITY_POLICY, NOTHING),
    (OPENER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
];

/// One year, as RFC 6797 §6.1.1 counts it. Subdomains are not ours to decide about.
const HSTS: &str = "max-age=31536000";

/// Adds to `response` every security header that the handler has not set itself.
pub fn complete(response: &mut Response, transport: Transport) {
    let is_redirection = response.status().is_redirection();
    let headers = response.headers_mut();
    // With what the edge adds: growing a map costs more than all of them.
    headers.reserve(DEFAULTS.len() + 2);
    if is_redirection {
        // A redirect shows nothing that an opener could touch, but its policy would already cut a
        // popup off from the app that opened it.
        headers.entry(OPENER_POLICY).or_insert(HeaderValue::from_static("unsafe-none"));
    }
    for (name, value) in &DEFAULTS {
        headers.entry(name).or_insert_with(|| HeaderValue::from_static(value));
    }
    match transport {
        Transport::Https => {
            headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
        }
        Transport::LocalHttp => {}
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::response::{IntoResponse, Redirect};
    use http::HeaderMap;

    use super::*;

    fn completed(mut response: Response, transport: Transport) -> HeaderMap {
        complete(&mut response, transport);
        response.into_parts().0.headers
    }

    fn empty() -> Response {
        Response::new(Body::empty())
    }

    #[test]
    fn every_response_is_framed_by_nobody_and_cached_by_nobody() {
        let headers = completed(empty(), Transport::Https);
        let policy = headers.get(CONTENT_SECURITY_POLICY).unwrap().to_str().unwrap();
        assert!(policy.contains("default-src 'none'"));
        assert!(policy.contains("frame-ancestors 'none'"));
        assert_eq!(headers.get(X_FRAME_OPTIONS).unwrap(), "DENY");
        assert_eq!(headers.get(X_CONTENT_TYPE_OPTIONS).unwrap(), "nosniff");
        assert_eq!(headers.get(REFERRER_POLICY).unwrap(), "no-referrer");
        assert_eq!(headers.get("cross-origin-opener-policy").unwrap(), "same-origin");
        assert_eq!(headers.get(CACHE_CONTROL).unwrap(), "no-store");
        assert_eq!(headers.get(STRICT_TRANSPORT_SECURITY).unwrap(), HSTS);
    }

    #[test]
    fn plain_localhost_is_not_told_to_use_https() {
        let headers = completed(empty(), Transport::LocalHttp);
        assert!(!headers.contains_key(STRICT_TRANSPORT_SECURITY));
    }

    #[test]
    fn a_redirect_does_not_cut_a_popup_off_from_its_app() {
        let redirect = Redirect::to("/page").into_response();
        for (response, expected) in [(empty(), "same-origin"), (redirect, "unsafe-none")] {
            let headers = completed(response, Transport::LocalHttp);
            assert_eq!(headers[OPENER_POLICY], expected);
            assert_eq!(headers[X_FRAME_OPTIONS], "DENY");
        }
    }

    #[test]
    fn what_the_handler_set_stays() {
        let mut response = empty();
        let mine = HeaderValue::from_static("public, max-age=60");
        response.headers_mut().insert(CACHE_CONTROL, mine);
        let headers = completed(response, Transport::Https);
        assert_eq!(headers.get_all(CACHE_CONTROL).iter().count(), 1);
        assert_eq!(headers.get(CACHE_CONTROL).unwrap(), "public, max-age=60");
    }
}
