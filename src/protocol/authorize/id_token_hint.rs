//! The ID token that names who should be signed in. OIDC Core §3.1.2.1, RP-Initiated Logout §2.

use serde::{Deserialize, Serialize};

use super::{Draft, Input};
pub use crate::protocol::token::id_token::HintFacts;
use crate::{
    protocol::error::{ErrorCode, OAuthError},
    types::ClientId,
};

/// The longest hint that is read, in bytes.
pub const MAX_BYTES: usize = 8 * 1024;

/// What a hint turned out to be. A hint is no credential: it can only make a request stricter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdTokenHint {
    /// None was sent.
    #[default]
    Absent,
    /// It is no ID token of this issuer for this client: it proves nothing.
    Invalid,
    /// An ID token that this issuer signed, expired or not.
    Verified(HintFacts),
}

impl IdTokenHint {
    /// What the hint says, if it says anything.
    #[must_use]
    pub const fn facts(&self) -> Option<&HintFacts> {
        match self {
            Self::Verified(facts) => Some(facts),
            Self::Absent | Self::Invalid => None,
        }
    }

    /// What the hint is to `client`: one that was issued to another client proves nothing to it.
    #[must_use]
    pub fn for_client(self, client: &ClientId) -> Self {
        match self {
            Self::Verified(facts) if facts.client_id == *client => Self::Verified(facts),
            Self::Verified(_) | Self::Invalid => Self::Invalid,
            Self::Absent => Self::Absent,
        }
    }
}

/// The hint is longer than any ID token of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("id_token_hint is too long")]
pub struct HintTooLong;

impl From<HintTooLong> for OAuthError {
    fn from(HintTooLong: HintTooLong) -> Self {
        Self::new(ErrorCode::InvalidRequest, "id_token_hint is longer than 8192 bytes")
    }
}

/// Row of the table: only the size; whoever takes the request in verifies the signature.
pub(super) fn check(draft: &mut Draft, input: &Input<'_>) -> Result<(), OAuthError> {
    match input.params.get("id_token_hint") {
        Some(hint) if hint.len() > MAX_BYTES => Err(HintTooLong.into()),
        hint => {
            draft.request.id_token_hint = hint.map(str::to_owned);
            Ok(())
        }
    }
}
