//! JOSE: algorithms and keys. RFC 7515, RFC 7517, RFC 7518.

pub mod alg;
pub mod jwk;

pub use alg::Alg;
