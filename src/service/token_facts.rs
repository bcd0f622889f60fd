//! What an access token says, whichever form it has.

use crate::{
    protocol::{
        client::AccessTokenFormat,
        grant::access_token::AccessTokenRecord,
        token::access::{TokenSource, VerifiedAccessToken},
    },
    types::{ApiKeyId, ClientId, GrantId, Scope, Timestamp, TokenHash, UserId},
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

impl From<AccessTokenRecord> for TokenFacts {
    fn from(record: AccessTokenRecord) -> Self {
        Self {
            format: AccessTokenFormat::Opaque,
            revocation_key: record.hash,
            jti: None,
            client_id: record.client_id,
            grant_id: record.grant_id,
            user_id: record.user_id,
            api_key: None,
            scope: record.scope,
            audience: record.audience,
            issued_at: record.issued_at,
            expires_at: record.expires_at,
        }
    }
}

impl From<VerifiedAccessToken> for TokenFacts {
    fn from(token: VerifiedAccessToken) -> Self {
        let (grant_id, api_key) = match token.id.source {
            TokenSource::Client => (None, None),
            TokenSource::Grant(id) => (Some(id), None),
            TokenSource::ApiKey(id) => (None, Some(id)),
        };
        Self {
            format: AccessTokenFormat::Jwt,
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
