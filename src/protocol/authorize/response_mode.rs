//! How the response travels. OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode §2.

use serde::{Deserialize, Serialize};

use super::{Draft, Input};
use crate::protocol::error::{ErrorCode, OAuthError};

/// How the response travels to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of the redirect URI: the default of `code`.
    #[default]
    Query,
    /// In its fragment.
    Fragment,
    /// In a form that the browser posts.
    FormPost,
}

/// The `response_mode` is none that Doorward speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("response_mode is unknown")]
pub struct UnknownResponseMode;

impl From<UnknownResponseMode> for OAuthError {
    fn from(UnknownResponseMode: UnknownResponseMode) -> Self {
        Self::new(
            ErrorCode::InvalidRequest,
            "response_mode is not supported: use query, fragment or form_post",
        )
    }
}

impl ResponseMode {
    /// Every mode, in the order that discovery lists them.
    pub const ALL: &[Self] = &[Self::Query, Self::Fragment, Self::FormPost];

    /// The registered name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
        }
    }

    /// The mode of that name.
    ///
    /// # Errors
    /// [`UnknownResponseMode`].
    pub fn parse(name: &str) -> Result<Self, UnknownResponseMode> {
        let named = Self::ALL.iter().find(|mode| mode.as_str() == name);
        named.copied().ok_or(UnknownResponseMode)
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands in a reference")]
    pub(super) fn is_query(&self) -> bool {
        *self == Self::Query
    }
}

/// Row of the table: a known mode, or the default. An unusable one is told in the query.
pub(super) fn check(draft: &mut Draft, input: &Input<'_>) -> Result<(), OAuthError> {
    if let Some(name) = input.params.get("response_mode") {
        match ResponseMode::parse(name) {
            Ok(mode) => draft.request.response_mode = mode,
            Err(error) => {
                // The client must recognise the answer, although the check of `state` comes later.
                super::state::check(draft, input)?;
                return Err(error.into());
            }
        }
    }
    Ok(())
}
