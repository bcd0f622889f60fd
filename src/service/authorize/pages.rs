//! What the user does on the pages: signs in, chooses an account, allows, refuses.

use std::sync::Arc;

use super::{
    Advanced, FlowFailure, SessionCookies, SignedIn, Step, Visitor, advance,
    conclude::{self, Beginning},
    reopen,
};
use crate::{
    identity::{session_policy, user::User},
    protocol::{
        authorize::interaction::{self, Asked, Consented},
        client::Client,
        error::{ErrorCode, OAuthError},
    },
    service::{
        Context, ServiceError, access_model, audit_log, browser_session,
        flow::Flow,
        sign_in::{self, Attempt, Proven, SignInError},
    },
    types::{
        UserId,
        audit::{Action, Actor, Object, Outcome},
        origin::Origin,
    },
};

/// Why a sign-in does not go on.
#[derive(Debug, thiserror::Error)]
pub enum LoginFailure {
    /// The flow cannot go on, whatever is typed.
    #[error(transparent)]
    Flow(FlowFailure),
    /// The name or the password is wrong, or must wait.
    #[error(transparent)]
    SignIn(#[from] SignInError),
}

impl From<FlowFailure> for LoginFailure {
    fn from(failure: FlowFailure) -> Self {
        match failure {
            // By now it is a wrong password.
            FlowFailure::Outdated => Self::SignIn(SignInError::Failed),
            other @ (FlowFailure::Page(_)
            | FlowFailure::Refused { .. }
            | FlowFailure::Flow(_)
            | FlowFailure::Answered
            | FlowFailure::Service(_)) => Self::Flow(other),
        }
    }
}

/// Signs a user in within a flow, and goes on with it.
///
/// # Errors
/// [`LoginFailure::SignIn`] leaves the page as it was, for another try.
pub async fn sign_in(
    ctx: &Arc<Context>,
    flow: (Flow, Arc<Client>),
    attempt: Attempt,
    visitor: &Visitor,
    origin: &Origin,
) -> Result<Advanced, LoginFailure> {
    let (mut flow, client) = flow;
    let beginning = begin(ctx, attempt, visitor, origin).await?;
    flow.facts.authenticated_at = Some(beginning.begun.current.session.authentication.auth_time);
    let signed_in = SignedIn::JustNow(Box::new(beginning));
    Ok(advance(ctx, client, flow, signed_in, origin).await?)
}

/// Signs a user in outside of any flow, for the account page.
///
/// # Errors
/// [`SignInError`] when the name or the password is wrong, or must wait.
pub async fn sign_in_here(
    ctx: &Arc<Context>,
    attempt: Attempt,
    visitor: &Visitor,
    origin: &Origin,
) -> Result<SessionCookies, SignInError> {
    let beginning = begin(ctx, attempt, visitor, origin).await?;
    let signed_in = SignedIn::JustNow(Box::new(beginning));
    let cookies = conclude::persist(ctx, signed_in, origin).await?;
    cookies.ok_or_else(|| ServiceError::Internal("a session without cookies".to_owned()).into())
}

async fn begin(
    ctx: &Arc<Context>,
    attempt: Attempt,
    visitor: &Visitor,
    origin: &Origin,
) -> Result<Beginning, SignInError> {
    let Proven { user, clears, device, turn, rehash } =
        sign_in::by_password(ctx, attempt, origin).await?;
    if let Some(password) = rehash {
        sign_in::renew_hash(ctx, &user, password);
    }
    let device = ctx.vault.known_device(user.id, device);
    let authentication = session_policy::by_password(ctx.now());
    let begun = browser_session::begin(ctx, user, authentication, visitor.current.as_ref(), origin);
    let former = visitor.session_id();
    Ok(Beginning { begun, former, clears, device, turn: Some(turn) })
}

/// The user goes on with the account that is signed in.
///
/// # Errors
/// [`FlowFailure`] when the flow cannot go on.
pub async fn select_account(
    ctx: &Arc<Context>,
    sealed: &str,
    chosen: UserId,
    visitor: &Visitor,
    origin: &Origin,
) -> Result<Advanced, FlowFailure> {
    let (mut flow, client) = reopen(ctx, sealed, visitor).await?;
    flow.facts.account_selected = Some(chosen);
    advance(ctx, client, flow, visitor.current.clone().into(), origin).await
}

/// The user allows the client what the consent page showed.
///
/// # Errors
/// [`FlowFailure`] when the flow cannot go on; [`FlowFailure::Answered`] for a second press of the
/// button.
pub async fn allow(
    ctx: &Arc<Context>,
    sealed: &str,
    visitor: &Visitor,
    origin: &Origin,
) -> Result<Advanced, FlowFailure> {
    let (mut flow, client) = reopen(ctx, sealed, visitor).await?;
    if let Some(current) = &visitor.current {
        let Asked { scope, claims } = asked(ctx, &flow, &current.user).await?;
        flow.facts.consented = Some(Consented { user_id: current.user.id, scope, claims });
    }
    advance(ctx, client, flow, visitor.current.clone().into(), origin).await
}

/// What a consent page asks `user` for: nothing that no role permits.
///
/// # Errors
/// [`ServiceError`] when the database does not answer.
pub async fn asked(ctx: &Context, flow: &Flow, user: &User) -> Result<Asked, ServiceError> {
    let model = access_model::current(ctx).await?;
    let held = model.held(access_model::user_subject(user), &flow.request.scope);
    Ok(Asked::by(&flow.request, &held))
}

/// A permission that a user lacks, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    /// The permission.
    pub permission: String,
    /// What it allows, in the words of whoever made the API.
    pub description: Option<String>,
    /// The roles that would permit it.
    pub roles: Vec<String>,
}

