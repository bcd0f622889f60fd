//! The authorization endpoint and the pages behind it. RFC 6749 §3.1, OIDC Core §3.1.2.
//!
//! A request is taken in once, and then advances: each page that the user passes brings it back here
//! with one more fact, until it is answered. Nothing about it is stored before the answer.

mod conclude;
pub mod pages;

use std::sync::Arc;

use super::{
    Context, ServiceError, access_model,
    browser_session::Current,
    clients,
    flow::{Flow, FlowError},
};
use crate::{
    protocol::{
        authorize::{
            self as rules, AuthorizeError,
            interaction::{self, Next, Page, Reason, SessionFacts},
            response::Delivery,
            who::ClientError,
        },
        client::{Client, ConsentPolicy},
        error::OAuthError,
        params::Params,
    },
    store,
    types::{Secret, SessionId, TokenHash, origin::Origin},
};
use conclude::SignedIn;

/// What a browser presents: where it stands with this server.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// The hash of the cookie that flows are sealed for.
    pub browser: TokenHash,
    /// Who is signed in.
    pub current: Option<Current>,
    /// The cookie that says which user has signed in with this browser before.
    pub device: Option<String>,
}

impl Visitor {
    /// The session that would give way to a new one.
    fn session_id(&self) -> Option<SessionId> {
        self.current.as_ref().map(|current| current.session.id)
    }
}

/// What the browser gets next.
#[derive(Debug)]
pub enum Step {
    /// A page, and why.
    Show(Box<Shown>),
    /// The answer to the client.
    Answer {
        /// The answer.
        delivery: Delivery,
        /// The languages that the user reads, for the page that posts a form.
        ui_locales: Vec<String>,
    },
}

/// A page on the way to the answer.
#[derive(Debug)]
pub struct Shown {
    /// Which page.
    pub page: Page,
    /// Why it is shown.
    pub reason: Reason,
    /// The request so far.
    pub flow: Flow,
}

/// A step, and the cookies of a session that began on the way to it.
#[derive(Debug)]
pub struct Advanced {
    /// What the browser gets.
    pub step: Step,
    /// The cookies to set.
    pub cookies: Option<SessionCookies>,
}

/// The cookies of a new session.
#[derive(Debug)]
pub struct SessionCookies {
    /// What opens the session.
    pub session: Secret<String>,
    /// What makes the browser known.
    pub device: String,
}

