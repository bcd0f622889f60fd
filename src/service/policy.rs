//! The figures that an operator sets and the services apply. Their reasons stand beside the defaults
//! in `config`.

use std::time::Duration;

use crate::{
    identity::{api_key::ApiKeyPolicy, lockout::LockoutPolicy, session_policy::SessionPolicy},
    protocol::{client::Client, jose::key_ring::RotationPolicy, token::refresh::RefreshPolicy},
    store::expiry::Retention,
};

/// Every figure of the services that is not the protocol's own.
#[derive(Debug, Clone)]
pub struct ServicePolicy {
    /// Refresh tokens of public clients, which rotate.
    pub rotating: RefreshPolicy,
    /// Refresh tokens of clients that authenticate, which do not.
    pub fixed: RefreshPolicy,
    /// Browser sessions.
    pub sessions: SessionPolicy,
    /// API keys.
    pub api_keys: ApiKeyPolicy,
    /// Failed sign-ins.
    pub lockout: LockoutPolicy,
    /// Signing keys.
    pub rotation: RotationPolicy,
    /// From an authorization request to its answer.
    pub flow_lifetime: Duration,
    /// The longest text of a request in progress, in bytes. It stands in the addresses and the forms of
    /// pages, and the edge must let those through.
    pub flow_bytes: usize,
    /// How long a browser is known as one that a user has signed in with.
    pub known_device_lifetime: Duration,
    /// How long rows are kept after they have expired.
    pub retention: Retention,
    /// How many tokens a node remembers.
    pub cached_tokens: u64,
}

impl ServicePolicy {
    /// The rules of `client`'s refresh tokens: rotation for clients that cannot keep a secret.
    /// RFC 9700 §2.2.2.
    #[must_use]
    pub fn refresh_policy(&self, client: &Client) -> &RefreshPolicy {
        if client.is_public() { &self.rotating } else { &self.fixed }
    }
}
