//! Who plays in the tests: the server in process, people's browsers, apps, APIs and attackers.

pub(crate) mod access;
pub(crate) mod admin;
pub(crate) mod api;
pub(crate) mod api_key;
mod auditor;
pub(crate) mod browser;
mod canary;
pub(crate) mod clock;
pub(crate) mod dice;
pub(crate) mod draft;
mod figures;
pub(crate) mod issuer;
pub(crate) mod log;
mod oracle;
pub(crate) mod relying_party;
pub(crate) mod request;
pub(crate) mod signer;
pub(crate) mod steps;
pub(crate) mod tape;
pub(crate) mod visits;
pub(crate) mod witness;

pub(crate) use api::Api;
pub(crate) use browser::Browser;
pub(crate) use issuer::Issuer;
pub(crate) use relying_party::RelyingParty;
pub(crate) use signer::Signer;
