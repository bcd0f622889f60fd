//! Roles as an operator keeps them: made, changed, deleted, given and taken.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    Context,
    access_error::{AccessError, description},
    access_model::{self, AccessModel},
    administration::Guard,
    apis, changes,
    editor::{self, Editor},
    users,
};
use crate::{
    identity::role::{
        Name, Role,
        holding::{Holding, Place},
    },
    protocol::client::GrantType,
    store::{self, role_assignment::Holder},
    types::{
        ApiId, ClientId, Permission, RoleId,
        audit::{Action, Actor, AuditEvent, Object, Outcome},
        origin::Origin,
        version::Versioned,
    },
};

/// The most roles that one call of [`list`] returns.
pub const MAX_PAGE: u32 = 500;

/// A role as it was asked for.
#[derive(Debug, Clone, Default)]
pub struct NewRole {
    /// Its name, as typed.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The audience of the API that it is a role of; `None` for a role across APIs.
    pub api: Option<String>,
    /// The names of its permissions, as typed.
    pub permissions: Vec<String>,
    /// The names of the roles that it contains.
    pub contains: Vec<String>,
}

/// What to change about a role; what is `None` or empty stays.
#[derive(Debug, Clone, Default)]
pub struct RoleUpdate {
    /// Another description.
    pub description: Option<String>,
    /// Permissions to add.
    pub add_permissions: Vec<String>,
    /// Permissions to take away.
    pub remove_permissions: Vec<String>,
    /// Roles to contain.
    pub add_contains: Vec<String>,
    /// Roles to contain no more.
    pub remove_contains: Vec<String>,
}

/// Makes a role.
///
/// # Errors
/// [`AccessError`] names the rule that it breaks, what is missing, or that the name is taken.
pub async fn create(
    ctx: &Arc<Context>,
    new: NewRole,
    actor: Actor,
    origin: &Origin,
) -> Result<Role, AccessError> {
    let api = match &new.api {
        Some(audience) => Some(apis::find(ctx, audience).await?),
        None => None,
    };
    let now = ctx.now();
    let role = Role {
        id: RoleId::new(now, ctx.random()),
        name: Name::parse(&new.name)?,
        description: description(new.description)?,
        api: api.map(|api| api.id),
        permissions: permissions(new.permissions)?,
        contains: new.contains.into_iter().collect(),
        built_in: false,
        created_at: now,
        updated_at: now,
    };
    let event = event(ctx, actor, Action::RoleCreated, &role, origin);
    let created = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                store::administration::lock(tx).await?;
                check(&access_model::read(tx).await?, &role)?;
                store::role::insert(tx, &role).await?;
                store::audit_event::append(tx, with_state(event, "after", &role));
                Ok::<_, AccessError>(role)
            })
        })
        .await?;
    changes::follow(ctx).await?;
    Ok(created)
}

fn permissions(names: Vec<String>) -> Result<BTreeSet<Permission>, AccessError> {
    let parse = |name: String| Permission::parse(&name).map_err(|_| AccessError::Permission(name));
    names.into_iter().map(parse).collect()
}

/// Whether everything that the role names exists, is of its API, and makes no circle.
fn check(model: &AccessModel, role: &Role) -> Result<(), AccessError> {
    let api_of = |permission: &Permission| -> Option<ApiId> {
        let mut apis = model.apis.iter();
        apis.find(|api| api.permissions.contains_key(permission)).map(|api| api.id)
    };
    for permission in &role.permissions {
        let name = || permission.to_string();
        let api = api_of(permission).ok_or_else(|| AccessError::NoPermission(name()))?;
        if role.api.is_some_and(|own| own != api) {
            return Err(AccessError::OtherApi(name()));
        }
    }
    for name in &role.contains {
        if model.roles.find(name).is_none() && name != role.name.as_str() {
            return Err(AccessError::NoRole(name.clone()));
        }
    }
    if model.roles.would_cycle(role.name.as_str(), &role.contains) {
        return Err(AccessError::Cycle(role.name.to_string()));
    }
    Ok(())
}

/// The role of that name.
///
/// # Errors
/// [`AccessError::NoRole`], or a failure of the service.
pub async fn find(ctx: &Context, name: &str) -> Result<Role, AccessError> {
    let mut reader = ctx.db.reader().await?;
    let found = store::role::find(&mut reader.conn(), name).await?;
    found.ok_or_else(|| AccessError::NoRole(name.to_owned()))
}

