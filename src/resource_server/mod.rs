//! The library for APIs: checks who calls, and what they may do. RFC 9068 §4, RFC 6750, RFC 7662, RFC 9728.
//!
//! It stands beside the floors: it uses [`protocol`](crate::protocol) and [`types`](crate::types), and
//! compiles without the server:
//!
//! ```toml
//! doorward = { version = "0.1", default-features = false, features = ["resource-server"] }
//! ```
//!
//! # One line protects a route
//!
//! ```no_run
//! use axum::{Router, extract::Path, routing::{delete, get}};
//! use doorward::resource_server::{AccessToken, RequirePermission, Validator, protected_resource_metadata};
//!
//! doorward::permissions! {
//!     /// Delete anybody's notes.
//!     pub NotesDelete = "notes:delete";
//! }
//!
//! /// Any valid token.
//! async fn mine(token: AccessToken) -> String {
//!     format!("the notes of {}", token.subject())
//! }
//!
//! /// A token with the permission, said by the handler's arguments …
//! async fn remove(_: RequirePermission<NotesDelete>, Path(id): Path<u64>) -> String {
//!     format!("{id} is gone")
//! }
//!
//! async fn sweep() -> &'static str {
//!     "all are gone"
//! }
//!
//! # fn main() -> Result<(), doorward::resource_server::ConfigError> {
//! let api = Validator::for_api("https://id.example", "https://notes.example/api").build()?;
//! let app: Router = Router::new()
//!     .route("/notes", get(mine))
//!     .route("/notes/{id}", delete(remove))
//!     // … or said where the route is.
//!     .route("/notes", delete(sweep).route_layer(api.require_permission("notes:delete")))
//!     .merge(protected_resource_metadata(&api)?)
//!     .with_state(api);
//! # Ok(()) }
//! ```
//!
//! The issuer is what stands in `iss`, the audience what stands in `aud`: an API of Doorward's
//! registered under that name. A [`Validator`] that is missing from the state does not compile, so no
//! route is left open by a forgotten line of wiring. `examples/api.rs` is a whole API on one page.
//!
//! | to ask for | as an extractor | as a layer |
//! |---|---|---|
//! | any valid token | [`AccessToken`] | [`require_token`](Validator::require_token) |
//! | a token, if the caller has one | `Option<AccessToken>` | |
//! | a permission (one token of the scope) | [`RequirePermission`], [`RequireScope`] | [`require_permission`](Validator::require_permission), [`require_scope`](Validator::require_scope) |
//! | a role of the user | [`RequireRole`] | [`require_role`](Validator::require_role) |
//!
//! # What callers get
//!
//! | request | answer |
//! |---|---|
//! | presents nothing | 401, `WWW-Authenticate: Bearer realm="…"` without an error (RFC 6750 §3.1) |
//! | a token that is malformed, expired, revoked, of another issuer or for another API | 401 `invalid_token` |
//! | two credentials, or a token in the query | 400 `invalid_request` |
//! | a valid token without the permission | 403 `insufficient_scope`, and the `scope` that is needed |
//! | a valid token without the role | 403 `insufficient_scope` |
//! | a token that cannot be checked, because neither keys nor the issuer can be had | 503 with `Retry-After` |
//!
//! Each challenge names the metadata (`resource_metadata`, RFC 9728 §5.1) once
//! [`protected_resource_metadata`] serves it. The body says the same as JSON: `error` and
//! `error_description`.
//!
//! # How a token is checked
//!
//! A JWT is checked offline, by the one entry that Doorward has for foreign JWTs
//! ([`verify`](crate::protocol::jose::verify())): `typ` is `at+jwt`, so an ID token never passes; the
//! algorithm is one of [`algorithms`](Builder::algorithms); the key is one that the issuer publishes;
//! `iss` is the issuer to the byte; `aud` has the audience; `exp` lies ahead ([`leeway`](Builder::leeway)),
//! `nbf` and `iat` at most a minute. A token that is bound to a key (`cnf`) is refused, since a bearer
//! cannot prove the key. An offline check does not see a revocation: a token works until its `exp`,
//! unless the API is [`strict`](Builder::strict).
//!
//! Anything else, API keys among it, is asked about (RFC 7662) when the API has a client for
//! [`introspection`](Builder::introspection); a positive answer is remembered for
//! [five seconds](Builder::introspection_cache). API keys (`dw_…`) come in `X-API-Key` or as a bearer
//! token.
//!
//! A key can be bound to the addresses that it is used from. The issuer hears of the caller's address for
//! API keys alone: the other end of the connection
//! ([`into_make_service_with_connect_info`](axum::Router::into_make_service_with_connect_info)), unless a
//! header shows that a proxy stands between, or what the API says itself ([`ClientAddress`]). No address
//! is ever read from a header, and where it is not known such a key is refused.
//!
//! # When keys change and when the issuer is away
//!
//! The metadata and keys are fetched with the first token and again after their `max-age`. A token that
//! names an unknown key has them fetched anew, at most once a minute however many such tokens come. While
//! the issuer is away the old keys serve for [24 hours](Builder::stale_keys) more. Answers take
//! [5 seconds](ANSWER_TIME) and [512 KiB](MAX_ANSWER_BYTES) at most, redirects are not followed, and
//! nothing but `https` is asked, unless the issuer is on this machine.

mod builder;
mod challenge;
mod client_address;
mod clock;
mod extract;
mod fetch;
mod introspection;
mod issuer;
mod metadata;
mod presented;
mod require;
mod token;
mod validator;

pub use crate::types::api_key::is_well_formed as is_api_key;
pub use builder::{Builder, ConfigError, LONGEST_INTROSPECTION_CACHE, LONGEST_LEEWAY};
pub use challenge::{Need, Refusal, Rejection};
pub use client_address::ClientAddress;
pub use fetch::{ANSWER_TIME, Answer, Fetch, HttpFetch, IssuerUrl, MAX_ANSWER_BYTES, Unreachable};
pub use issuer::UNKNOWN_KEY_PAUSE;
pub use metadata::protected_resource_metadata;
pub use presented::API_KEY_HEADER;
pub use require::{
    Permission, Require, RequirePermission, RequireRole, RequireScope, Required, Role,
};
pub use token::{AccessToken, TokenError};
pub use validator::Validator;
