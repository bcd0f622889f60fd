//! The choke point: every path that ends in a token passes here.
//!
//! Servers of this field were broken on the sibling path that forgot one of these questions, so there
//! is one function that asks them all, and it has no arm that lets the unknown through.

use crate::{
    identity::{session::BrowserSession, user::User},
    protocol::{
        client::{Client, GrantType},
        error::{ErrorCode, OAuthError},
        grant::{Access, Grant, token_exchange::TokenExchangeError},
    },
    service::api_keys::LiveKey,
    types::{Status, Timestamp},
};

/// On whose behalf a token is issued.
#[derive(Debug, Clone, Copy)]
pub enum Behalf<'a> {
    /// The client's own (RFC 6749 §4.4).
    Client,
    /// A user's, under a grant that was given in a browser session. What is not found is `None`, and
    /// refused.
    User {
        /// The grant.
        grant: Option<&'a Grant>,
        /// Its user.
        user: Option<&'a User>,
        /// Its session.
        session: Option<&'a BrowserSession>,
    },
    /// The owner's of an API key (RFC 8693). What is not found is `None`, and refused.
    ApiKey(Option<&'a LiveKey>),
}

/// Why no token is issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// An operator disabled the client.
    #[error("the client is disabled")]
    ClientDisabled,
    /// The client was not registered for the grant.
    #[error("the client is not registered for this grant")]
    GrantNotRegistered,
    /// A public client cannot act for itself. RFC 6749 §4.4.
    #[error("a public client cannot act for itself")]
    PublicClient,
    /// There is no such grant.
    #[error("the grant is gone")]
    GrantMissing,
    /// The grant belongs to another client.
    #[error("the grant belongs to another client")]
    OtherClient,
    /// The grant was revoked.
    #[error("the grant was revoked")]
    GrantRevoked,
    /// The user was deleted.
    #[error("the user is gone")]
    UserMissing,
    /// The user is disabled.
    #[error("the user is disabled")]
    UserDisabled,
    /// The browser session that the grant hangs from has ended.
    #[error("the browser session has ended")]
    SessionEnded,
    /// The API key is unknown, dead, or of an owner who may not be spoken for.
    #[error("the API key does not count")]
    ApiKeyDead,
}

impl From<Refusal> for OAuthError {
    fn from(refusal: Refusal) -> Self {
        let (code, description) = match refusal {
            Refusal::ClientDisabled => (ErrorCode::InvalidClient, "client authentication failed"),
            Refusal::GrantNotRegistered | Refusal::PublicClient => {
                (ErrorCode::UnauthorizedClient, "the client is not registered for this grant type")
            }
            Refusal::GrantMissing
            | Refusal::OtherClient
            | Refusal::GrantRevoked
            | Refusal::UserMissing
            | Refusal::UserDisabled
            | Refusal::SessionEnded => {
                (ErrorCode::InvalidGrant, "the grant is unknown, expired or was revoked")
            }
            Refusal::ApiKeyDead => return TokenExchangeError::SubjectToken.into(),
        };
        Self::new(code, description).with_detail(refusal.to_string())
    }
}

/// Whether `client` may have a token by `grant_type` on that behalf, at this moment.
///
/// # Errors
/// The first [`Refusal`] that applies.
pub fn admit(
    client: &Client,
    grant_type: GrantType,
    behalf: Behalf<'_>,
    now: Timestamp,
) -> Result<(), Refusal> {
    match client.status {
        Status::Enabled => {}
        Status::Disabled => return Err(Refusal::ClientDisabled),
    }
    if !client.may_use(grant_type) {
        return Err(Refusal::GrantNotRegistered);
    }
    match (grant_type, behalf) {
        (GrantType::ClientCredentials, Behalf::Client) if client.is_public() => {
            Err(Refusal::PublicClient)
        }
        (GrantType::ClientCredentials, Behalf::Client) => Ok(()),
        (
            GrantType::AuthorizationCode
            | GrantType::RefreshToken
            | GrantType::TokenExchange
            | GrantType::Password,
            Behalf::Client,
        )
        | (GrantType::ClientCredentials | GrantType::TokenExchange, Behalf::User { .. })
        | (
            GrantType::AuthorizationCode
            | GrantType::RefreshToken
            | GrantType::ClientCredentials
            | GrantType::Password,
            Behalf::ApiKey(_),
        ) => Err(Refusal::GrantMissing),
        (GrantType::TokenExchange, Behalf::ApiKey(key)) => admit_key(client, key, now),
        (GrantType::AuthorizationCode, Behalf::User { grant, user, session }) => {
            admit_grant(client, grant, user)?;
            admit_session(session, now)
        }
        // The password came with the request: there is no browser, and no session to ask for.
        (GrantType::Password, Behalf::User { grant, user, session: _ }) => {
            admit_grant(client, grant, user).map(|_| ())
        }
        (GrantType::RefreshToken, Behalf::User { grant, user, session }) => {
            match admit_grant(client, grant, user)?.access {
                Access::Offline => Ok(()),
                Access::Online => admit_session(session, now),
            }
        }
    }
}

fn admit_grant<'a>(
    client: &Client,
    grant: Option<&'a Grant>,
    user: Option<&User>,
) -> Result<&'a Grant, Refusal> {
    let grant = grant.ok_or(Refusal::GrantMissing)?;
    if grant.client_id != client.id {
        return Err(Refusal::OtherClient);
    }
    if grant.revoked.is_some() {
        return Err(Refusal::GrantRevoked);
    }
    let user = user.filter(|user| user.id == grant.user_id).ok_or(Refusal::UserMissing)?;
    match user.status {
        Status::Enabled => Ok(grant),
        Status::Disabled => Err(Refusal::UserDisabled),
    }
}

/// The key counts and so does its owner; whoever exchanges it must have proved who they are.
fn admit_key(client: &Client, key: Option<&LiveKey>, now: Timestamp) -> Result<(), Refusal> {
    if client.is_public() {
        return Err(Refusal::PublicClient);
    }
    let key = key.filter(|live| live.key.is_live(now)).ok_or(Refusal::ApiKeyDead)?;
    match key.owner.status() {
        Status::Enabled => Ok(()),
        Status::Disabled => Err(Refusal::ApiKeyDead),
    }
}

fn admit_session(session: Option<&BrowserSession>, now: Timestamp) -> Result<(), Refusal> {
    let live =
        session.is_some_and(|session| session.ended_at.is_none() && now < session.expires_at);
    if live { Ok(()) } else { Err(Refusal::SessionEnded) }
}