/// Why a request does not advance.
#[derive(Debug, thiserror::Error)]
pub enum FlowFailure {
    /// A refusal that may only be told on a page of ours: nobody knows where else it could go.
    #[error(transparent)]
    Page(OAuthError),
    /// A refusal that the client is told: its registration no longer allows the request.
    #[error("the request is refused, and its client is told")]
    Refused {
        /// The answer.
        delivery: Box<Delivery>,
        /// The languages that the user reads, for the page that posts a form.
        ui_locales: Vec<String>,
    },
    /// What the browser sent back is no request of its own.
    #[error(transparent)]
    Flow(#[from] FlowError),
    /// The request was answered before: in another tab, or by a second press of the button.
    #[error("this request was answered before")]
    Answered,
    /// The password that opens it was changed, or its user disabled, while it was checked.
    #[error("the password was changed while it was checked")]
    Outdated,
    /// Anything else.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<store::StoreError> for FlowFailure {
    fn from(error: store::StoreError) -> Self {
        if matches!(error, store::StoreError::Conflict(store::Unique::Flow)) {
            Self::Answered
        } else {
            Self::Service(error.into())
        }
    }
}

/// Takes an authorization request in.
///
/// # Errors
/// [`FlowFailure::Page`] as long as the redirect URI is not matched; every later refusal is an answer.
pub async fn begin(
    ctx: &Arc<Context>,
    params: &Params,
    visitor: &Visitor,
    origin: &Origin,
) -> Result<Advanced, FlowFailure> {
    let client = named_client(ctx, params).await?;
    let model = access_model::current(ctx).await?;
    let request = match rules::validate(&client, params, &ctx.protocol, &model.apis) {
        Ok(request) => request,
        Err(AuthorizeError::Page(error)) => return Err(FlowFailure::Page(error)),
        Err(AuthorizeError::Redirect(target, error)) => {
            let delivery = target.error(&error, &ctx.protocol.issuer);
            return Ok(Advanced::answer(delivery, Vec::new()));
        }
    };
    let hint = ctx.keys.id_token_hint(request.id_token_hint.as_deref(), ctx.now());
    let hint = hint.for_client(&client.id);
    let flow = Flow::start(ctx, request, hint);
    advance(ctx, client, flow, visitor.current.clone().into(), origin).await
}

async fn named_client(ctx: &Context, params: &Params) -> Result<Arc<Client>, FlowFailure> {
    let page = |error: ClientError| FlowFailure::Page(error.into());
    let id = rules::client_id(params).map_err(page)?;
    clients::find(ctx, &id).await?.ok_or_else(|| page(ClientError::Unknown))
}

/// Opens a flow that comes back from the browser, and checks it against the client as it is now.
///
/// # Errors
/// [`FlowFailure`]: a flow of another browser, too old, or of a client that no longer allows it.
pub async fn reopen(
    ctx: &Context,
    sealed: &str,
    visitor: &Visitor,
) -> Result<(Flow, Arc<Client>), FlowFailure> {
    let flow = Flow::open(ctx, sealed, &visitor.browser)?;
    let client = clients::find(ctx, &flow.request.client_id).await?;
    let client = client.ok_or_else(|| FlowFailure::Page(ClientError::Unknown.into()))?;
    let model = access_model::current(ctx).await?;
    let ui_locales = flow.request.ui_locales.clone();
    match flow.resume(&client, &ctx.protocol, &model.apis) {
        Ok(flow) => Ok((flow, client)),
        Err(AuthorizeError::Page(error)) => Err(FlowFailure::Page(error)),
        Err(AuthorizeError::Redirect(target, error)) => {
            let delivery = Box::new(target.error(&error, &ctx.protocol.issuer));
            Err(FlowFailure::Refused { delivery, ui_locales })
        }
    }
}

/// Asks the interaction policy what comes next, and does it.
async fn advance(
    ctx: &Arc<Context>,
    client: Arc<Client>,
    flow: Flow,
    signed_in: SignedIn,
    origin: &Origin,
) -> Result<Advanced, FlowFailure> {
    let model = access_model::current(ctx).await?;
    let facts = signed_in.current().map(|current| SessionFacts {
        user_id: current.user.id,
        authentication: current.session.authentication.clone(),
        held: model.held(access_model::user_subject(&current.user), &flow.request.scope),
    });
    let consent = match (client.metadata.consent, &facts) {
        (ConsentPolicy::Ask, Some(facts)) => {
            let mut reader = ctx.db.reader().await?;
            store::consent::find(&mut reader.conn(), facts.user_id, &client.id).await?
        }
        (ConsentPolicy::Implied, _) | (ConsentPolicy::Ask, None) => None,
    };
    let (request, now) = (&flow.request, ctx.now());
    let next =
        interaction::next(facts.as_ref(), request, &flow.facts, consent.as_ref(), &client, now);
    let (page, reason) = match next {
        Next::Login(reason) => (Page::Login, reason),
        Next::SelectAccount(reason) => (Page::SelectAccount, reason),
        Next::Consent(reason, _) => (Page::Consent, reason),
        Next::Missing(reason, _) => (Page::Missing, reason),
        Next::Refuse(error) => {
            let cookies = conclude::persist(ctx, signed_in, origin).await?;
            let delivery = request.response_target().error(&error, &ctx.protocol.issuer);
            let step = Step::Answer { delivery, ui_locales: request.ui_locales.clone() };
            return Ok(Advanced { step, cookies });
        }
        Next::Done(granted) => {
            let answered =
                conclude::answer(ctx, &client, &flow, granted, signed_in, origin).await?;
            return match answered {
                Some(advanced) => Ok(advanced),
                // A sign-out in another tab came in between: nobody is signed in any more.
                None => Box::pin(advance(ctx, client, flow, SignedIn::Nobody, origin)).await,
            };
        }
    };
    let cookies = conclude::persist(ctx, signed_in, origin).await?;
    let step = Step::Show(Box::new(Shown { page, reason, flow }));
    Ok(Advanced { step, cookies })
}

impl Advanced {
    fn answer(delivery: Delivery, ui_locales: Vec<String>) -> Self {
        Self { step: Step::Answer { delivery, ui_locales }, cookies: None }
    }
}
