//! The protocol's endpoints: extract, call, answer.

pub(super) mod answer;
pub(super) mod authorize;
pub(super) mod cors;
pub(super) mod discovery;
pub(super) mod introspect;
pub(super) mod logout;
pub(super) mod revoke;
pub(super) mod token;
pub(super) mod userinfo;
