//! The API of the demo, as its own code, beside what it asks of the authorization server.

#[expect(dead_code, reason = "the demo listens; here the router is called")]
#[path = "../../../examples/demo/api/mod.rs"]
pub(crate) mod api;
pub(crate) mod authorization_server;
