//! What a service answers when it does not do what was asked.

use std::time::Duration;

use crate::{protocol::error::OAuthError, store::StoreError};

/// Why a service did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// A rule of the protocol refused it.
    #[error(transparent)]
    Refused(#[from] OAuthError),
    /// The server has too much to do; the same request can succeed later.
    #[error("overloaded; retry after {} s", .0.as_secs())]
    Busy(Duration),
    /// Too many failures, of one user or from one network: the time to wait.
    #[error("too many failures; wait {} s", .0.as_secs())]
    Wait(Duration),
    /// The database does not answer, or cannot write.
    #[error("the database is not available: {0}")]
    Unavailable(StoreError),
    /// Something that must hold does not; the text is for the operator's log alone.
    #[error("internal: {0}")]
    Internal(String),
}

impl ServiceError {
    /// An error that should not happen; its text goes to the log.
    pub(crate) fn internal(error: impl std::fmt::Display) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        if matches!(error, StoreError::Unavailable(_)) {
            Self::Unavailable(error)
        } else {
            Self::Internal(error.to_string())
        }
    }
}
