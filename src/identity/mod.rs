//! Floor 2: the rules of accounts.
//!
//! Names, passwords, lockout, the life of a browser session. Pure like `protocol`: no async, no I/O,
//! no clock, no randomness. What is decided here is plain data that a service persists.

pub mod address_list;
pub mod api_key;
pub mod email;
pub mod group;
pub mod lockout;
pub mod login_name;
pub mod password;
pub mod rate;
pub mod role;
pub mod session;
pub mod session_policy;
pub mod user;
pub mod username;

pub use address_list::AddressList;
pub use email::EmailAddress;
pub use login_name::LoginName;
pub use username::Username;
