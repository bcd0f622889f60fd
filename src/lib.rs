//! Doorward: an OAuth 2.0 and OpenID Connect authorization server.
//!
//! This page is the map of the house. The [handbook](manual) says how to run it and why it is built
//! like this; [`spec`] says where each specification lives.
//!
//! # The floors
//!
//! Six floors, and one direction: a floor uses those below it, never one above.
//!
//! | floor | what | what it never does |
//! |---|---|---|
//! | 6 [`cli`], [`server`], [`config`], [`telemetry`] | wires everything together: commands, listeners, settings, logs and metrics | decide |
//! | 5 [`http`] | bytes become requests, answers become bytes, people see pages | touch the database |
//! | 4 [`service`] | the verbs: load, decide, persist in one transaction; sign and send after the commit | know HTTP or SQL |
//! | 3 [`store`] | SQL: an entity in, an entity out; what works once is taken by one conditional statement | decide, read a clock |
//! | 2 [`identity`] | the rules of accounts: names, passwords, lockout, sessions | wait, do I/O, read a clock, draw a random number |
//! | 1 [`protocol`] | the rules of OAuth 2.0 and OpenID Connect | the same |
//! | 0 [`types`] | the words: ids, secrets, digests, time, scope | the same |
//!
//! Beside the floors stands [`resource_server`], the library for other people's APIs: it uses
//! `protocol` and `types`. The cargo features `server` and `resource-server` are both on by default;
//! without the first, floors 0 and 1 and the side house remain.
//!
//! The compiler enforces no walls inside a crate, so `tests/house` does: the floors, the sizes of
//! files, the list of specifications, the fields of log lines, the routes of the handbook.
//!
//! # The way of a request
//!
//! `http` turns bytes into the types of `protocol`: a repeated parameter ends here. A verb of
//! `service` loads what it needs, calls a pure rule with the entity, the request, the policy and the
//! moment, and gets a decision as plain data. It persists the decision in one transaction, commits,
//! and only then signs. `http` turns the answer into JSON, a redirect or a page.
//!
//! # The shapes that carry the argument
//!
//! | shape | what it says |
//! |---|---|
//! | [`Authenticated`](protocol::client_auth::Authenticated) | this client proved itself; made by one function |
//! | [`RedirectTarget`](protocol::authorize::RedirectTarget) | this address was registered; nothing else can become a `Location` |
//! | [`authorize::TABLE`](protocol::authorize::TABLE) | which checks run on an authorization request, in which order |
//! | [`interaction::TABLE`](protocol::authorize::interaction::TABLE) | why a page is shown, and what `prompt=none` gets instead |
//! | [`issue::admit`](service::issue::admit) | the one question that every path to a token passes |
//! | [`Redeemed`](types::Redeemed) | this was used up just now, by us; made by the store alone |
//! | [`Secret`](types::Secret), [`TokenHash`](types::TokenHash) | a secret cannot be printed, and only its hash can be stored |
//! | [`OAuthError`](protocol::error::OAuthError) | one error, three voices: client, developer, operator |

#[cfg(feature = "server")]
pub mod cli;
#[cfg(feature = "server")]
pub mod config;
#[cfg(feature = "server")]
pub mod http;
#[cfg(feature = "server")]
pub mod identity;
#[cfg(feature = "server")]
pub mod manual;
pub mod protocol;
#[cfg(feature = "resource-server")]
pub mod resource_server;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "server")]
pub mod service;
pub mod spec;
#[cfg(feature = "server")]
pub mod store;
#[cfg(feature = "server")]
pub mod telemetry;
pub mod types;
