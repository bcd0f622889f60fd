//! APIs as an operator keeps them: made, found, changed, deleted. RFC 8707.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Context,
    access_error::AccessError,
    administration::Guard,
    changes,
    editor::{self, Editor},
};
use crate::{
    protocol::api::Api,
    store,
    types::{
        ApiId, Permission, ResourceUri, Status,
        audit::{Action, Actor, AuditEvent, Object, Outcome},
        origin::Origin,
        version::Versioned,
    },
};

/// The most APIs that one call of [`list`] returns.
pub const MAX_PAGE: u32 = 500;

/// An API as it was asked for.
#[derive(Debug, Clone, Default)]
pub struct NewApi {
    /// Its audience, as typed.
    pub audience: String,
    /// The name that people see.
    pub name: String,
    /// The names of its permissions, as typed, and the words for them.
    pub permissions: Vec<(String, String)>,
}

/// What to change about an API; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct ApiUpdate {
    /// Another name.
    pub name: Option<String>,
    /// Whether tokens are issued for it.
    pub status: Option<Status>,
    /// Permissions to add, or to give other words.
    pub set_permissions: Vec<(String, String)>,
    /// Permissions to take away, from every role as well.
    pub remove_permissions: Vec<String>,
}

/// Makes an API.
///
/// # Errors
/// [`AccessError`] names the rule that it breaks, or what is taken.
pub async fn create(
    ctx: &Arc<Context>,
    new: NewApi,
    actor: Actor,
    origin: &Origin,
) -> Result<Api, AccessError> {
    let now = ctx.now();
    let audience = ResourceUri::parse(&new.audience)
        .map_err(|why| AccessError::Audience(new.audience.clone(), why))?;
    // This server's own identifier is what UserInfo's tokens are for.
    if audience.as_str() == ctx.protocol.issuer.as_str() {
        return Err(AccessError::AudienceTaken);
    }
    let api = Api {
        id: ApiId::new(now, ctx.random()),
        audience,
        name: new.name,
        status: Status::Enabled,
        permissions: new.permissions.into_iter().map(permission).collect::<Result<_, _>>()?,
        built_in: false,
        created_at: now,
        updated_at: now,
    };
    api.validate()?;
    let mut event = event(ctx, actor, Action::ApiCreated, &api, origin);
    let names = api.permissions.keys().map(|name| name.as_str().to_owned());
    event.detail.insert("permissions".to_owned(), names.collect());
    let created = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                store::api::insert(tx, &api).await?;
                store::audit_event::append(tx, event);
                Ok::<_, AccessError>(api)
            })
        })
        .await?;
    changes::follow(ctx).await?;
    Ok(created)
}

fn permission((name, words): (String, String)) -> Result<(Permission, String), AccessError> {
    let parsed = Permission::parse(&name).map_err(|_| AccessError::Permission(name))?;
    Ok((parsed, words))
}

/// The API of that audience.
///
/// # Errors
/// [`AccessError::NoApi`], or a failure of the service.
pub async fn find(ctx: &Context, audience: &str) -> Result<Api, AccessError> {
    let mut reader = ctx.db.reader().await?;
    let found = store::api::find_by_audience(&mut reader.conn(), audience).await?;
    found.ok_or_else(|| AccessError::NoApi(audience.to_owned()))
}

/// The API of that id.
///
/// # Errors
/// [`AccessError::NoApi`], or a failure of the service.
pub async fn find_by_id(ctx: &Context, id: ApiId) -> Result<Api, AccessError> {
    let mut reader = ctx.db.reader().await?;
    let found = store::api::find(&mut reader.conn(), id).await?;
    found.ok_or_else(|| AccessError::NoApi(id.to_string()))
}

