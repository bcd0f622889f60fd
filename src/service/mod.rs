//! Floor 4: the verbs of the server. Each loads what it needs, calls a pure rule, and persists the
//! decision in one transaction; what is signed or sent goes out after the commit.

pub mod access_token;
pub mod account;
pub mod audit_log;
pub mod authorize;
pub mod browser_session;
pub mod cache;
pub mod changes;
pub mod client_authentication;
pub mod client_registry;
pub mod clients;
pub mod context;
pub mod epoch;
pub mod error;
pub mod flow;
pub mod gates;
pub mod health;
pub mod introspect;
pub mod issue;
pub mod jobs;
pub mod key_rotation;
pub mod keys;
pub mod logout;
pub mod password_pool;
pub mod policy;
pub mod rates;
pub mod revoke;
pub mod seen;
pub mod setup;
pub mod sign_in;
pub mod start;
pub mod token;
pub mod token_facts;
pub mod user_facts;
pub mod userinfo;
pub mod users;
pub mod vault;

pub use context::Context;
pub use error::ServiceError;