/// What `user` would need a role for, before `client` can be answered; empty when nothing is missing.
///
/// # Errors
/// [`ServiceError`] when the database does not answer.
pub async fn lacking(
    ctx: &Context,
    flow: &Flow,
    client: &Client,
    user: &User,
) -> Result<Vec<Lacking>, ServiceError> {
    let model = access_model::current(ctx).await?;
    let held = model.held(access_model::user_subject(user), &flow.request.scope);
    let missing = interaction::missing(&flow.request.scope, &held, client);
    let words = |permission: &str| Lacking {
        permission: permission.to_owned(),
        description: model.apis.description(permission).map(str::to_owned),
        roles: model.roles_with(permission),
    };
    Ok(missing.iter().map(words).collect())
}

/// The user goes back to the client, which cannot be given what it cannot do without.
///
/// # Errors
/// [`FlowFailure`] when there is nowhere to go back to.
pub async fn leave(ctx: &Context, sealed: &str, visitor: &Visitor) -> Result<Step, FlowFailure> {
    let (flow, _) = reopen(ctx, sealed, visitor).await?;
    let error =
        OAuthError::new(ErrorCode::AccessDenied, "the user holds no role for an essential scope");
    let delivery = flow.request.response_target().error(&error, &ctx.protocol.issuer);
    Ok(Step::Answer { delivery, ui_locales: flow.request.ui_locales })
}

/// The user goes back to the client without giving it anything.
///
/// # Errors
/// [`FlowFailure`] when there is nowhere to go back to.
pub async fn cancel(
    ctx: &Arc<Context>,
    sealed: &str,
    visitor: &Visitor,
    origin: &Origin,
) -> Result<Step, FlowFailure> {
    let (flow, client) = reopen(ctx, sealed, visitor).await?;
    if let Some(current) = &visitor.current {
        let (actor, object) = (Actor::User(current.user.id), Object::Client(client.id.clone()));
        let event = ctx.event(actor, Action::ConsentDenied, object, Outcome::Refused, origin);
        audit_log::append(ctx, event).await?;
    }
    let error = OAuthError::new(ErrorCode::AccessDenied, "the user refused");
    let delivery = flow.request.response_target().error(&error, &ctx.protocol.issuer);
    Ok(Step::Answer { delivery, ui_locales: flow.request.ui_locales })
}
