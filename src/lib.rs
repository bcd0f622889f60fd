//! Doorward: an OAuth 2.0 and OpenID Connect authorization server.

pub mod cli;
pub mod config;
pub mod http;
pub mod identity;
pub mod protocol;
pub mod server;
pub mod service;
pub mod store;
pub mod telemetry;
pub mod types;
