//! The value that ties an ID token to the request. OIDC Core §3.1.2.1, §15.5.2.

use super::{Draft, Input};
use crate::protocol::error::{ErrorCode, OAuthError};

/// The longest `nonce` that is repeated, in bytes.
pub const MAX_BYTES: usize = 1024;

/// The `nonce` is longer than [`MAX_BYTES`]. It is refused, never cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nonce is too long")]
pub struct NonceTooLong;

impl From<NonceTooLong> for OAuthError {
    fn from(NonceTooLong: NonceTooLong) -> Self {
        Self::new(ErrorCode::InvalidRequest, "nonce is longer than 1024 bytes")
    }
}

/// Row of the table: the `nonce` comes back byte for byte in the ID token.
pub(super) fn check(draft: &mut Draft, input: &Input<'_>) -> Result<(), OAuthError> {
    match input.params.get("nonce") {
        Some(nonce) if nonce.len() > MAX_BYTES => Err(NonceTooLong.into()),
        nonce => {
            draft.request.nonce = nonce.map(str::to_owned);
            Ok(())
        }
    }
}
