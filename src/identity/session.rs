//! Browser sessions: Doorward's own sign-ins, kept by the server.

use crate::types::{Authentication, SessionId, Timestamp, TokenHash, UserId};

/// One sign-in of one user in one browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowserSession {
    /// Its id, the `sid` of its tokens; knowing it opens nothing.
    pub id: SessionId,
    /// The hash of the cookie that opens it.
    pub token_hash: TokenHash,
    /// Who signed in.
    pub user_id: UserId,
    /// How and when.
    pub authentication: Authentication,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute; written behind.
    pub last_seen_at: Timestamp,
    /// When it dies unless it is used before.
    pub idle_expires_at: Timestamp,
    /// When it dies in any case.
    pub expires_at: Timestamp,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
    /// The address that it began from.
    pub address: Option<String>,
    /// The User-Agent that it began in.
    pub user_agent: Option<String>,
}
