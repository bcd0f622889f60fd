//! The ID token that names who should be signed in. OIDC Core §3.1.2.1, RP-Initiated Logout §2.

use serde::{Deserialize, Serialize};

use super::{Draft, Input};
use crate::{
    protocol::error::{ErrorCode, OAuthError},
    types::{ClientId, SessionId, UserId},
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

/// What a verified hint says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HintFacts {
    /// `sub`.
    pub user_id: UserId,
    /// `sid`.
    pub session_id: Option<SessionId>,
    /// The client among its `aud`.
    pub client_id: ClientId,
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
