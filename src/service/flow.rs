//! An authorization request in progress, sealed into the browser that made it.
//!
//! Nothing is written for a visitor who has not signed in: the validated request travels in the
//! pages' `flow` value, encrypted, authenticated and bound to the browser's own cookie. Twenty tabs
//! each carry their own, and a restart loses none.

use serde::{Deserialize, Serialize};

use super::{Context, ServiceError, authorize::FlowFailure};
use crate::{
    protocol::{
        api::Apis,
        authorize::{
            AuthorizationRequest, AuthorizeError, RedirectTarget, Unmatched,
            id_token_hint::IdTokenHint, interaction::FlowFacts,
        },
        client::Client,
        error::{ErrorCode, OAuthError},
        policy::Policy,
    },
    types::{Timestamp, TokenHash, token::TokenKind},
};

/// An authorization request on its way through the pages. As it comes back from a browser its address
/// is not matched yet; [`Flow::resume`] makes it usable.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Flow<R = RedirectTarget> {
    /// 256 random bits that name the flow: it yields one answer.
    id: [u8; 32],
    /// What the client asked for.
    pub request: AuthorizationRequest<R>,
    /// What happened since.
    pub facts: FlowFacts,
    /// When it asked.
    pub started_at: Timestamp,
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
    pub fn start(ctx: &Context, request: AuthorizationRequest, id_token_hint: IdTokenHint) -> Self {
        Self {
            id: ctx.random(),
            request,
            facts: FlowFacts { id_token_hint, ..FlowFacts::default() },
            started_at: ctx.now(),
        }
    }

    /// Seals the flow for `browser`: base64url without padding.
    ///
    /// # Errors
    /// [`FlowFailure::Refused`] when its text is longer than a page can carry, and
    /// [`ServiceError::Internal`] when it has none.
    pub fn seal(&self, ctx: &Context, browser: &TokenHash) -> Result<String, FlowFailure> {
        let plain = serde_json::to_vec(self).map_err(ServiceError::internal)?;
        let sealed = ctx.vault.flows.seal_text(ctx.random(), browser.as_bytes(), &plain);
        if sealed.len() <= ctx.policy.flow_bytes {
            return Ok(sealed);
        }
        let error = OAuthError::new(
            ErrorCode::InvalidRequest,
            "the parameters of the request are too long altogether",
        );
        let target = self.request.response_target();
        let delivery = Box::new(target.error(&error, &ctx.protocol.issuer));
        Err(FlowFailure::Refused { delivery, ui_locales: self.request.ui_locales.clone() })
    }
}

impl<R> Flow<R> {
    /// The name under which the flow's one answer is stored.
    #[must_use]
    pub fn id(&self) -> TokenHash {
        TokenHash::of_parts(TokenKind::AuthorizationCode, &[b"flow", &self.id])
    }
}

impl Flow<Unmatched> {
    /// Opens what [`Flow::seal`] made for the same `browser`.
    ///
    /// # Errors
    /// [`FlowError::Foreign`] for everything else, [`FlowError::Expired`] when it is too old.
    pub fn open(ctx: &Context, sealed: &str, browser: &TokenHash) -> Result<Self, FlowError> {
        let plain = ctx.vault.flows.open_text(browser.as_bytes(), sealed);
        let plain = plain.map_err(|_| FlowError::Foreign)?;
        let flow: Self = serde_json::from_slice(&plain).map_err(|_| FlowError::Foreign)?;
        if ctx.now() > flow.started_at.plus(ctx.policy.flow_lifetime) {
            return Err(FlowError::Expired);
        }
        Ok(flow)
    }

    /// Checks the request against the client and the APIs as they are now.
    ///
    /// # Errors
    /// The first rule that the request no longer keeps.
    pub fn resume(
        self,
        client: &Client,
        policy: &Policy,
        apis: &Apis,
    ) -> Result<Flow, AuthorizeError> {
        Ok(Flow {
            id: self.id,
            request: self.request.revalidate(client, policy, apis)?,
            facts: self.facts,
            started_at: self.started_at,
        })
    }
}
