//! Who plays in the tests: the server in process, people's browsers, apps, APIs and attackers.

pub mod api;
pub mod browser;
pub mod clock;
pub mod issuer;
pub mod oracle;
pub mod relying_party;

pub use browser::Browser;
pub use issuer::Issuer;
pub use relying_party::RelyingParty;
