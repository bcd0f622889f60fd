//! The first administrator, made through a link that works once.
//!
//! There is no default password. A server without users prints a link at its start; whoever opens it
//! names the first administrator, and after that no link does anything.

use std::{sync::Arc, time::Duration};

use super::{
    Context, ServiceError,
    users::{self, NewUser, UserError},
};
use crate::{
    identity::user::User,
    store::{self, StoreError},
    types::{
        Secret, TokenHash,
        audit::{Action, Actor},
        origin::Origin,
        token::TokenKind,
    },
};

/// How long a link lives.
const LIFETIME: Duration = Duration::from_hours(24);

/// The name of the value that says: the first administrator was made, and who that was.
const DONE: &str = "first_administrator";

/// Why no first administrator was made.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The link was used, has expired, was replaced, or never was one. 404.
    #[error("this link does not work any more; restart the server for another one")]
    LinkDead,
    /// There are users already. 409.
    #[error("this server has been set up already")]
    AlreadySetUp,
    /// The user cannot be made as asked for; the link still works.
    #[error(transparent)]
    User(#[from] UserError),
}

impl From<StoreError> for SetupError {
    fn from(error: StoreError) -> Self {
        Self::User(error.into())
    }
}

impl From<ServiceError> for SetupError {
    fn from(error: ServiceError) -> Self {
        Self::User(error.into())
    }
}

/// A new link's token, which replaces every earlier one; `None` when there are users.
///
/// # Errors
/// [`ServiceError`] when the database does not answer.
pub async fn link(ctx: &Arc<Context>) -> Result<Option<Secret<String>>, ServiceError> {
    if is_set_up(ctx).await? {
        return Ok(None);
    }
    let token = TokenKind::Bootstrap.mint(ctx.random());
    let hash = TokenHash::of(TokenKind::Bootstrap, token.expose());
    let now = ctx.now();
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                store::bootstrap::withdraw_all(tx, now).await?;
                store::bootstrap::insert(tx, &hash, now.plus(LIFETIME), now).await
            })
        })
        .await?;
    Ok(Some(token))
}

async fn is_set_up(ctx: &Context) -> Result<bool, ServiceError> {
    let mut reader = ctx.db.reader().await?;
    let done = store::meta::find(&mut reader.conn(), DONE).await?.is_some();
    Ok(done || store::user::is_any(&mut reader.conn()).await?)
}

/// Whether the link of `token` would work at this moment.
///
/// # Errors
/// [`ServiceError`] when the database does not answer.
pub async fn is_live(ctx: &Context, token: &str) -> Result<bool, ServiceError> {
    let Some(hash) = TokenKind::Bootstrap.recognise(token) else { return Ok(false) };
    let mut reader = ctx.db.reader().await?;
    let live = store::bootstrap::is_live(&mut reader.conn(), &hash, ctx.now()).await?;
    drop(reader);
    Ok(live && !is_set_up(ctx).await?)
}

/// Uses the link up and makes the first administrator, both in one transaction. When the user cannot
/// be made as asked for, the link goes on working.
///
/// # Errors
/// [`SetupError`].
pub async fn create_first_admin(
    ctx: &Arc<Context>,
    token: &str,
    username: String,
    password: Secret<String>,
    email: Option<String>,
    origin: &Origin,
) -> Result<User, SetupError> {
    let hash = TokenKind::Bootstrap.recognise(token).ok_or(SetupError::LinkDead)?;
    // Looked at first: strangers get no password hashed.
    if is_set_up(ctx).await? {
        return Err(SetupError::AlreadySetUp);
    }
    if !is_live(ctx, token).await? {
        return Err(SetupError::LinkDead);
    }
    let roles = vec!["admin".to_owned()];
    let new = NewUser { username, email, password: Some(password), roles, ..NewUser::default() };
    let prepared = users::prepare(ctx, new).await?;
    let id = prepared.user.id;
    let event = users::event(ctx, Actor::User(id), Action::UserCreated, id, origin);
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                if store::bootstrap::redeem(tx, &hash, event.at).await?.is_none() {
                    return Err(SetupError::LinkDead);
                }
                // Two links at the same moment: the row decides, and the other one waits for it.
                let mine = id.uuid().into_bytes();
                let first = store::meta::set_if_absent(tx, DONE, &mine).await?;
                if first != mine || store::user::is_any(tx).await? {
                    return Err(SetupError::AlreadySetUp);
                }
                Ok(users::insert(tx, prepared, event).await?)
            })
        })
        .await
}
