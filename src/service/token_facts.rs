//! What an access token says, whichever form it has.

use crate::{
    protocol::token::{
        access::{TokenSource, VerifiedAccessToken},
        opaque::OpaqueToken,
    },
    types::{ApiKeyId, ClientId, GrantId, Scope, Timestamp, TokenHash, UserId},
};

/// What an access token says: facts that do not change while it lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenFacts {
    /// The hash that a revocation of this one token names: of its `jti`.
    pub revocation_key: TokenHash,
    /// `jti`, of a JWT; that of an opaque token is nobody else's business.
    pub jti: Option<String>,
    /// The client it was issued to.
    pub client_id: ClientId,
    /// The grant it hangs from; `None` when the client acts for itself, and for a key's token.
    pub grant_id: Option<GrantId>,
    /// The user who gave the grant.
    pub user_id: Option<UserId>,
    /// The API key that was exchanged for it.
    pub api_key: Option<ApiKeyId>,
    /// What it allows.
    pub scope: Scope,
    /// The APIs it is for.
    pub audience: Vec<String>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it dies.
    pub expires_at: Timestamp,
}

impl From<OpaqueToken> for TokenFacts {
    fn from(token: OpaqueToken) -> Self {
        let (grant_id, api_key) = parts(token.id.source);
        Self {
            revocation_key: token.id.hash(),
            jti: None,
            client_id: token.client_id,
            grant_id,
            user_id: token.user_id,
            api_key,
            scope: token.scope,
            audience: token.audience,
            issued_at: token.issued_at,
            expires_at: token.expires_at,
        }
    }
}

impl From<VerifiedAccessToken> for TokenFacts {
    fn from(token: VerifiedAccessToken) -> Self {
        let (grant_id, api_key) = parts(token.id.source);
        Self {
            revocation_key: token.id.hash(),
            jti: Some(token.id.encode()),
            client_id: token.client_id,
            grant_id,
            // Without a grant `sub` is the client that acts for itself, or the owner of the key.
            user_id: grant_id.and_then(|_| token.sub.parse().ok()),
            api_key,
            scope: token.scope,
            audience: token.audience,
            issued_at: token.issued_at,
            expires_at: token.expires_at,
        }
    }
}

/// The grant or the key that a token hangs from.
const fn parts(source: TokenSource) -> (Option<GrantId>, Option<ApiKeyId>) {
    match source {
        TokenSource::Client => (None, None),
        TokenSource::Grant(id) => (Some(id), None),
        TokenSource::ApiKey(id) => (None, Some(id)),
    }
}
