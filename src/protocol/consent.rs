//! Consent: what a user allowed a client, remembered. OIDC Core §3.1.2.4.

use crate::types::{ClientId, Scope, Timestamp, UserId};

/// What one user allowed one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// The user who allowed it.
    pub user_id: UserId,
    /// The client that may have it.
    pub client_id: ClientId,
    /// What it may have.
    pub scope: Scope,
    /// The claims that were allowed one by one through the `claims` parameter, sorted.
    pub claims: Vec<String>,
    /// When it was first allowed.
    pub granted_at: Timestamp,
    /// When it was last widened.
    pub updated_at: Timestamp,
}
