//! Browser sessions: begun at a sign-in, found by their cookie, ended by their user.

use std::sync::Arc;

use super::{Context, ServiceError, changes};
use crate::{
    identity::{session::BrowserSession, session_policy, user::User},
    protocol::grant::RevocationReason,
    store::{self, StoreError, Tx},
    types::{
        Authentication, Secret, SessionId, Timestamp, TokenHash, UserId,
        audit::{Action, Actor, AuditEvent, Object, Outcome},
        origin::Origin,
        token::TokenKind,
    },
};

/// The session of a browser and its user, found by the cookie.
#[derive(Debug, Clone)]
pub struct Current {
    /// The session.
    pub session: BrowserSession,
    /// Who signed in.
    pub user: User,
}

/// A session that begins: its cookie leaves with the answer, its row is written by the caller.
#[derive(Debug)]
pub struct Begun {
    /// The session and its user.
    pub current: Current,
    /// What the cookie holds.
    pub token: Secret<String>,
}

/// What comes of an authentication of `user`: always a new cookie, which nobody can have known before.
/// When `former`, the session of the browser, is the user's own, it goes on under that cookie, and
/// what the apps were given in it stays; otherwise a new session begins.
#[must_use]
pub fn begin(
    ctx: &Context,
    user: User,
    authentication: Authentication,
    former: Option<&Current>,
    origin: &Origin,
) -> Begun {
    let now = ctx.now();
    let token = TokenKind::Session.mint(ctx.random());
    let expires_at = ctx.policy.sessions.expires_at(now);
    let own = former.filter(|former| former.user.id == user.id);
    let session = BrowserSession {
        id: own.map_or_else(|| SessionId::new(now, ctx.random()), |own| own.session.id),
        token_hash: TokenHash::of(TokenKind::Session, token.expose()),
        user_id: user.id,
        authentication,
        created_at: own.map_or(now, |own| own.session.created_at),
        last_seen_at: now,
        idle_expires_at: ctx.policy.sessions.idle_expires_at(expires_at, now),
        expires_at,
        ended_at: None,
        address: origin.address.map(|address| address.to_string()),
        user_agent: origin.user_agent.clone(),
    };
    Begun { current: Current { session, user }, token }
}

/// Writes a session that begins or goes on, and returns its id. The session of another user that the
/// browser had before, and the oldest beyond what a user may have, end with it.
pub(super) async fn write(
    ctx: &Context,
    tx: &mut Tx<'_>,
    session: &BrowserSession,
    former: Option<SessionId>,
) -> Result<SessionId, StoreError> {
    let now = ctx.now();
    let mut session = session.clone();
    if former == Some(session.id) {
        if store::session::renew(tx, &session).await? {
            return Ok(session.id);
        }
        // Signed out in another tab while the password was typed: what ended stays ended.
        session.id = SessionId::new(now, ctx.random());
    } else if let Some(former) = former {
        end_in(tx, former, now).await?;
    }
    store::session::insert(tx, &session).await?;
    let keep = ctx.policy.sessions.most_per_user.max(1);
    let user = session.user_id;
    for ended in store::session::end_oldest(tx, user, session.id, keep, now).await? {
        store::grant::revoke_by_session(tx, ended, RevocationReason::SignOut, now).await?;
    }
    Ok(session.id)
}

/// Ends one session and what hangs from it alone: grants without `offline_access`.
async fn end_in(tx: &mut Tx<'_>, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
    let ended = store::session::end(tx, id, now).await?;
    if ended {
        store::grant::revoke_by_session(tx, id, RevocationReason::SignOut, now).await?;
    }
    Ok(ended)
}

/// The live session that `cookie` opens.
///
/// # Errors
/// [`ServiceError::Unavailable`] when the database does not answer: nobody is ever signed in by
/// default.
pub async fn current(ctx: &Context, cookie: Option<&str>) -> Result<Option<Current>, ServiceError> {
    let Some(hash) = cookie.and_then(|text| TokenKind::Session.recognise(text)) else {
        return Ok(None);
    };
    let now = ctx.now();
    let found = store::session::find_live(&mut ctx.db.reader().await?.conn(), &hash, now).await?;
    let Some((session, user)) = found else { return Ok(None) };
    match session_policy::life(&session, now) {
        session_policy::Life::Alive => {}
        session_policy::Life::Ended | session_policy::Life::Idle | session_policy::Life::TooOld => {
            return Ok(None);
        }
    }
    if ctx.policy.sessions.use_is_worth_recording(session.last_seen_at, now) {
        ctx.seen.note(store::session::SessionTouch {
            id: session.id,
            last_seen_at: now,
            idle_expires_at: ctx.policy.sessions.idle_expires_at(session.expires_at, now),
        });
    }
    Ok(Some(Current { session, user }))
}

