//! What every node must hear of: a change that makes something cached elsewhere stale.

/// The subject of a change. One row of the change log names one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Change {
    /// A client was written or its secrets changed: its `client_id`.
    Client(super::ClientId),
    /// A signing key came, went or changed its state.
    SigningKeys,
    /// A user was written: nothing said about the user before is true any more.
    User(super::UserId),
    /// An API, a role or a group was written: whatever was said about who may do what may be wrong.
    Roles,
    /// A grant was revoked or narrowed.
    Grant(super::GrantId),
    /// One access token was revoked: the hash of an opaque one, or of a JWT's `jti`.
    AccessToken(super::TokenHash),
    /// An API key was revoked or succeeded.
    ApiKey(super::ApiKeyId),
    /// A backup was restored, and a new epoch began: nothing that was known is true any more.
    Epoch,
}
