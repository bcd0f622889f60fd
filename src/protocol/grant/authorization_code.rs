//! Authorization codes. RFC 6749 §4.1, RFC 7636.

use crate::types::{ClientId, GrantId, Timestamp, TokenHash};

/// An issued code, as the server keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationCode {
    /// The hash of its text.
    pub hash: TokenHash,
    /// The authorization request that it answers; one request yields one code.
    pub flow_id: TokenHash,
    /// The grant behind it.
    pub grant_id: GrantId,
    /// The client that may redeem it.
    pub client_id: ClientId,
    /// The `redirect_uri` of the request, which the redemption must repeat (RFC 6749 §4.1.3).
    pub redirect_uri: String,
    /// The S256 challenge: the 43 characters as they were sent (RFC 7636 §4.2).
    pub code_challenge: Option<String>,
    /// The `nonce` for the ID token.
    pub nonce: Option<String>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it dies.
    pub expires_at: Timestamp,
    /// When it was redeemed.
    pub consumed_at: Option<Timestamp>,
    /// Redemptions with a wrong verifier so far; at five the code is dead.
    pub failures: u32,
}
