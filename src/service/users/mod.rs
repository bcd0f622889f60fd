//! Users as an operator keeps them: made, found, changed, disabled, deleted.
//!
//! What takes something away ends the user's browser sessions and grants in the same transaction,
//! and this node has heard of it before the verb answers.

pub mod claims;
mod error;
mod new;

use std::sync::Arc;

use super::{
    Context, ServiceError,
    access_model::{self, AccessModel},
    administration::Guard,
    changes,
    editor::{self, Editor},
};
use crate::{
    identity::{
        EmailAddress, LoginName, Username,
        lockout::{self, Target},
        user::{Profile, User},
    },
    protocol::grant::RevocationReason,
    store::{self, Tx},
    types::{
        Secret, Status, TokenHash, UserId,
        audit::{Action, Actor, AuditEvent, Object, Outcome},
        origin::Origin,
        version::Versioned,
    },
};

pub use error::UserError;
pub use new::NewUser;
pub(super) use new::{PreparedUser, prepare};

/// The most users that one call of [`list`] returns.
pub const MAX_PAGE: u32 = 500;

/// Makes a user.
///
/// # Errors
/// [`UserError`] names what is wrong with the name, the address, a role or the password, or which of
/// them is taken.
pub async fn create(
    ctx: &Arc<Context>,
    new: NewUser,
    actor: Actor,
    origin: &Origin,
) -> Result<User, UserError> {
    let prepared = prepare(ctx, new).await?;
    let event = event(ctx, actor, Action::UserCreated, prepared.user.id, origin);
    let username = prepared.user.username.clone();
    match ctx.db.write(move |tx| Box::pin(insert(tx, prepared, event))).await {
        Err(error) => Err(same_name_or_look(ctx, error, &username).await?),
        created @ Ok(_) => created,
    }
}

/// A taken name breaks two rules of the database at once, and either may be named: the name counts.
async fn same_name_or_look(
    ctx: &Context,
    error: UserError,
    username: &str,
) -> Result<UserError, UserError> {
    if !matches!(error, UserError::UsernameConfusable) {
        return Ok(error);
    }
    let mut reader = ctx.db.reader().await?;
    let same = store::user::find_by_username(&mut reader.conn(), username).await?;
    Ok(if same.is_some() { UserError::UsernameTaken } else { error })
}

/// Adds a prepared user and its event to a transaction.
pub(super) async fn insert(
    tx: &mut Tx<'_>,
    prepared: PreparedUser,
    mut event: AuditEvent,
) -> Result<User, UserError> {
    let PreparedUser { user, skeleton } = prepared;
    store::user::insert(tx, &user, &skeleton).await?;
    event.detail.insert("username".to_owned(), user.username.clone().into());
    event.detail.insert("roles".to_owned(), user.roles.iter().cloned().collect());
    store::audit_event::append(tx, event);
    Ok(user)
}

/// The user of that id, username or e-mail address. An id is read as an id first, so that nobody can
/// stand in for another user by a name.
///
/// # Errors
/// [`UserError::NotFound`] when nobody is called that.
pub async fn find(ctx: &Context, name: &str) -> Result<User, UserError> {
    let mut reader = ctx.db.reader().await?;
    if let Ok(id) = name.parse::<UserId>()
        && let Some(user) = store::user::find(&mut reader.conn(), id).await?
    {
        return Ok(user);
    }
    let found = match LoginName::parse(name) {
        Ok(LoginName::Username(username)) => {
            store::user::find_by_username(&mut reader.conn(), username.as_str()).await?
        }
        Ok(LoginName::Email(email)) => {
            store::user::find_by_email(&mut reader.conn(), &email.canonical()).await?
        }
        Ok(LoginName::Nobody(_)) | Err(_) => None,
    };
    found.ok_or(UserError::NotFound)
}

/// At most `limit` (and [`MAX_PAGE`]) users in the order of their names, after the one named `after`.
///
/// # Errors
/// [`UserError::Service`] when the database does not answer.
pub async fn list(ctx: &Context, after: Option<&str>, limit: u32) -> Result<Vec<User>, UserError> {
    let mut reader = ctx.db.reader().await?;
    Ok(store::user::list(&mut reader.conn(), after, limit.min(MAX_PAGE)).await?)
}

/// What to change about a user; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct UserUpdate {
    /// Another name to sign in with.
    pub username: Option<String>,
    /// Another e-mail address, or none. A new address counts as unproven.
    pub email: Option<Option<String>>,
    /// Whether the address is known to be the user's.
    pub email_verified: Option<bool>,
    /// The roles to hold from now on.
    pub roles: Option<Vec<String>>,
    /// The claims from now on.
    pub profile: Option<Profile>,
}

