//! What every request and every response passes through.

pub mod client_address;
pub mod edge;
pub mod refusal;
pub mod request_id;
pub mod security_headers;
