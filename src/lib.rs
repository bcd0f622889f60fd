//! Doorward: an OAuth 2.0 and OpenID Connect authorization server.

pub mod types;
