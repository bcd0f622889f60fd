//! The end of an authorization request: one transaction with everything that happened on the way.

use std::sync::Arc;

use super::{Advanced, FlowFailure, SessionCookies, Step};
use crate::{
    protocol::{
        authorize::{interaction::Granted, redirect_uri::Presence},
        client::{Client, GrantType},
        error::{ErrorCode, OAuthError},
        grant::{Access, Grant, authorization_code::AuthorizationCode},
    },
    service::{
        Context, ServiceError,
        browser_session::{self, Begun, Current},
        changes,
        flow::Flow,
        gates::Turn,
        recent::{self, GivenCode},
        sign_in::{self, SignInError},
    },
    store::{self, StoreError, Tx},
    types::{
        GrantId, Secret, SessionId, TokenHash,
        audit::{Action, Actor, AuditEvent, Object, Outcome},
        origin::Origin,
        token::TokenKind,
    },
};

/// Who is signed in, and whether that is written already.
#[derive(Debug)]
pub(super) enum SignedIn {
    /// Nobody.
    Nobody,
    /// The user of a session that the browser had before.
    Before(Box<Current>),
    /// A user who has just proved who they are. The session is written with what comes of it.
    JustNow(Box<Beginning>),
}

/// A session that begins, and what is written with it.
#[derive(Debug)]
pub(super) struct Beginning {
    /// The session.
    pub(super) begun: Begun,
    /// The session of this browser before: it goes on, or gives way to another user's.
    pub(super) former: Option<SessionId>,
    /// The counters of failures that the success clears.
    pub(super) clears: Vec<TokenHash>,
    /// The cookie that makes the browser known.
    pub(super) device: String,
    /// The turn of the sign-in, which lasts until all this is committed.
    pub(super) turn: Option<Turn>,
}

impl From<Option<Current>> for SignedIn {
    fn from(current: Option<Current>) -> Self {
        current.map_or(Self::Nobody, |current| Self::Before(Box::new(current)))
    }
}

impl SignedIn {
    /// The session and its user.
    pub(super) fn current(&self) -> Option<&Current> {
        match self {
            Self::Nobody => None,
            Self::Before(current) => Some(current),
            Self::JustNow(beginning) => Some(&beginning.begun.current),
        }
    }

    /// The turn of a sign-in that is not written yet.
    fn take_turn(&mut self) -> Option<Turn> {
        match self {
            Self::Nobody | Self::Before(_) => None,
            Self::JustNow(beginning) => beginning.turn.take(),
        }
    }

    fn cookies(&self) -> Option<SessionCookies> {
        match self {
            Self::Nobody | Self::Before(_) => None,
            Self::JustNow(beginning) => Some(SessionCookies {
                session: beginning.begun.token.clone(),
                device: beginning.device.clone(),
            }),
        }
    }
}

/// Why a session that begins is not written.
#[derive(Debug)]
pub(super) enum Unwritten {
    /// The user was disabled or the password changed after it was checked.
    Outdated,
    /// The database did not write it.
    Store(StoreError),
    /// The node's memory could not follow.
    Service(ServiceError),
}