/// Changes a user. Names the audit event's fields, never their values.
///
/// # Errors
/// As [`create`], [`UserError::LastAdministrator`] when its roles are taken, and
/// [`UserError::NotFound`].
pub async fn update(
    ctx: &Arc<Context>,
    id: UserId,
    update: UserUpdate,
    editor: impl Into<Editor>,
    origin: &Origin,
) -> Result<User, UserError> {
    let Editor { actor, seen } = editor.into();
    let mut event = event(ctx, actor, Action::UserUpdated, id, origin);
    event.detail.insert("fields".to_owned(), update.fields().into());
    let username = update.username.as_deref().map(Username::parse).transpose()?;
    let model = access_model::current(ctx).await?;
    let now = ctx.now();
    let updated = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                let guard = match update.roles {
                    Some(_) => Some(Guard::take(tx).await?),
                    None => None,
                };
                editor::claim::<UserError>(tx, Versioned::User(id), seen).await?;
                let mut user = store::user::find(tx, id).await?.ok_or(UserError::NotFound)?;
                update.apply(&mut user, &model)?;
                user.updated_at = now;
                let skeleton = Username::from_stored(user.username.clone()).skeleton();
                if !store::user::update(tx, &user, &skeleton).await? {
                    return Err(UserError::NotFound);
                }
                if let Some(guard) = guard {
                    guard.check::<UserError>(tx).await?;
                }
                store::audit_event::append(tx, event);
                Ok(user)
            })
        })
        .await;
    match (updated, username) {
        (Ok(user), _) => {
            changes::follow(ctx).await?;
            Ok(user)
        }
        (Err(error), Some(name)) => Err(same_name_or_look(ctx, error, name.as_str()).await?),
        (Err(error), None) => Err(error),
    }
}

impl UserUpdate {
    /// Whether nothing would change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields().is_empty()
    }

    /// The names of what changes.
    fn fields(&self) -> Vec<&'static str> {
        [
            ("username", self.username.is_some()),
            ("email", self.email.is_some()),
            ("email_verified", self.email_verified.is_some()),
            ("roles", self.roles.is_some()),
            ("profile", self.profile.is_some()),
        ]
        .into_iter()
        .filter_map(|(name, changes)| changes.then_some(name))
        .collect()
    }

    /// Writes the changes into `user`, each under the rules of a new user.
    fn apply(self, user: &mut User, model: &AccessModel) -> Result<(), UserError> {
        if let Some(typed) = self.username {
            Username::parse(&typed)?.as_str().clone_into(&mut user.username);
        }
        if let Some(typed) = self.email {
            let email = typed.map(|typed| EmailAddress::parse(&typed)).transpose()?;
            let email = email.map(|email| email.canonical());
            user.email_verified &= email == user.email;
            user.email = email;
        }
        if let Some(verified) = self.email_verified {
            user.email_verified = verified;
        }
        if user.email_verified && user.email.is_none() {
            return Err(UserError::NoEmailToVerify);
        }
        if let Some(roles) = self.roles {
            user.roles = new::roles(model, roles)?;
        }
        if let Some(profile) = self.profile {
            user.profile = profile;
        }
        Ok(())
    }
}

/// What ended together with a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ended {
    /// Browser sessions.
    pub sessions: usize,
    /// Grants, with every token under them.
    pub grants: usize,
}

/// Sets a new password. Every browser session and grant of the user ends, and failed sign-ins are
/// forgotten: whoever knew the old password is out, and the user is in again.
///
/// # Errors
/// [`UserError::Weak`], [`UserError::NotFound`], or a failure of the service.
pub async fn set_password(
    ctx: &Arc<Context>,
    id: UserId,
    password: Secret<String>,
    actor: Actor,
    origin: &Origin,
) -> Result<Ended, UserError> {
    let user = {
        let mut reader = ctx.db.reader().await?;
        store::user::find(&mut reader.conn(), id).await?.ok_or(UserError::NotFound)?
    };
    let hash = new::hash_password(ctx, password, &user).await?;
    let event = event(ctx, actor, Action::UserPasswordSet, id, origin);
    let attempts = TokenHash::from_bytes(
        ctx.vault.attempt_key(&[lockout::user_key(Target::User(id)).as_bytes()]),
    );
    let now = ctx.now();
    let ended = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                if !store::user::set_password(tx, id, Some(hash.as_str()), now).await? {
                    return Err(UserError::NotFound);
                }
                store::sign_in_attempt::clear(tx, &attempts).await?;
                let sessions = store::session::end_all(tx, id, None, now).await?;
                let reason = RevocationReason::PasswordChange;
                let grants = store::grant::revoke_by_user(tx, id, reason, now).await?;
                store::audit_event::append(tx, event);
                Ok(Ended { sessions: sessions.len(), grants: grants.len() })
            })
        })
        .await?;
    changes::follow(ctx).await?;
    Ok(ended)
}

