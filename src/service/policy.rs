//! The figures that an operator sets and the rules apply. Their reasons stand beside the defaults in
//! `config`.

use std::time::Duration;

/// Lifetimes of what the token endpoint issues.
#[derive(Debug, Clone)]
pub struct TokenPolicy {
    /// From the issue of a code to its last redemption (RFC 6749 §4.1.2 recommends 10 minutes at most).
    pub code_lifetime: Duration,
    /// Of access tokens, unless the client has its own.
    pub access_token_lifetime: Duration,
    /// Of ID tokens.
    pub id_token_lifetime: Duration,
    /// Of refresh tokens that rotate: public clients.
    pub rotating: RefreshLifetimes,
    /// Of refresh tokens that do not rotate: clients that authenticate.
    pub fixed: RefreshLifetimes,
    /// How long a superseded refresh token still yields its successor.
    pub retry_window: Duration,
    /// How often it does.
    pub retry_limit: u32,
}

/// When refresh tokens die.
#[derive(Debug, Clone, Copy)]
pub struct RefreshLifetimes {
    /// Without being used.
    pub idle: Duration,
    /// In any case.
    pub absolute: Duration,
}

/// Lifetimes of what lives in browsers.
#[derive(Debug, Clone)]
pub struct BrowserPolicy {
    /// From an authorization request to its answer.
    pub flow_lifetime: Duration,
    /// How long a browser is known as one that a user has signed in with.
    pub known_device_lifetime: Duration,
}
