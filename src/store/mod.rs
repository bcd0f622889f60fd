//! Floor 3: the database. SQL and nothing else: entity in, entity out, no decisions, no clock.
//!
//! A noun a file, and in it the verbs, the statements and the rows. Verbs that read take a
//! [`Conn`], verbs that write take a [`Tx`] of [`Db::write`]. What works once is taken by one
//! conditional statement and comes back as [`crate::types::Redeemed`].

mod dialect;
mod error;
mod row;

pub mod administration;
pub mod api;
pub mod api_key;
pub mod audit_event;
pub mod authorization_code;
pub mod behind;
pub mod bootstrap;
pub mod change_log;
pub mod client;
pub mod client_assertion;
pub mod client_secret;
pub mod consent;
pub mod db;
pub mod epoch;
pub mod expiry;
pub mod grant;
pub mod group;
pub mod idempotency_key;
pub mod meta;
pub mod refresh_family;
pub mod revoked_token;
pub mod role;
pub mod role_assignment;
pub mod role_holding;
pub mod session;
pub mod sign_in_attempt;
pub mod signing_key;
pub mod statements;
pub mod user;
pub mod version;

pub use db::{BoxFuture, Conn, Db, Durability, Engine, Reader, StorageOptions, Tx, Wake};
pub use error::{StoreError, Unique};
