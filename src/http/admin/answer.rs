//! What a handler answers.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::types::version::Version;

/// A success.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) location: Option<String>,
    version: Option<Version>,
    body: Option<Vec<u8>>,
}

impl Answer {
    /// 204.
    pub(super) const fn done() -> Self {
        Self { status: StatusCode::NO_CONTENT, location: None, version: None, body: None }
    }

    /// 200 with `content`.
    pub(super) fn ok(content: &impl Serialize) -> Self {
        // Plain data with string keys: its serialisation has no way to fail.
        let body = serde_json::to_vec(content).unwrap_or_default();
        Self { status: StatusCode::OK, body: Some(body), ..Self::done() }
    }

    /// 201 with `content`, which is at `location` from now on.
    pub(super) fn created(location: String, content: &impl Serialize) -> Self {
        Self { status: StatusCode::CREATED, location: Some(location), ..Self::ok(content) }
    }

    /// The same, about what is at `location`.
    pub(super) fn at(self, location: Option<String>) -> Self {
        Self { location, ..self }
    }

    /// The same, of this version.
    pub(super) fn of_version(self, version: Option<Version>) -> Self {
        Self { version, ..self }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = match self.body {
            Some(body) => {
                let json = HeaderValue::from_static("application/json");
                (self.status, [(header::CONTENT_TYPE, json)], body).into_response()
            }
            None => self.status.into_response(),
        };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let tag = self.version.map(|version| format!("\"{}\"", version.number()));
        for (name, value) in [(header::ETAG, tag), (header::LOCATION, self.location)] {
            if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
                headers.insert(name, value);
            }
        }
        response
    }
}

/// A part of a path, with everything but letters, digits and `-._~` encoded. RFC 3986 §2.3.
pub(super) fn segment(text: &str) -> String {
    const KEPT: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    percent_encoding::utf8_percent_encode(text, KEPT).to_string()
}
