//! Signing out, because an app asks for it or because the user wants to. RP-Initiated Logout 1.0.

use std::sync::Arc;

use super::{Context, ServiceError, browser_session, browser_session::Current, clients};
use crate::{
    protocol::{
        client::Client,
        error::OAuthError,
        logout::{
            self as rules, Confirmation, CurrentSession, Decision, LogoutRequest, PostLogoutTarget,
        },
    },
    types::origin::Origin,
};

/// What the browser gets.
#[derive(Debug)]
pub enum LogoutStep {
    /// The question whether to sign out.
    Confirm(Option<Arc<Client>>),
    /// The session is over: on to the client, or to a page that says so.
    Done(Option<PostLogoutTarget>),
}

/// Carries a logout request out, as far as it may be without asking the user.
///
/// # Errors
/// `invalid_request`, for a page of ours: nothing ends, and nothing is redirected.
pub async fn logout(
    ctx: &Arc<Context>,
    request: &LogoutRequest,
    current: Option<&Current>,
    confirmation: Confirmation,
    origin: &Origin,
) -> Result<LogoutStep, ServiceError> {
    let hint = ctx.keys.id_token_hint(request.id_token_hint.as_deref(), ctx.now());
    let client = match request.client(&hint).map_err(OAuthError::from)? {
        Some(id) => clients::find(ctx, &id).await?,
        None => None,
    };
    let session =
        current.map(|current| CurrentSession { id: current.session.id, user_id: current.user.id });
    let decision = rules::decide(request, &hint, session, client.as_deref(), confirmation);
    match decision.map_err(OAuthError::from)? {
        Decision::Confirm(_) => Ok(LogoutStep::Confirm(client)),
        Decision::NothingToDo(target) => Ok(LogoutStep::Done(target)),
        Decision::SignOut(id, target) => {
            if let Some(current) = current {
                browser_session::end(ctx, current.user.id, id, origin).await?;
            }
            Ok(LogoutStep::Done(target))
        }
    }
}
