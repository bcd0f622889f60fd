//! Floor 1: the rules of OAuth 2.0 and OpenID Connect, as plain functions over plain data.
//!
//! Nothing here waits, reaches outside, reads a clock or draws a random number: what a rule needs to
//! know is an argument, in the order entity, request, policy, now.

pub mod api;
pub mod authorize;
pub mod claims;
pub mod client;
pub mod client_auth;
pub mod consent;
pub mod error;
pub mod grant;
pub mod issuer;
pub mod jose;
pub mod logout;
pub mod metadata;
pub mod params;
pub mod policy;
pub mod registration;
pub mod token;
pub mod userinfo;
