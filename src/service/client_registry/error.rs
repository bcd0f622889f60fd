//! Why a client is not registered or changed.

use crate::{
    protocol::{client::TokenEndpointAuthMethod, registration::RegistrationError},
    service::{ServiceError, editor::Stale},
    store::{StoreError, Unique},
};

/// Why a client is not registered, found or changed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The metadata breaks a rule.
    #[error(transparent)]
    Metadata(#[from] RegistrationError),
    /// A client has the `client_id`, or had it once.
    #[error("the client_id is taken, or belonged to a client that was deleted; choose another one")]
    IdTaken,
    /// The `client_id` reads as a UUID, as the `sub` of users does.
    #[error("a client_id must not be a UUID: those name users; choose another one")]
    IdLikeSub,
    /// A client of this authentication method has no secret.
    #[error("a client that authenticates with `{}` has no secret", .0.as_str())]
    NoSecret(TokenEndpointAuthMethod),
    /// A secret that was brought along is too easy to guess, or cannot be sent in a header.
    #[error(
        "a secret of your own has 32 to 255 printable ASCII characters; make one with \
         `openssl rand -base64 32`"
    )]
    BadSecret,
    /// The change was made in the light of an older version. 412.
    #[error(transparent)]
    Stale(#[from] Stale),
    /// There is no client of that id.
    #[error("there is no such client")]
    NotFound,
    /// A failure of the service.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<StoreError> for ClientError {
    fn from(error: StoreError) -> Self {
        if matches!(error, StoreError::Conflict(Unique::ClientId)) {
            return Self::IdTaken;
        }
        Self::Service(error.into())
    }
}
