//! Discovery as ready bytes: made once, served from memory with a strong `ETag`.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use axum::{
    body::Bytes,
    response::{IntoResponse, Response},
};
use base64ct::{Base64UrlUnpadded, Encoding};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::{
    protocol::{
        jose::JwkSet,
        metadata::{AuthorizationServerMetadata, ProviderMetadata},
        policy::Policy,
    },
    types::digest::sha256,
};

/// A JSON document that does not change between two requests.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    body: Bytes,
    etag: HeaderValue,
    cache_control: HeaderValue,
}

/// The two discovery documents.
#[derive(Debug)]
pub(crate) struct Documents {
    /// OpenID Connect Discovery 1.0 §4.
    pub(crate) openid: Document,
    /// RFC 8414 §3.
    pub(crate) oauth: Document,
}

/// The JWKS as ready bytes, made anew when the keys change.
#[derive(Debug, Default)]
pub(crate) struct PublishedKeys(ArcSwapOption<(Arc<JwkSet>, Document)>);

impl PublishedKeys {
    /// The document for `keys`, which others may keep for `max_age`.
    pub(crate) fn document(&self, keys: &Arc<JwkSet>, max_age: Duration) -> Document {
        if let Some(made) = self.0.load().as_deref()
            && Arc::ptr_eq(&made.0, keys)
        {
            return made.1.clone();
        }
        let document = Document::new(keys.as_ref(), max_age);
        self.0.store(Some(Arc::new((Arc::clone(keys), document.clone()))));
        document
    }
}

/// How long clients may keep discovery: it changes with a new release or a new setting only.
const DISCOVERY_MAX_AGE: Duration = Duration::from_mins(15);

impl Documents {
    /// Both documents of a server with `policy`.
    pub(crate) fn new(policy: &Policy) -> Self {
        Self {
            openid: Document::new(&ProviderMetadata::new(policy), DISCOVERY_MAX_AGE),
            oauth: Document::new(&AuthorizationServerMetadata::new(policy), DISCOVERY_MAX_AGE),
        }
    }
}

impl Document {
    /// The document that says `content`.
    pub(crate) fn new(content: &impl Serialize, max_age: Duration) -> Self {
        // Plain data with string keys: its serialisation has no way to fail.
        let body = serde_json::to_vec(content).unwrap_or_default();
        let etag = format!("\"{}\"", Base64UrlUnpadded::encode_string(&sha256(&body)));
        let cache_control = format!("public, max-age={}", max_age.as_secs());
        let value = |text: String| {
            HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
        };
        Self { body: body.into(), etag: value(etag), cache_control: value(cache_control) }
    }

    /// The document, or 304 for a client that has it (RFC 9110 §13.1.2). Everybody may read it, from
    /// any origin, without credentials.
    pub(crate) fn answer(&self, headers: &HeaderMap) -> Response {
        let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| {
            known.as_bytes() == b"*"
                || known
                    .as_bytes()
                    .split(|&b| b == b',')
                    .any(|tag| tag.trim_ascii() == self.etag.as_bytes())
        });
        let (status, body) = if known {
            (StatusCode::NOT_MODIFIED, Bytes::new())
        } else {
            (StatusCode::OK, self.body.clone())
        };
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (header::ETAG, self.etag.clone()),
            (header::CACHE_CONTROL, self.cache_control.clone()),
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
            (
                http::HeaderName::from_static("cross-origin-resource-policy"),
                HeaderValue::from_static("cross-origin"),
            ),
        ];
        (status, headers, body).into_response()
    }
}
