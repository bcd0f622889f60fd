//! API keys as their owners and operators keep them: made, listed, rotated, revoked.
//!
//! These verbs are for somebody who signed in, or for an operator. A key does not make keys: whoever
//! calls them with a key, or with a token that came of one, must be refused before.

mod error;
pub mod form;
mod live;
mod overview;

use std::{sync::Arc, time::Duration};

pub use error::ApiKeyError;
pub use live::{LiveKey, LiveOwner, Worth, client_address, resolve, still_live};
pub use overview::{Listed, Named, Overview, overview};

use super::{Context, access_model, changes};
use crate::{
    identity::{
        AddressList,
        api_key::{ApiKey, Owner},
    },
    protocol::api::Api,
    store::{self, Tx},
    types::{
        ApiKeyId, Permission, Scope, Secret, TokenHash, api_key,
        audit::{Action, Actor, AuditEvent, Object, Outcome},
        origin::Origin,
        token::TokenKind,
    },
};

/// The most keys that one call of [`list`] returns.
pub const MAX_PAGE: u32 = 500;

/// A key as it was asked for.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// What the owner calls it.
    pub name: String,
    /// Permissions of APIs; and `roles` and `groups`, when APIs shall hear of the owner's.
    pub permissions: Scope,
    /// How long it lives; `None` for as long as keys live when nobody says.
    pub lifetime: Option<Duration>,
    /// From where it may be used; empty for anywhere.
    pub addresses: AddressList,
}

/// A key that was made now, with the only copy of its text.
#[derive(Debug)]
pub struct Created {
    /// What is kept of it.
    pub key: ApiKey,
    /// Its text: shown once.
    pub text: Secret<String>,
}

/// What an owner can put into a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The name of the API.
    pub api: String,
    /// The permission.
    pub permission: Permission,
    /// The words for it.
    pub description: String,
}

/// Makes a key for `owner`.
///
/// # Errors
/// [`ApiKeyError`] names the rule that it breaks.
pub async fn create(
    ctx: &Arc<Context>,
    owner: Owner,
    new: NewApiKey,
    actor: Actor,
    origin: &Origin,
) -> Result<Created, ApiKeyError> {
    let id = ApiKeyId::new(ctx.now(), ctx.random());
    create_once(ctx, id, owner, new, actor, origin).await
}

/// Makes the key `id` for `owner`: once, however often it is asked for. [`form`] draws the id.
///
/// # Errors
/// [`ApiKeyError::Made`] when there is a key of that id, [`ApiKeyError`] for every other rule.
pub async fn create_once(
    ctx: &Arc<Context>,
    id: ApiKeyId,
    owner: Owner,
    new: NewApiKey,
    actor: Actor,
    origin: &Origin,
) -> Result<Created, ApiKeyError> {
    if !ApiKey::is_name(&new.name) {
        return Err(ApiKeyError::Name);
    }
    let policy = ctx.policy.api_keys;
    let lifetime =
        policy.lifetime(new.lifetime).ok_or(ApiKeyError::Lifetime(policy.max_lifetime))?;
    let holder = live::owner(ctx, &owner).await?.ok_or(ApiKeyError::NoOwner)?;
    holder.may_have_keys()?;
    let model = access_model::current(ctx).await?;
    let held = holder.held(&model, &new.permissions);
    if let Some(missing) = new.permissions.difference(&held).iter().next() {
        return Err(ApiKeyError::NotHeld(missing.to_owned()));
    }
    if model.apis.of_scope(&held).is_empty() {
        return Err(ApiKeyError::NoPermission);
    }
    let created = mint(ctx, id, owner, NewApiKey { permissions: held, ..new }, lifetime);
    let key = created.key.clone();
    let event = event(ctx, actor, Action::ApiKeyCreated, &key, origin);
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                let most = i64::from(policy.most);
                insert(tx, &key, most).await?;
                store::audit_event::append(tx, event);
                Ok::<_, ApiKeyError>(())
            })
        })
        .await?;
    Ok(created)
}

/// Adds a key, unless it is there, or its owner has `most` already or is gone.
async fn insert(tx: &mut Tx<'_>, key: &ApiKey, most: i64) -> Result<(), ApiKeyError> {
    let count = store::api_key::count_alone(tx, &key.owner, key.created_at).await?;
    let count = count.ok_or(ApiKeyError::NoOwner)?;
    if store::api_key::find(tx, key.id).await?.is_some() {
        return Err(ApiKeyError::Made);
    }
    if count >= most {
        return Err(ApiKeyError::TooMany(most));
    }
    Ok(store::api_key::insert(tx, key).await?)
}

fn mint(ctx: &Context, id: ApiKeyId, owner: Owner, new: NewApiKey, lifetime: Duration) -> Created {
    let now = ctx.now();
    let text = api_key::mint(id, ctx.random());
    let key = ApiKey {
        id,
        owner,
        hash: TokenHash::of(TokenKind::ApiKey, text.expose()),
        name: new.name,
        permissions: new.permissions,
        addresses: new.addresses,
        created_at: now,
        expires_at: now.plus(lifetime),
        last_used_at: None,
        revoked_at: None,
        successor: None,
    };
    Created { key, text }
}

/// What `owner` can put into a key at this moment, in the order of the APIs' audiences.
///
/// # Errors
/// [`ApiKeyError::NoOwner`], or a failure of the service.
pub async fn offers(ctx: &Context, owner: &Owner) -> Result<Vec<Offer>, ApiKeyError> {
    let holder = live::owner(ctx, owner).await?.ok_or(ApiKeyError::NoOwner)?;
    let model = access_model::current(ctx).await?;
    let of = |api: &Api| -> Vec<Offer> {
        let all = api.permissions.iter().filter(|(name, _)| holder.may(&model, name.as_str()));
        all.map(|(name, words)| Offer {
            api: api.name.clone(),
            permission: name.clone(),
            description: words.clone(),
        })
        .collect()
    };
    Ok(model.apis.iter().flat_map(of).collect())
}

