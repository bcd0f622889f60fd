//! What an access token says, whichever form it has.

use crate::{
    protocol::{
        client::AccessTokenFormat, grant::access_token::AccessTokenRecord,
        token::access::VerifiedAccessToken,
    },
    types::{ClientId, GrantId, Scope, Timestamp, TokenHash, UserId},
};

/// What an access token says: facts that do not change while it lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenFacts {
    /// JWT or opaque.
    pub format: AccessTokenFormat,
    /// The hash that a revocation of this one token names: of an opaque token, or of a JWT's `jti`.
    pub revocation_key: TokenHash,
    /// `jti` of a JWT.
    pub jti: Option<String>,
    /// The client it was issued to.
    pub client_id: ClientId,
    /// The grant it hangs from; `None` when the client acts for itself.
    pub grant_id: Option<GrantId>,
    /// The user it speaks for; `None` when the client acts for itself.
    pub user_id: Option<UserId>,
    /// What it allows.
    pub scope: Scope,
    /// The APIs it is for.
    pub audience: Vec<String>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it dies.
    pub expires_at: Timestamp,
}

impl From<AccessTokenRecord> for TokenFacts {
    fn from(record: AccessTokenRecord) -> Self {
        Self {
            format: AccessTokenFormat::Opaque,
            revocation_key: record.hash,
            jti: None,
            client_id: record.client_id,
            grant_id: record.grant_id,
            user_id: record.user_id,
            scope: record.scope,
            audience: record.audience,
            issued_at: record.issued_at,
            expires_at: record.expires_at,
        }
    }
}

impl From<VerifiedAccessToken> for TokenFacts {
    fn from(token: VerifiedAccessToken) -> Self {
        Self {
            format: AccessTokenFormat::Jwt,
            revocation_key: token.id.hash(),
            jti: Some(token.id.encode()),
            client_id: token.client_id,
            grant_id: token.id.grant,
            // Without a grant the client acts for itself, and `sub` is its own name.
            user_id: token.id.grant.and_then(|_| token.sub.parse().ok()),
            scope: token.scope,
            audience: token.audience,
            issued_at: token.issued_at,
            expires_at: token.expires_at,
        }
    }
}
