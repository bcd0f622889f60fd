//! An authorization request in progress, sealed into the browser that made it.
//!
//! Nothing is written for a visitor who has not signed in: the validated request travels in the
//! pages' `flow` value, encrypted, authenticated and bound to the browser's own cookie. Twenty tabs
//! each carry their own, and a restart loses none. The decision is in
//! [`sealed_flows`](crate::manual::decisions::sealed_flows).

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};

use super::Context;
use crate::{
    protocol::authorize::AuthorizationRequest,
    types::{SessionId, Timestamp, TokenHash, random, token::TokenKind},
};

/// An authorization request on its way through the pages.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Flow {
    /// 256 random bits that name the flow: it yields one answer.
    id: [u8; 32],
    /// What the client asked for.
    pub request: AuthorizationRequest,
    /// When it asked.
    pub started_at: Timestamp,
    /// The session that the user signed in to, or chose, within this flow.
    pub session: Option<SessionId>,
    /// When the user signed in within this flow.
    pub authenticated_at: Option<Timestamp>,
}

/// Why a presented `flow` value is not continued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FlowError {
    /// It was not made by this server for this browser, or was altered.
    #[error("the flow was not made for this browser")]
    Foreign,
    /// It is older than a sign-in may take.
    #[error("the flow is too old")]
    Expired,
}

impl Flow {
    /// A flow that starts now.
    #[must_use]
    pub fn start(ctx: &Context, request: AuthorizationRequest, now: Timestamp) -> Self {
        Self {
            id: random::bytes(ctx.random.as_ref()),
            request,
            started_at: now,
            session: None,
            authenticated_at: None,
        }
    }

    /// The name under which the flow's one answer is stored.
    #[must_use]
    pub fn id(&self) -> TokenHash {
        TokenHash::of_parts(TokenKind::AuthorizationCode, &[b"flow", &self.id])
    }

    /// Seals the flow for `browser`: base64url without padding.
    #[must_use]
    pub fn seal(&self, ctx: &Context, browser: &TokenHash) -> String {
        // A flow is plain data whose keys are strings: its serialisation has no way to fail.
        let plain = serde_json::to_vec(self).unwrap_or_default();
        let sealed =
            ctx.vault.flows.seal(random::bytes(ctx.random.as_ref()), browser.as_bytes(), &plain);
        Base64UrlUnpadded::encode_string(&sealed)
    }

    /// Opens what [`Flow::seal`] made for the same `browser`.
    ///
    /// # Errors
    /// [`FlowError::Foreign`] for everything else, [`FlowError::Expired`] when it is too old.
    pub fn open(
        ctx: &Context,
        sealed: &str,
        browser: &TokenHash,
        now: Timestamp,
    ) -> Result<Self, FlowError> {
        let sealed = Base64UrlUnpadded::decode_vec(sealed).map_err(|_| FlowError::Foreign)?;
        let plain = ctx
            .vault
            .flows
            .open(browser.as_bytes(), &sealed)
            .map_err(|_| FlowError::Foreign)?;
        let flow: Self = serde_json::from_slice(&plain).map_err(|_| FlowError::Foreign)?;
        if now > flow.started_at.plus(ctx.policy.flow_lifetime) {
            return Err(FlowError::Expired);
        }
        Ok(flow)
    }
}