/// At most `limit` (and [`MAX_PAGE`]) keys of an owner, oldest first, after the one of `after`. Dead
/// ones are among them for some days.
///
/// # Errors
/// A failure of the service.
pub async fn list(
    ctx: &Context,
    owner: &Owner,
    after: Option<ApiKeyId>,
    limit: u32,
) -> Result<Vec<ApiKey>, ApiKeyError> {
    let mut reader = ctx.db.reader().await?;
    Ok(store::api_key::list(&mut reader.conn(), owner, after, limit.min(MAX_PAGE)).await?)
}

/// The key of that id; with `of`, only when it is that owner's.
///
/// # Errors
/// [`ApiKeyError::NoKey`], or a failure of the service.
pub async fn find(ctx: &Context, id: ApiKeyId, of: Option<&Owner>) -> Result<ApiKey, ApiKeyError> {
    let mut reader = ctx.db.reader().await?;
    let found = store::api_key::find(&mut reader.conn(), id).await?;
    let own = found.filter(|key| of.is_none_or(|owner| key.owner == *owner));
    own.ok_or(ApiKeyError::NoKey(id))
}

/// Puts a new key in the place of one that lives, with the same name, the same allow-list, as much life,
/// and those of its permissions that the owner still holds. The old one dies after `overlap`, or when it would have.
///
/// # Errors
/// [`ApiKeyError::NoKey`], [`ApiKeyError::Dead`] for one that is dead or was rotated before,
/// [`ApiKeyError::Overlap`], [`ApiKeyError::NoPermission`], [`ApiKeyError::TooMany`].
pub async fn rotate(
    ctx: &Arc<Context>,
    id: ApiKeyId,
    of: Option<&Owner>,
    overlap: Duration,
    actor: Actor,
    origin: &Origin,
) -> Result<Created, ApiKeyError> {
    let policy = ctx.policy.api_keys;
    if overlap > policy.max_overlap {
        return Err(ApiKeyError::Overlap(policy.max_overlap));
    }
    let old = find(ctx, id, of).await?;
    let holder = live::owner(ctx, &old.owner).await?.ok_or(ApiKeyError::NoOwner)?;
    holder.may_have_keys()?;
    let model = access_model::current(ctx).await?;
    let held = holder.held(&model, &old.permissions);
    if model.apis.of_scope(&held).is_empty() {
        return Err(ApiKeyError::NoPermission);
    }
    let lifetime = old.lifetime().min(policy.max_lifetime);
    let mut event = event(ctx, actor, Action::ApiKeyRotated, &old, origin);
    event.detail.insert("before".to_owned(), state(&old));
    let ApiKey { owner, name, addresses, .. } = old;
    let new = NewApiKey { name, permissions: held, lifetime: Some(lifetime), addresses };
    let successor = ApiKeyId::new(ctx.now(), ctx.random());
    let created = mint(ctx, successor, owner, new, lifetime);
    let key = created.key.clone();
    event.detail.insert("after".to_owned(), state(&key));
    event.detail.insert("successor".to_owned(), key.id.to_string().into());
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                insert(tx, &key, i64::from(policy.most) * 2).await?;
                let (now, until) = (key.created_at, key.created_at.plus(overlap));
                if !store::api_key::succeed(tx, id, key.id, until, now).await? {
                    return Err(ApiKeyError::Dead(id));
                }
                store::audit_event::append(tx, event);
                Ok(())
            })
        })
        .await?;
    changes::follow(ctx).await?;
    Ok(created)
}

/// Revokes a key: no node accepts it any more. One that is dead stays as it is.
///
/// # Errors
/// [`ApiKeyError::NoKey`], or a failure of the service.
pub async fn revoke(
    ctx: &Arc<Context>,
    id: ApiKeyId,
    of: Option<&Owner>,
    actor: Actor,
    origin: &Origin,
) -> Result<(), ApiKeyError> {
    let key = find(ctx, id, of).await?;
    let event = event(ctx, actor, Action::ApiKeyRevoked, &key, origin);
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                if store::api_key::revoke(tx, id, event.at).await? {
                    store::audit_event::append(tx, event);
                }
                Ok::<_, ApiKeyError>(())
            })
        })
        .await?;
    Ok(changes::follow(ctx).await?)
}

fn event(ctx: &Context, actor: Actor, action: Action, key: &ApiKey, origin: &Origin) -> AuditEvent {
    let mut event = ctx.event(actor, action, Object::ApiKey(key.id), Outcome::Success, origin);
    let owner = match &key.owner {
        Owner::User(id) => Object::User(*id),
        Owner::Client(id) => Object::Client(id.clone()),
    };
    event.detail.insert("owner".to_owned(), owner.to_string().into());
    event.detail.insert("name".to_owned(), key.name.clone().into());
    event.detail.insert("permissions".to_owned(), key.permissions.to_string().into());
    if !key.addresses.is_empty() {
        event.detail.insert("addresses".to_owned(), key.addresses.to_string().into());
    }
    event
}

/// What a rotation changes, before or after it.
fn state(key: &ApiKey) -> serde_json::Value {
    let (permissions, expires_at) = (key.permissions.to_string(), key.expires_at.unix());
    serde_json::json!({ "permissions": permissions, "expires_at": expires_at })
}
