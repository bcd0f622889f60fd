//! Request objects are not supported, and never ignored. OIDC Core §6, §3.1.2.6.

use super::{Draft, Input};
use crate::protocol::error::{ErrorCode, OAuthError};

/// A parameter that would change the meaning of all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestObjectError {
    /// A request object by value. OIDC Core §6.1.
    #[error("the request parameter is not supported")]
    ByValue,
    /// A request object by reference. OIDC Core §6.2.
    #[error("the request_uri parameter is not supported")]
    ByReference,
    /// Both at once. OIDC Core §6.1: MUST NOT be used together.
    #[error("request and request_uri together")]
    Both,
}

impl From<RequestObjectError> for OAuthError {
    fn from(error: RequestObjectError) -> Self {
        match error {
            RequestObjectError::ByValue => {
                Self::new(ErrorCode::RequestNotSupported, "request objects are not supported")
            }
            RequestObjectError::ByReference => {
                Self::new(ErrorCode::RequestUriNotSupported, "request_uri is not supported")
            }
            RequestObjectError::Both => Self::new(
                ErrorCode::InvalidRequest,
                "request and request_uri must not be used together",
            ),
        }
    }
}

/// Row of the table: what cannot be honoured is refused with its own code.
pub(super) fn check(_draft: &mut Draft, input: &Input<'_>) -> Result<(), OAuthError> {
    match (input.params.get("request"), input.params.get("request_uri")) {
        (None, None) => Ok(()),
        (Some(_), None) => Err(RequestObjectError::ByValue.into()),
        (None, Some(_)) => Err(RequestObjectError::ByReference.into()),
        (Some(_), Some(_)) => Err(RequestObjectError::Both.into()),
    }
}
