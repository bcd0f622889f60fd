//! Doorward as an operator runs it: the real program on an engine of the run's choice, and what tests
//! need to speak to it. The client is the one of the load program.

pub(crate) mod cli;
#[expect(dead_code, reason = "the load program has more clients")]
#[path = "../../benches/load/credentials.rs"]
pub(crate) mod credentials;
pub(crate) mod database;
#[path = "../../benches/load/form.rs"]
pub(crate) mod form;
#[path = "../../benches/load/http.rs"]
pub(crate) mod http;
pub(crate) mod server;
#[path = "../../benches/load/sign_in.rs"]
pub(crate) mod sign_in;
pub(crate) mod subject;
