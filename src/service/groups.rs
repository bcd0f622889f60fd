//! Groups as an operator keeps them: made, changed, deleted, joined and left.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    Context,
    access_error::{AccessError, description},
    administration::Guard,
    changes,
    editor::{self, Editor},
    users,
};
use crate::{
    identity::{group::Group, role::Name, user::User},
    store,
    types::{
        GroupId, UserId,
        audit::{Action, Actor, AuditEvent, Object, Outcome},
        origin::Origin,
        version::Versioned,
    },
};

/// The most groups or members that one call returns.
pub const MAX_PAGE: u32 = 500;

/// Makes a group without members and roles.
///
/// # Errors
/// [`AccessError::Name`], [`AccessError::NameTaken`], [`AccessError::Description`].
pub async fn create(
    ctx: &Arc<Context>,
    name: &str,
    words: String,
    actor: Actor,
    origin: &Origin,
) -> Result<Group, AccessError> {
    let now = ctx.now();
    let group = Group {
        id: GroupId::new(now, ctx.random()),
        name: Name::parse(name)?,
        description: description(words)?,
        roles: BTreeSet::new(),
        created_at: now,
        updated_at: now,
    };
    let event = event(ctx, actor, Action::GroupCreated, &group, origin);
    let created = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                store::group::insert(tx, &group).await?;
                store::audit_event::append(tx, event);
                Ok::<_, AccessError>(group)
            })
        })
        .await?;
    changes::follow(ctx).await?;
    Ok(created)
}

/// The group of that name.
///
/// # Errors
/// [`AccessError::NoGroup`], or a failure of the service.
pub async fn find(ctx: &Context, name: &str) -> Result<Group, AccessError> {
    let mut reader = ctx.db.reader().await?;
    let found = store::group::find(&mut reader.conn(), name).await?;
    found.ok_or_else(|| AccessError::NoGroup(name.to_owned()))
}

/// At most `limit` (and [`MAX_PAGE`]) groups in the order of their names, after the one named `after`.
///
/// # Errors
/// A failure of the service.
pub async fn list(
    ctx: &Context,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Group>, AccessError> {
    let mut reader = ctx.db.reader().await?;
    Ok(store::group::list(&mut reader.conn(), after, limit.min(MAX_PAGE)).await?)
}

/// At most `limit` (and [`MAX_PAGE`]) members in the order of their ids, after the one of `after`.
///
/// # Errors
/// A failure of the service.
pub async fn members(
    ctx: &Context,
    group: GroupId,
    after: Option<UserId>,
    limit: u32,
) -> Result<Vec<User>, AccessError> {
    let mut reader = ctx.db.reader().await?;
    let limit = limit.min(MAX_PAGE);
    Ok(store::group::members(&mut reader.conn(), group, after, limit).await?)
}

/// Gives a group another description.
///
/// # Errors
/// [`AccessError::NoGroup`], [`AccessError::Description`].
pub async fn update(
    ctx: &Arc<Context>,
    name: &str,
    words: String,
    editor: impl Into<Editor>,
    origin: &Origin,
) -> Result<Group, AccessError> {
    let Editor { actor, seen } = editor.into();
    let mut group = find(ctx, name).await?;
    let mut event = event(ctx, actor, Action::GroupUpdated, &group, origin);
    event.detail.insert("before".to_owned(), group.description.clone().into());
    group.description = description(words)?;
    event.detail.insert("after".to_owned(), group.description.clone().into());
    group.updated_at = event.at;
    let updated = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                editor::claim::<AccessError>(tx, Versioned::Group(group.id), seen).await?;
                let Group { id, description, .. } = &group;
                if !store::group::update(tx, *id, description, event.at).await? {
                    return Err(AccessError::NoGroup(group.name.to_string()));
                }
                store::audit_event::append(tx, event);
                Ok(group)
            })
        })
        .await?;
    changes::follow(ctx).await?;
    Ok(updated)
}

/// Deletes a group. Its members stay, and hold its roles no more.
///
/// # Errors
/// [`AccessError::NoGroup`], [`AccessError::LastAdministrator`].
pub async fn delete(
    ctx: &Arc<Context>,
    name: &str,
    editor: impl Into<Editor>,
    origin: &Origin,
) -> Result<(), AccessError> {
    let Editor { actor, seen } = editor.into();
    let group = find(ctx, name).await?;
    let event = event(ctx, actor, Action::GroupDeleted, &group, origin);
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                let guard = Guard::take(tx).await?;
                editor::claim::<AccessError>(tx, Versioned::Group(group.id), seen).await?;
                if !store::group::delete(tx, group.id, event.at).await? {
                    return Err(AccessError::NoGroup(group.name.to_string()));
                }
                guard.check::<AccessError>(tx).await?;
                store::audit_event::append(tx, event);
                Ok(())
            })
        })
        .await?;
    Ok(changes::follow(ctx).await?)
}

/// Whether a user joins a group or leaves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// The user joins.
    Join,
    /// The user leaves.
    Leave,
}

/// Lets a user join a group, or leave it; whether that changed something.
///
/// # Errors
/// [`AccessError::NoGroup`], [`AccessError::NoUser`], [`AccessError::LastAdministrator`].
pub async fn set_member(
    ctx: &Arc<Context>,
    group: &str,
    user: &str,
    membership: Membership,
    actor: Actor,
    origin: &Origin,
) -> Result<bool, AccessError> {
    let group = find(ctx, group).await?;
    let user = match users::find(ctx, user).await {
        Ok(user) => user.id,
        Err(users::UserError::Service(error)) => return Err(error.into()),
        Err(_) => return Err(AccessError::NoUser(user.to_owned())),
    };
    let action = match membership {
        Membership::Join => Action::GroupMemberAdded,
        Membership::Leave => Action::GroupMemberRemoved,
    };
    let mut event = event(ctx, actor, action, &group, origin);
    event.detail.insert("member".to_owned(), Object::User(user).to_string().into());
    let changed = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                let changed = match membership {
                    Membership::Join => {
                        store::group::add_member(tx, group.id, user, event.at).await?
                    }
                    Membership::Leave => {
                        let guard = Guard::take(tx).await?;
                        let left =
                            store::group::remove_member(tx, group.id, user, event.at).await?;
                        guard.check::<AccessError>(tx).await?;
                        left
                    }
                };
                if changed {
                    store::audit_event::append(tx, event);
                }
                Ok::<_, AccessError>(changed)
            })
        })
        .await?;
    changes::follow(ctx).await?;
    Ok(changed)
}

fn event(
    ctx: &Context,
    actor: Actor,
    action: Action,
    group: &Group,
    origin: &Origin,
) -> AuditEvent {
    let mut event = ctx.event(actor, action, Object::Group(group.id), Outcome::Success, origin);
    event.detail.insert("group".to_owned(), group.name.to_string().into());
    event
}