/// Whether a call changed anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switched {
    /// It changed now; what ended with it.
    Now(Ended),
    /// It was so before.
    Already,
}

/// Disables a user: no sign-in, every browser session and grant ends at once.
///
/// # Errors
/// [`UserError::NotFound`], [`UserError::LastAdministrator`], or a failure of the service.
pub async fn disable(
    ctx: &Arc<Context>,
    id: UserId,
    actor: Actor,
    origin: &Origin,
) -> Result<Switched, UserError> {
    let event = event(ctx, actor, Action::UserDisabled, id, origin);
    let now = ctx.now();
    let switched = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                let guard = Guard::take(tx).await?;
                if !switch(tx, id, Status::Disabled, event).await? {
                    return Ok::<_, UserError>(Switched::Already);
                }
                guard.check::<UserError>(tx).await?;
                let sessions = store::session::end_all(tx, id, None, now).await?;
                let reason = RevocationReason::UserDisabled;
                let grants = store::grant::revoke_by_user(tx, id, reason, now).await?;
                Ok(Switched::Now(Ended { sessions: sessions.len(), grants: grants.len() }))
            })
        })
        .await?;
    changes::follow(ctx).await?;
    Ok(switched)
}

/// Enables a user again. What ended when it was disabled stays ended: the user signs in anew.
///
/// # Errors
/// [`UserError::NotFound`], or a failure of the service.
pub async fn enable(
    ctx: &Arc<Context>,
    id: UserId,
    actor: Actor,
    origin: &Origin,
) -> Result<Switched, UserError> {
    let event = event(ctx, actor, Action::UserEnabled, id, origin);
    let changed = ctx.db.write(move |tx| Box::pin(switch(tx, id, Status::Enabled, event))).await?;
    changes::follow(ctx).await?;
    Ok(if changed { Switched::Now(Ended::default()) } else { Switched::Already })
}

/// Sets the status and notes the event, if that changes anything.
async fn switch(
    tx: &mut Tx<'_>,
    id: UserId,
    status: Status,
    event: AuditEvent,
) -> Result<bool, UserError> {
    if store::user::find(tx, id).await?.is_none() {
        return Err(UserError::NotFound);
    }
    let changed = store::user::set_status(tx, id, status, event.at).await?;
    if changed {
        store::audit_event::append(tx, event);
    }
    Ok(changed)
}

/// Deletes a user with all sessions, consents, grants and tokens. The id is never given away again.
///
/// # Errors
/// [`UserError::NotFound`], [`UserError::LastAdministrator`], or a failure of the service.
pub async fn delete(
    ctx: &Arc<Context>,
    id: UserId,
    editor: impl Into<Editor>,
    origin: &Origin,
) -> Result<(), UserError> {
    let Editor { actor, seen } = editor.into();
    let event = event(ctx, actor, Action::UserDeleted, id, origin);
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                let guard = Guard::take(tx).await?;
                editor::claim::<UserError>(tx, Versioned::User(id), seen).await?;
                if !store::user::delete(tx, id, event.at).await? {
                    return Err(UserError::NotFound);
                }
                guard.check::<UserError>(tx).await?;
                store::audit_event::append(tx, event);
                Ok(())
            })
        })
        .await?;
    Ok(changes::follow(ctx).await?)
}

/// The successful event of a change to the user `id`.
pub(super) fn event(
    ctx: &Context,
    actor: Actor,
    action: Action,
    id: UserId,
    origin: &Origin,
) -> AuditEvent {
    ctx.event(actor, action, Object::User(id), Outcome::Success, origin)
}

/// How many users there are.
///
/// # Errors
/// [`ServiceError`] when the database does not answer.
pub async fn count(ctx: &Context) -> Result<u64, ServiceError> {
    let mut reader = ctx.db.reader().await?;
    Ok(store::user::count(&mut reader.conn()).await?)
}
