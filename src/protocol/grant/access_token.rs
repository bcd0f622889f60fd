//! Opaque access tokens, as the server keeps them. RFC 6749 §1.4.

use crate::types::{ClientId, GrantId, Scope, Timestamp, TokenHash, UserId};

/// An issued opaque access token. JWT access tokens carry the same facts themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessTokenRecord {
    /// The hash of its text.
    pub hash: TokenHash,
    /// The client it was issued to.
    pub client_id: ClientId,
    /// The grant it hangs from; `None` when the client acts for itself (client credentials).
    pub grant_id: Option<GrantId>,
    /// The user it speaks for; `None` when the client acts for itself.
    pub user_id: Option<UserId>,
    /// What it allows.
    pub scope: Scope,
    /// The APIs it is for (`aud`).
    pub audience: Vec<String>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it dies.
    pub expires_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}
