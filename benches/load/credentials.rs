//! Who signs in, and with what.

use anyhow::Context;
use axum::http::HeaderValue;
use base64ct::{Base64, Encoding};

/// Where codes are sent. Nobody listens there: the load program reads the redirect.
pub(crate) const REDIRECT_URI: &str = "http://127.0.0.1:9/callback";

/// The user of the load, on every subject.
pub(crate) const USER: User = User { username: "alice", password: "tulip-harbour-ninety" };

/// Somebody who signs in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct User {
    pub(crate) username: &'static str,
    pub(crate) password: &'static str,
}

/// A registered client.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) secret: Option<String>,
}

impl Client {
    /// HTTP Basic for a client with a secret (RFC 6749 §2.3.1); a public client sends none.
    pub(crate) fn authorization(&self) -> anyhow::Result<Option<HeaderValue>> {
        let Some(secret) = &self.secret else { return Ok(None) };
        let encode =
            |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", encode(&self.id), encode(secret));
        let value = format!("Basic {}", Base64::encode_string(pair.as_bytes()));
        Ok(Some(HeaderValue::from_str(&value).context("a client's secret")?))
    }
}

/// The grant that API keys are exchanged by. RFC 8693 §2.1.
pub(crate) const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// API keys, and the API that they are for.
#[derive(Debug, Clone)]
pub(crate) struct ApiKeys {
    /// Introspects and exchanges them.
    pub(crate) api: Client,
    /// A key of one permission.
    pub(crate) plain: String,
    /// A key of somebody with 50 roles, which its tokens name.
    pub(crate) with_roles: String,
}

/// The clients of the load.
#[derive(Debug, Clone)]
pub(crate) struct Clients {
    /// Gets JWT access tokens for itself.
    pub(crate) machine_jwt: Client,
    /// Gets opaque access tokens for itself.
    pub(crate) machine_opaque: Client,
    /// A confidential app with JWT access tokens.
    pub(crate) app_jwt: Client,
    /// A confidential app with opaque access tokens.
    pub(crate) app_opaque: Client,
    /// A public app with JWT access tokens, whose refresh tokens rotate.
    pub(crate) public_jwt: Client,
    /// API keys, where the subject has such.
    pub(crate) api_keys: Option<ApiKeys>,
}

impl Clients {
    /// The API keys of a subject that was said to have some.
    pub(crate) fn api_keys(&self) -> anyhow::Result<&ApiKeys> {
        self.api_keys.as_ref().context("this server has no API keys")
    }
}
