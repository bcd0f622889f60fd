//! What the edge of the server answers by itself, before or instead of a handler.

use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::http::admin;
use crate::identity::role::built_in;
use crate::protocol::issuer::Issuer;

/// Why a request got no answer from a handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The request took too long to arrive. RFC 9110 §15.5.9.
    RequestTimeout,
    /// There is no `Host`, more than one, or one that is none. RFC 9112 §3.2.
    Host,
    /// The body is larger than allowed. RFC 9110 §15.5.14.
    ContentTooLarge,
    /// Path and query are longer than allowed. RFC 9110 §15.5.15.
    UriTooLong,
    /// The body is compressed, and Doorward expands nothing that strangers send. RFC 9110 §15.5.16.
    ContentEncoding,
    /// A handler panicked: a bug.
    Panicked,
    /// A handler took too long.
    TooBusy,
}

/// What the sender reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// A person in front of a browser.
    Person,
    /// A program.
    Program,
    /// A program that calls the admin API, where errors are problems. RFC 9457.
    Administrator,
}

impl Reader {
    /// Browsers ask for `text/html` when they go to a page. `route` is the pattern that matched.
    #[must_use]
    pub fn of(headers: &HeaderMap, route: Option<&str>) -> Self {
        let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
        if accept.is_some_and(|accept| accept.contains("text/html")) {
            Self::Person
        } else if route.is_some_and(|route| route.starts_with(built_in::OWN_API_PATH)) {
            Self::Administrator
        } else {
            Self::Program
        }
    }
}

impl Refusal {
    /// The status of the answer.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::Host => StatusCode::BAD_REQUEST,
            Self::ContentTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::ContentEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
            Self::TooBusy => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The error code, from those of RFC 6749 §4.1.2.1.
    const fn code(self) -> &'static str {
        match self {
            Self::RequestTimeout
            | Self::Host
            | Self::ContentTooLarge
            | Self::UriTooLong
            | Self::ContentEncoding => "invalid_request",
            Self::Panicked => "server_error",
            Self::TooBusy => "temporarily_unavailable",
        }
    }

    /// One sentence that says what was wrong, with the characters of RFC 6749 appendix A.8 only.
    pub(in crate::http) const fn description(self) -> &'static str {
        match self {
            Self::RequestTimeout => "The request did not arrive in time.",
            Self::Host => "The request needs one valid Host header.",
            Self::ContentTooLarge => "The body of the request is too large.",
            Self::UriTooLong => "The URL of the request is too long.",
            Self::ContentEncoding => "Send the body without Content-Encoding.",
            Self::Panicked => "Something went wrong here. The request id helps to find out what.",
            Self::TooBusy => "The server is too busy. Try again in a moment.",
        }
    }

    /// The answer. `request_id` must be plain text, as `request_id` makes it.
    #[must_use]
    pub fn response(self, reader: Reader, issuer: &Issuer, request_id: &str) -> Response {
        let (media_type, body) = match reader {
            Reader::Person => ("text/html; charset=utf-8", self.page(request_id)),
            Reader::Program => ("application/json", self.json()),
            Reader::Administrator => return admin::refused(self, issuer, request_id),
        };
        let headers = [(CONTENT_TYPE, HeaderValue::from_static(media_type))];
        let mut response = (self.status(), headers, body).into_response();
        if self == Self::TooBusy {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }

    fn json(self) -> String {
        format!(r#"{{"error":"{}","error_description":"{}"}}"#, self.code(), self.description())
    }

    /// A page without style or catalogue: it must work when everything else does not.
    fn page(self, request_id: &str) -> String {
        let title = self.status().canonical_reason().unwrap_or_default();
        let text = self.description();
        format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
             <main><h1>{title}</h1><p>{text}</p><p><code>{request_id}</code></p></main></html>"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_is_json_or_a_page() {
        for refusal in [
            Refusal::RequestTimeout,
            Refusal::Host,
            Refusal::ContentTooLarge,
            Refusal::UriTooLong,
            Refusal::ContentEncoding,
            Refusal::Panicked,
            Refusal::TooBusy,
        ] {
            let json: serde_json::Value = serde_json::from_str(&refusal.json()).unwrap();
            assert_eq!(json["error"], refusal.code());
            assert!(refusal.page("an-id").contains("<code>an-id</code>"));
        }
    }

    #[test]
    fn a_browser_gets_a_page() {
        let reader = |accept: &str, route| {
            Reader::of(&HeaderMap::from_iter([(ACCEPT, accept.parse().unwrap())]), Some(route))
        };
        assert_eq!(reader("text/html,application/xhtml+xml,*/*;q=0.8", "/login"), Reader::Person);
        assert_eq!(reader("application/json", "/token"), Reader::Program);
        assert_eq!(reader("text/html", "/admin/api/docs"), Reader::Person);
        assert_eq!(reader("*/*", "/admin/api/v1/users/{id}"), Reader::Administrator);
        assert_eq!(Reader::of(&HeaderMap::new(), None), Reader::Program);
    }
}