/// At most `limit` (and [`MAX_PAGE`]) roles in the order of their names, after the one named `after`.
///
/// # Errors
/// A failure of the service.
pub async fn list(
    ctx: &Context,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Role>, AccessError> {
    let mut reader = ctx.db.reader().await?;
    Ok(store::role::list(&mut reader.conn(), after, limit.min(MAX_PAGE)).await?)
}

/// At most `limit` (and [`MAX_PAGE`]) ways in which somebody holds a role, directly, through a group or
/// through a role that contains it; in the order of [`Place`], from the first one after `after`.
///
/// # Errors
/// [`AccessError::NoRole`], or a failure of the service.
pub async fn holders(
    ctx: &Context,
    name: &str,
    after: Option<Place>,
    limit: u32,
) -> Result<Vec<Holding>, AccessError> {
    let role = find(ctx, name).await?;
    let (mut reader, after) = (ctx.db.reader().await?, after.unwrap_or(Place::START));
    let limit = limit.min(MAX_PAGE);
    Ok(store::role_holding::list(&mut reader.conn(), role.id, after, limit).await?)
}

/// Changes a role. Whoever holds it has more or less with the next token.
///
/// # Errors
/// As [`create`], [`AccessError::NoRole`], [`AccessError::BuiltIn`] for the roles of Doorward's own
/// API, and [`AccessError::LastAdministrator`].
pub async fn update(
    ctx: &Arc<Context>,
    name: &str,
    update: RoleUpdate,
    editor: impl Into<Editor>,
    origin: &Origin,
) -> Result<Role, AccessError> {
    let Editor { actor, seen } = editor.into();
    let known = find(ctx, name).await?;
    if is_of_doorward(&known) {
        return Err(AccessError::BuiltIn(known.name.to_string()));
    }
    let added = permissions(update.add_permissions)?;
    let removed = permissions(update.remove_permissions)?;
    let new_description = update.description.map(description).transpose()?;
    let event = event(ctx, actor, Action::RoleUpdated, &known, origin);
    let (now, name) = (ctx.now(), name.to_owned());
    let updated = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                let guard = Guard::take(tx).await?;
                editor::claim::<AccessError>(tx, Versioned::Role(known.id), seen).await?;
                let before = store::role::find(tx, &name).await?;
                let before = before.ok_or_else(|| AccessError::NoRole(name.clone()))?;
                let mut role = before.clone();
                role.description = new_description.unwrap_or(role.description);
                role.permissions.extend(added);
                role.permissions.retain(|permission| !removed.contains(permission));
                role.contains.extend(update.add_contains);
                role.contains.retain(|other| !update.remove_contains.contains(other));
                role.updated_at = now;
                check(&access_model::read(tx).await?, &role)?;
                store::role::update(tx, &role).await?;
                guard.check::<AccessError>(tx).await?;
                let event = with_state(with_state(event, "before", &before), "after", &role);
                store::audit_event::append(tx, event);
                Ok::<_, AccessError>(role)
            })
        })
        .await?;
    changes::follow(ctx).await?;
    Ok(updated)
}

/// Whether this is one of the roles that guard Doorward itself.
fn is_of_doorward(role: &Role) -> bool {
    role.built_in && role.api.is_some()
}

/// Deletes a role, and takes it from everybody.
///
/// # Errors
/// [`AccessError::NoRole`], [`AccessError::BuiltIn`], [`AccessError::LastAdministrator`].
pub async fn delete(
    ctx: &Arc<Context>,
    name: &str,
    editor: impl Into<Editor>,
    origin: &Origin,
) -> Result<(), AccessError> {
    let Editor { actor, seen } = editor.into();
    let role = find(ctx, name).await?;
    if role.built_in {
        return Err(AccessError::BuiltIn(role.name.to_string()));
    }
    let event = event(ctx, actor, Action::RoleDeleted, &role, origin);
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                let guard = Guard::take(tx).await?;
                editor::claim::<AccessError>(tx, Versioned::Role(role.id), seen).await?;
                if !store::role::delete(tx, role.id, event.at).await? {
                    return Err(AccessError::NoRole(role.name.to_string()));
                }
                guard.check::<AccessError>(tx).await?;
                store::audit_event::append(tx, with_state(event, "before", &role));
                Ok(())
            })
        })
        .await?;
    Ok(changes::follow(ctx).await?)
}