impl From<StoreError> for Unwritten {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Unwritten> for FlowFailure {
    fn from(unwritten: Unwritten) -> Self {
        match unwritten {
            Unwritten::Outdated => Self::Outdated,
            Unwritten::Store(error) => error.into(),
            Unwritten::Service(error) => error.into(),
        }
    }
}

impl From<Unwritten> for SignInError {
    fn from(unwritten: Unwritten) -> Self {
        match unwritten {
            Unwritten::Outdated => Self::Failed,
            Unwritten::Store(error) => error.into(),
            Unwritten::Service(error) => error.into(),
        }
    }
}

/// Writes a session that begins, where the request is not answered yet.
pub(super) async fn persist(
    ctx: &Arc<Context>,
    mut signed_in: SignedIn,
    origin: &Origin,
) -> Result<Option<SessionCookies>, Unwritten> {
    let _turn = signed_in.take_turn();
    let cookies = signed_in.cookies();
    if let SignedIn::JustNow(beginning) = signed_in {
        let (context, origin) = (Arc::clone(ctx), origin.clone());
        ctx.db
            .write(move |tx| {
                Box::pin(async move {
                    write_session(&context, tx, &beginning, &origin).await.map(|_| ())
                })
            })
            .await?;
        // The former session of this browser has ended, with what hung from it.
        changes::follow(ctx).await.map_err(Unwritten::Service)?;
    }
    Ok(cookies)
}

/// Writes a session that begins, if what proved the user still holds.
async fn write_session(
    ctx: &Context,
    tx: &mut Tx<'_>,
    beginning: &Beginning,
    origin: &Origin,
) -> Result<SessionId, Unwritten> {
    let Current { session, user } = &beginning.begun.current;
    if !sign_in::settle(tx, user, &beginning.clears).await? {
        return Err(Unwritten::Outdated);
    }
    let id = browser_session::write(ctx, tx, session, beginning.former).await?;
    let (actor, object) = (Actor::User(session.user_id), Object::Session(id));
    let event = ctx.event(actor, Action::SignedIn, object, Outcome::Success, origin);
    store::audit_event::append(tx, event);
    Ok(id)
}

/// Everything that the answer writes.
struct Conclusion {
    grant: Grant,
    code: AuthorizationCode,
    consent: Option<(Vec<String>, AuditEvent)>,
    signed_in: SignedIn,
    origin: Origin,
}

/// Answers the client with a code: the session if it is new, what the user allowed, the grant and the
/// code are written together, and leave after the commit. `None`, and nothing is written, when the session
/// has ended meanwhile.
pub(super) async fn answer(
    ctx: &Arc<Context>,
    client: &Client,
    flow: &Flow,
    granted: Granted,
    mut signed_in: SignedIn,
    origin: &Origin,
) -> Result<Option<Advanced>, FlowFailure> {
    let _turn = signed_in.take_turn();
    let Some(current) = signed_in.current() else {
        // The interaction policy grants nothing to nobody.
        let error = OAuthError::new(ErrorCode::LoginRequired, "nobody is signed in");
        return Err(FlowFailure::Page(error));
    };
    let text = TokenKind::AuthorizationCode.mint(ctx.random());
    let grant = grant(ctx, client, current, flow, &granted);
    let code = code(ctx, flow, &grant, &text);
    let consent = flow.facts.consented.clone().map(|consented| {
        let (actor, object) = (Actor::User(current.user.id), Object::Client(client.id.clone()));
        let event = ctx.event(actor, Action::ConsentGranted, object, Outcome::Success, origin);
        (consented.claims, event)
    });
    let cookies = signed_in.cookies();
    let conclusion = Conclusion { grant, code, consent, signed_in, origin: origin.clone() };
    let (context, epoch) = (Arc::clone(ctx), ctx.caches.epoch());
    let written = match (&conclusion.signed_in, &conclusion.consent) {
        (SignedIn::Before(_) | SignedIn::Nobody, None) => {
            ctx.db.write_plain(move |tx| Box::pin(conclusion.write(context, tx))).await?
        }
        (SignedIn::Before(_) | SignedIn::Nobody, Some(_)) => {
            ctx.db.write(move |tx| Box::pin(conclusion.write(context, tx))).await?
        }
        (SignedIn::JustNow(_), _) => {
            let written = ctx.db.write(move |tx| Box::pin(conclusion.write(context, tx))).await?;
            changes::follow(ctx).await?;
            written
        }
    };
    let Some(given) = written else { return Ok(None) };
    recent::keep_code(ctx, given, epoch);
    let delivery = flow.request.response_target().success(&text, &ctx.protocol.issuer);
    let step = Step::Answer { delivery, ui_locales: flow.request.ui_locales.clone() };
    Ok(Some(Advanced { step, cookies }))
}

impl Conclusion {
    /// One verb of the store where the session is there already and no consent is written; `None` when
    /// that session has ended.
    async fn write(
        mut self,
        ctx: Arc<Context>,
        tx: &mut Tx<'_>,
    ) -> Result<Option<GivenCode>, FlowFailure> {
        match &mut self.signed_in {
            SignedIn::JustNow(beginning) => {
                let id = write_session(&ctx, tx, beginning, &self.origin).await?;
                beginning.begun.current.session.id = id;
                self.grant.session_id = id;
                store::grant::insert(tx, &self.grant).await?;
                store::authorization_code::insert(tx, &self.code).await?;
            }
            SignedIn::Before(_) | SignedIn::Nobody => {
                // A sign-out in another tab can have come in between.
                if !store::authorization_code::issue(tx, &self.grant, &self.code).await? {
                    return Ok(None);
                }
            }
        }
        if let Some((claims, event)) = self.consent {
            let grant = &self.grant;
            let (user, client) = (grant.user_id, &grant.client_id);
            store::consent::widen(tx, user, client, &grant.scope, &claims, grant.created_at)
                .await?;
            store::audit_event::append(tx, event);
        }
        let Self { grant, code, signed_in, .. } = self;
        Ok(signed_in.current().map(|current| GivenCode {
            code,
            grant: Arc::new(grant),
            session: current.session.clone(),
        }))
    }
}

fn grant(
    ctx: &Context,
    client: &Client,
    current: &Current,
    flow: &Flow,
    granted: &Granted,
) -> Grant {
    let now = ctx.now();
    let offline =
        granted.scope.contains("offline_access") && client.may_use(GrantType::RefreshToken);
    Grant {
        id: GrantId::new(now, ctx.random()),
        user_id: current.user.id,
        client_id: client.id.clone(),
        session_id: current.session.id,
        scope: granted.scope.clone(),
        resource: flow.request.resource.clone(),
        claims: (!granted.claims.is_empty()).then(|| granted.claims.to_json()),
        authentication: current.session.authentication.clone(),
        access: if offline { Access::Offline } else { Access::Online },
        created_at: now,
        revoked: None,
    }
}

fn code(ctx: &Context, flow: &Flow, grant: &Grant, text: &Secret<String>) -> AuthorizationCode {
    let request = &flow.request;
    AuthorizationCode {
        hash: TokenHash::of(TokenKind::AuthorizationCode, text.expose()),
        flow_id: flow.id(),
        grant_id: grant.id,
        client_id: grant.client_id.clone(),
        redirect_uri: match request.redirect_uri_presence {
            Presence::Sent => Some(request.redirect_uri.as_str().to_owned()),
            Presence::LeftOut => None,
        },
        code_challenge: request
            .code_challenge
            .as_ref()
            .map(|challenge| challenge.as_str().to_owned()),
        nonce: request.nonce.clone(),
        issued_at: grant.created_at,
        expires_at: grant.created_at.plus(ctx.protocol.lifetimes.code),
        consumed_at: None,
        failures: 0,
    }
}