/// At most `limit` (and [`MAX_PAGE`]) APIs in the order of their audiences, after the one of `after`.
///
/// # Errors
/// A failure of the service.
pub async fn list(ctx: &Context, after: Option<&str>, limit: u32) -> Result<Vec<Api>, AccessError> {
    let mut reader = ctx.db.reader().await?;
    Ok(store::api::list(&mut reader.conn(), after, limit.min(MAX_PAGE)).await?)
}

/// Changes an API. A permission that is taken away is gone from every role and from the next token.
///
/// # Errors
/// As [`create`], [`AccessError::NoApi`], and [`AccessError::BuiltIn`] for Doorward's own API.
pub async fn update(
    ctx: &Arc<Context>,
    audience: &str,
    update: ApiUpdate,
    editor: impl Into<Editor>,
    origin: &Origin,
) -> Result<Api, AccessError> {
    let Editor { actor, seen } = editor.into();
    let known = find(ctx, audience).await?;
    if known.built_in {
        return Err(AccessError::BuiltIn(known.name));
    }
    let set: BTreeMap<Permission, String> =
        update.set_permissions.into_iter().map(permission).collect::<Result<_, _>>()?;
    let event = event(ctx, actor, Action::ApiUpdated, &known, origin);
    let now = ctx.now();
    let updated = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                let missing = || AccessError::NoApi(known.audience.to_string());
                editor::claim::<AccessError>(tx, Versioned::Api(known.id), seen).await?;
                let mut api = store::api::find(tx, known.id).await?.ok_or_else(missing)?;
                api.name = update.name.unwrap_or(api.name);
                api.status = update.status.unwrap_or(api.status);
                for name in &update.remove_permissions {
                    if api.permissions.remove(name.as_str()).is_none() {
                        return Err(AccessError::NoPermission(name.clone()));
                    }
                }
                api.permissions.extend(set);
                api.updated_at = now;
                api.validate()?;
                store::api::update(tx, &api).await?;
                store::audit_event::append(tx, with_change(event, &known, &api));
                Ok(api)
            })
        })
        .await?;
    changes::follow(ctx).await?;
    Ok(updated)
}

/// The event with what was and what is.
fn with_change(mut event: AuditEvent, before: &Api, after: &Api) -> AuditEvent {
    let names = |api: &Api| -> serde_json::Value {
        api.permissions.keys().map(|name| name.as_str().to_owned()).collect()
    };
    for (word, api) in [("before", before), ("after", after)] {
        let state = serde_json::json!({
            "name": api.name, "status": api.status.as_str(), "permissions": names(api),
        });
        event.detail.insert(word.to_owned(), state);
    }
    event
}

/// Deletes an API with its permissions and its roles.
///
/// # Errors
/// [`AccessError::NoApi`], and [`AccessError::BuiltIn`] for Doorward's own API.
pub async fn delete(
    ctx: &Arc<Context>,
    audience: &str,
    editor: impl Into<Editor>,
    origin: &Origin,
) -> Result<(), AccessError> {
    let Editor { actor, seen } = editor.into();
    let api = find(ctx, audience).await?;
    if api.built_in {
        return Err(AccessError::BuiltIn(api.name));
    }
    let event = event(ctx, actor, Action::ApiDeleted, &api, origin);
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                // A role of this API can be what makes somebody an administrator.
                let guard = Guard::take(tx).await?;
                editor::claim::<AccessError>(tx, Versioned::Api(api.id), seen).await?;
                if !store::api::delete(tx, api.id, event.at).await? {
                    return Err(AccessError::NoApi(api.audience.to_string()));
                }
                guard.check::<AccessError>(tx).await?;
                store::audit_event::append(tx, event);
                Ok(())
            })
        })
        .await?;
    Ok(changes::follow(ctx).await?)
}

fn event(ctx: &Context, actor: Actor, action: Action, api: &Api, origin: &Origin) -> AuditEvent {
    let mut event = ctx.event(actor, action, Object::Api(api.id), Outcome::Success, origin);
    event.detail.insert("audience".to_owned(), api.audience.to_string().into());
    event
}
