//! The client's own value, echoed. RFC 6749 §4.1.1, §4.1.2.

use super::{Draft, Input};
use crate::protocol::error::{ErrorCode, OAuthError};

/// The longest `state` that is echoed, in bytes.
pub const MAX_BYTES: usize = 4 * 1024;

/// The `state` is longer than [`MAX_BYTES`]. It is refused, never cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("state is too long")]
pub struct StateTooLong;

impl From<StateTooLong> for OAuthError {
    fn from(StateTooLong: StateTooLong) -> Self {
        Self::new(ErrorCode::InvalidRequest, "state is longer than 4096 bytes")
    }
}

/// Row of the table: the `state` comes back byte for byte, so it must be short enough to carry.
pub(super) fn check(draft: &mut Draft, input: &Input<'_>) -> Result<(), OAuthError> {
    match input.params.get("state") {
        Some(state) if state.len() > MAX_BYTES => Err(StateTooLong.into()),
        state => {
            draft.request.state = state.map(str::to_owned);
            Ok(())
        }
    }
}
