//! Floor 2: the rules of accounts, as plain functions over plain data.

pub mod session;
pub mod user;