/// Who gets a role, or loses it, as an operator names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HolderName {
    /// A user, by id, username or e-mail address.
    User(String),
    /// A group, by name.
    Group(String),
    /// A client, by `client_id`.
    Client(String),
}

/// Gives a role; whether it was given now.
///
/// # Errors
/// [`AccessError`] when the role or the holder is not there, or the client never acts for itself.
pub async fn grant(
    ctx: &Arc<Context>,
    role: &str,
    to: &HolderName,
    actor: Actor,
    origin: &Origin,
) -> Result<bool, AccessError> {
    let role = find(ctx, role).await?;
    let holder = resolve(ctx, to).await?;
    let event = assignment(ctx, actor, Action::RoleGranted, &role, &holder, origin);
    let given = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                let given = store::role_assignment::grant(tx, role.id, &holder, event.at).await?;
                if given {
                    store::audit_event::append(tx, event);
                }
                Ok::<_, AccessError>(given)
            })
        })
        .await?;
    changes::follow(ctx).await?;
    Ok(given)
}

/// Takes a role; whether it was taken now. It is gone from the next token.
///
/// # Errors
/// As [`grant`], and [`AccessError::LastAdministrator`].
pub async fn revoke(
    ctx: &Arc<Context>,
    role: &str,
    from: &HolderName,
    actor: Actor,
    origin: &Origin,
) -> Result<bool, AccessError> {
    let role = find(ctx, role).await?;
    let holder = resolve(ctx, from).await?;
    let event = assignment(ctx, actor, Action::RoleRevoked, &role, &holder, origin);
    let taken = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                let guard = Guard::take(tx).await?;
                let taken = store::role_assignment::revoke(tx, role.id, &holder, event.at).await?;
                guard.check::<AccessError>(tx).await?;
                if taken {
                    store::audit_event::append(tx, event);
                }
                Ok::<_, AccessError>(taken)
            })
        })
        .await?;
    changes::follow(ctx).await?;
    Ok(taken)
}

async fn resolve(ctx: &Context, name: &HolderName) -> Result<Holder, AccessError> {
    match name {
        HolderName::User(name) => match users::find(ctx, name).await {
            Ok(user) => Ok(Holder::User(user.id)),
            Err(users::UserError::Service(error)) => Err(error.into()),
            Err(_) => Err(AccessError::NoUser(name.clone())),
        },
        HolderName::Group(name) => {
            let mut reader = ctx.db.reader().await?;
            let found = store::group::find(&mut reader.conn(), name).await?;
            let group = found.ok_or_else(|| AccessError::NoGroup(name.clone()))?;
            Ok(Holder::Group(group.id))
        }
        HolderName::Client(name) => {
            let missing = || AccessError::NoClient(name.clone());
            let id = ClientId::parse(name).map_err(|_| missing())?;
            let client = super::clients::find(ctx, &id).await?.ok_or_else(missing)?;
            if !client.may_use(GrantType::ClientCredentials) {
                return Err(AccessError::NotAServiceClient(name.clone()));
            }
            Ok(Holder::Client(id))
        }
    }
}

fn assignment(
    ctx: &Context,
    actor: Actor,
    action: Action,
    role: &Role,
    holder: &Holder,
    origin: &Origin,
) -> AuditEvent {
    let mut event = event(ctx, actor, action, role, origin);
    let holder = match holder {
        Holder::User(id) => Object::User(*id),
        Holder::Group(id) => Object::Group(*id),
        Holder::Client(id) => Object::Client(id.clone()),
    };
    event.detail.insert("holder".to_owned(), holder.to_string().into());
    event
}

fn event(ctx: &Context, actor: Actor, action: Action, role: &Role, origin: &Origin) -> AuditEvent {
    let mut event = ctx.event(actor, action, Object::Role(role.id), Outcome::Success, origin);
    event.detail.insert("role".to_owned(), role.name.to_string().into());
    event
}

/// The event with what the role amounts to, before or after.
fn with_state(mut event: AuditEvent, word: &str, role: &Role) -> AuditEvent {
    let state = serde_json::json!({
        "description": role.description, "permissions": role.permissions, "contains": role.contains,
    });
    event.detail.insert(word.to_owned(), state);
    event
}
