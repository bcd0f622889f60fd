//! What somebody was about to do on the account pages when their sign-in was found too old for it.
//!
//! It travels through the sign-in page as `next`, with what was typed: encrypted, authenticated and
//! bound to the browser. So nothing that was typed is lost, no link of anybody else fills in a form,
//! and no address leads out of the house.

use serde::{Deserialize, Serialize};

use super::{Context, ServiceError};
use crate::types::{ApiKeyId, Timestamp, TokenHash};

/// What to go on with after the sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Errand {
    /// To make an API key.
    NewApiKey(KeyDraft),
    /// To put a new key in the place of one.
    RotateApiKey(ApiKeyId),
}

/// An API key as somebody typed it, right or wrong.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct KeyDraft {
    /// The name.
    pub name: String,
    /// The permissions that were ticked.
    pub permissions: Vec<String>,
    /// The lifetime in days.
    pub days: String,
    /// The addresses that it may be used from.
    pub addresses: String,
}

/// An errand and when it was interrupted.
#[derive(Serialize, Deserialize)]
struct Interrupted {
    errand: Errand,
    at: Timestamp,
}

/// The longest sealed errand, in characters: what was typed is dropped from a longer one, so that the
/// address that carries it can be asked for.
const MAX_SEALED: usize = 3 * 1024;

impl Errand {
    /// Seals the errand for `browser`: base64url without padding.
    ///
    /// # Errors
    /// [`ServiceError::Internal`] when it has no text form.
    pub fn seal(&self, ctx: &Context, browser: &TokenHash) -> Result<String, ServiceError> {
        let sealed = self.seal_whole(ctx, browser)?;
        if sealed.len() <= MAX_SEALED {
            return Ok(sealed);
        }
        let bare = match self {
            Self::NewApiKey(_) => Self::NewApiKey(KeyDraft::default()),
            Self::RotateApiKey(id) => Self::RotateApiKey(*id),
        };
        bare.seal_whole(ctx, browser)
    }

    fn seal_whole(&self, ctx: &Context, browser: &TokenHash) -> Result<String, ServiceError> {
        let interrupted = Interrupted { errand: self.clone(), at: ctx.now() };
        let plain = serde_json::to_vec(&interrupted).map_err(ServiceError::internal)?;
        Ok(ctx.vault.errands.seal_text(ctx.random(), browser.as_bytes(), &plain))
    }

    /// Opens what [`Errand::seal`] made for the same `browser`; `None` for everything else, and for
    /// what is older than a sign-in may take.
    #[must_use]
    pub fn open(ctx: &Context, sealed: &str, browser: &TokenHash) -> Option<Self> {
        let plain = ctx.vault.errands.open_text(browser.as_bytes(), sealed).ok()?;
        let interrupted: Interrupted = serde_json::from_slice(&plain).ok()?;
        let is_young = ctx.now() <= interrupted.at.plus(ctx.policy.flow_lifetime);
        is_young.then_some(interrupted.errand)
    }
}