/// Whether the user of `current` signed in just now, so that they may make what outlives the session
/// (SESS-10).
#[must_use]
pub fn is_fresh(ctx: &Context, current: &Current) -> bool {
    ctx.policy.sessions.is_fresh(&current.session, ctx.now())
}

/// Ends `id`, one of the sessions of `user`; `false` when it is not, or ended before.
///
/// # Errors
/// [`ServiceError::Unavailable`] when the database does not answer.
pub async fn end(
    ctx: &Arc<Context>,
    user: UserId,
    id: SessionId,
    origin: &Origin,
) -> Result<bool, ServiceError> {
    end_of(ctx, id, Some(user), signed_out(ctx, user, id, origin)).await
}

/// Ends a session, with `of` only that user's, and writes the event if it ended now.
async fn end_of(
    ctx: &Context,
    id: SessionId,
    of: Option<UserId>,
    event: AuditEvent,
) -> Result<bool, ServiceError> {
    let now = ctx.now();
    let ended = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                if let Some(user) = of {
                    let session = store::session::find(tx, id).await?;
                    if session.is_none_or(|session| session.user_id != user) {
                        return Ok(false);
                    }
                }
                let ended = end_in(tx, id, now).await?;
                if ended {
                    store::audit_event::append(tx, event);
                }
                Ok::<bool, StoreError>(ended)
            })
        })
        .await?;
    changes::follow(ctx).await?;
    Ok(ended)
}

/// The most sessions that one call of [`list`] returns.
pub const MAX_PAGE: u32 = 500;

/// At most `limit` (and [`MAX_PAGE`]) sessions that live, of everybody or of one user, in the order of
/// their ids from the first one after `after`.
///
/// # Errors
/// [`ServiceError::Unavailable`] when the database does not answer.
pub async fn list(
    ctx: &Context,
    user: Option<UserId>,
    after: Option<SessionId>,
    limit: u32,
) -> Result<Vec<BrowserSession>, ServiceError> {
    let mut reader = ctx.db.reader().await?;
    let limit = limit.min(MAX_PAGE);
    Ok(store::session::page(&mut reader.conn(), user, after, limit, ctx.now()).await?)
}

/// Ends `id`, whoever's session it is, for an administrator; `false` when it ended before.
///
/// # Errors
/// [`ServiceError::Unavailable`] when the database does not answer.
pub async fn end_by(
    ctx: &Arc<Context>,
    id: SessionId,
    actor: Actor,
    origin: &Origin,
) -> Result<bool, ServiceError> {
    let event =
        ctx.event(actor, Action::SessionEnded, Object::Session(id), Outcome::Success, origin);
    end_of(ctx, id, None, event).await
}

/// Ends every session of `user` but `except`, with what hangs from them alone.
/// Returns how many sessions ended.
///
/// # Errors
/// [`ServiceError::Unavailable`] when the database does not answer.
pub async fn end_others(
    ctx: &Arc<Context>,
    user: UserId,
    except: SessionId,
    origin: &Origin,
) -> Result<usize, ServiceError> {
    let now = ctx.now();
    let (context, origin) = (Arc::clone(ctx), origin.clone());
    let ended = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                let ended = store::session::end_all(tx, user, Some(except), now).await?;
                for id in &ended {
                    let reason = RevocationReason::SignOut;
                    store::grant::revoke_by_session(tx, *id, reason, now).await?;
                    store::audit_event::append(tx, signed_out(&context, user, *id, &origin));
                }
                Ok::<usize, StoreError>(ended.len())
            })
        })
        .await?;
    changes::follow(ctx).await?;
    Ok(ended)
}

fn signed_out(
    ctx: &Context,
    user: UserId,
    id: SessionId,
    origin: &Origin,
) -> crate::types::audit::AuditEvent {
    ctx.event(Actor::User(user), Action::SignedOut, Object::Session(id), Outcome::Success, origin)
}
