//! Floor 0: the words that every other floor speaks.
//!
//! Ids, secrets, digests, time, scopes. Small values without behaviour that reaches outside:
//! nothing here reads a clock, draws a random number or does I/O.

pub mod api_key;
pub mod audit;
pub mod authentication;
pub mod change;
pub mod digest;
pub mod epoch;
pub mod id;
pub mod origin;
pub mod permission;
pub mod random;
pub mod resource;
pub mod scope;
pub mod seal;
pub mod secret;
pub mod single_use;
pub mod status;
pub mod time;
pub mod token;
pub mod version;

pub use authentication::Authentication;
pub use digest::TokenHash;
pub use id::{ApiId, ApiKeyId, ClientId, FamilyId, GrantId, GroupId, RoleId, SessionId, UserId};
pub use permission::Permission;
pub use resource::ResourceUri;
pub use scope::Scope;
pub use secret::Secret;
pub use single_use::Redeemed;
pub use status::Status;
pub use time::Timestamp;
