//! How much a request may say: it travels in the addresses and forms of the pages. RFC 9110 §4.1.

use super::{Draft, Input};
use crate::protocol::error::{ErrorCode, OAuthError};

/// The longest request, as JSON, in bytes. Sealed it is a third longer, and there must be room beside it
/// for a name and a password.
pub const MAX_BYTES: usize = 9 * 1024;

/// The parts of the request are short enough, and all of them together are longer than [`MAX_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request is too long")]
pub struct RequestTooLong;

impl From<RequestTooLong> for OAuthError {
    fn from(RequestTooLong: RequestTooLong) -> Self {
        let description = "state, nonce, claims and the other parameters are too long together";
        Self::new(ErrorCode::InvalidRequest, description)
    }
}

/// Row of the table: a request that the pages could not carry is told to the client, and not to the user
/// on the way. Control characters count six times: that is their form in JSON.
pub(super) fn check(draft: &mut Draft, _: &Input<'_>) -> Result<(), OAuthError> {
    match serde_json::to_vec(&draft.request) {
        Ok(json) if json.len() <= MAX_BYTES => Ok(()),
        Ok(_) | Err(_) => Err(RequestTooLong.into()),
    }
}
