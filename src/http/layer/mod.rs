//! What every request and every response passes through.

pub mod security_headers;
