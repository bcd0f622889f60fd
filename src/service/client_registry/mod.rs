//! Clients as an operator keeps them: registered, changed, given new secrets, disabled, deleted.
//!
//! Metadata passes the same rules at registration and at every change. A secret is told once, when it
//! is made; the database keeps its hash, and for `client_secret_jwt` a sealed copy.

mod error;
mod secret;

use std::{sync::Arc, time::Duration};

use super::{
    Context, ServiceError, changes,
    editor::{self, Editor},
};
use crate::{
    protocol::{
        client::{Client, ClientMetadata, ClientSecret},
        grant::RevocationReason,
        registration,
    },
    store::{self, Tx},
    types::{
        ClientId, Secret, Status, Timestamp, UserId,
        audit::{Action, Actor, AuditEvent, Object, Outcome},
        origin::Origin,
        version::Versioned,
    },
};

pub use error::ClientError;
pub use secret::NewSecret;
pub(super) use secret::{cell as secret_cell, is_needed as secret_is_needed};

/// How long the previous secret works on when a secret is rotated, unless said otherwise.
pub const DEFAULT_OVERLAP: Duration = Duration::from_hours(24);

/// The most clients that one call of [`list`] returns.
pub const MAX_PAGE: u32 = 500;

/// A client after a change, and the secret that was made for it, which nobody can read again.
#[derive(Debug)]
pub struct Registered {
    /// The client.
    pub client: Client,
    /// Its new secret, if one was made or brought along.
    pub secret: Option<Secret<String>>,
}

/// Registers a client. Without an `id`, one is made.
///
/// # Errors
/// [`ClientError`] names the rule that the metadata breaks, or what is taken.
pub async fn create(
    ctx: &Arc<Context>,
    id: Option<ClientId>,
    metadata: ClientMetadata,
    new_secret: NewSecret,
    actor: Actor,
    origin: &Origin,
) -> Result<Registered, ClientError> {
    let id = id.map_or_else(|| generated_id(ctx), is_apart_from_users)?;
    registration::validate(&metadata)?;
    let made = secret::for_method(ctx, metadata.token_endpoint_auth_method, new_secret)?;
    let now = ctx.now();
    let (kept, secret) = made.map_or((None, None), |made| (Some(made.kept), Some(made.plain)));
    let client = Client {
        id,
        status: Status::Enabled,
        created_at: now,
        updated_at: now,
        metadata,
        secrets: kept.into_iter().collect(),
        roles: std::collections::BTreeSet::new(),
    };
    let event = event(ctx, actor, Action::ClientCreated, &client.id, origin);
    let client = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                store::client::insert(tx, &client).await?;
                store::audit_event::append(tx, event);
                Ok::<_, ClientError>(client)
            })
        })
        .await?;
    changes::follow(ctx).await?;
    Ok(Registered { client, secret })
}

/// A `client_id` that nobody guesses and everybody can type: `app-` and 20 hexadecimal digits.
fn generated_id(ctx: &Context) -> Result<ClientId, ClientError> {
    let number = u128::from_be_bytes(ctx.random()) >> 48;
    ClientId::parse(&format!("app-{number:020x}"))
        .map_err(|error| ServiceError::internal(error).into())
}

/// The `sub` of a client's own tokens is its `client_id`, and that of users is a UUID: no client may
/// have an id that reads as one. RFC 9068 §5, RFC 9700 §4.15.
fn is_apart_from_users(id: ClientId) -> Result<ClientId, ClientError> {
    if id.as_str().parse::<UserId>().is_ok() { Err(ClientError::IdLikeSub) } else { Ok(id) }
}

/// The client of that id, with its live secrets, as the database holds it.
///
/// # Errors
/// [`ClientError::NotFound`], or a failure of the service.
pub async fn find(ctx: &Context, id: &ClientId) -> Result<Client, ClientError> {
    let mut reader = ctx.db.reader().await?;
    store::client::find(&mut reader.conn(), id, ctx.now()).await?.ok_or(ClientError::NotFound)
}

/// At most `limit` (and [`MAX_PAGE`]) clients in the order of their ids, after the one named `after`.
///
/// # Errors
/// [`ClientError::Service`] when the database does not answer.
pub async fn list(
    ctx: &Context,
    after: Option<&ClientId>,
    limit: u32,
) -> Result<Vec<Client>, ClientError> {
    let mut reader = ctx.db.reader().await?;
    Ok(store::client::list(&mut reader.conn(), after, limit.min(MAX_PAGE), ctx.now()).await?)
}

/// Replaces a client's metadata. When the new authentication method needs a secret that the client
/// does not have, one is made; when it needs none, those that live end.
///
/// # Errors
/// As [`create`], and [`ClientError::NotFound`].
pub async fn update(
    ctx: &Arc<Context>,
    id: &ClientId,
    metadata: ClientMetadata,
    new_secret: NewSecret,
    editor: impl Into<Editor>,
    origin: &Origin,
) -> Result<Registered, ClientError> {
    let Editor { actor, seen } = editor.into();
    registration::validate(&metadata)?;
    let method = metadata.token_endpoint_auth_method;
    let before = find(ctx, id).await?;
    let suffices = before.secrets.iter().any(|kept| secret::suits(kept, method));
    let made = match new_secret {
        NewSecret::Generated if suffices => None,
        NewSecret::Generated | NewSecret::Own(_) => secret::for_method(ctx, method, new_secret)?,
    };
    let (kept, plain) = made.map_or((None, None), |made| (Some(made.kept), Some(made.plain)));
    let event = event(ctx, actor, Action::ClientUpdated, id, origin);
    let event = with_change(event, &before.metadata, &metadata);
    let (now, id) = (ctx.now(), id.clone());
    let client = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                editor::claim::<ClientError>(tx, Versioned::Client(id.clone()), seen).await?;
                if !store::client::update(tx, &id, &metadata, now).await? {
                    return Err(ClientError::NotFound);
                }
                if let Some(kept) = kept {
                    supersede(tx, &id, &kept, now, now).await?;
                } else if !secret::is_needed(method) {
                    for old in &before.secrets {
                        store::client_secret::expire(tx, &id, old.id, now, now).await?;
                    }
                }
                store::audit_event::append(tx, event);
                store::client::find(tx, &id, now).await?.ok_or(ClientError::NotFound)
            })
        })
        .await?;
    changes::follow(ctx).await?;
    Ok(Registered { client, secret: plain })
}

/// The event with the members that differ, before and after. Metadata hold no secret.
fn with_change(
    mut event: AuditEvent,
    before: &ClientMetadata,
    after: &ClientMetadata,
) -> AuditEvent {
    let members = |metadata| match serde_json::to_value(metadata) {
        Ok(serde_json::Value::Object(members)) => members,
        Ok(_) | Err(_) => serde_json::Map::new(),
    };
    let (mut before, mut after) = (members(before), members(after));
    let same: Vec<String> = after
        .iter()
        .filter(|(name, value)| before.get(*name) == Some(value))
        .map(|(name, _)| name.clone())
        .collect();
    for name in &same {
        before.remove(name);
        after.remove(name);
    }
    let fields: Vec<String> = after.keys().cloned().collect();
    event.detail.insert("fields".to_owned(), fields.into());
    event.detail.insert("before".to_owned(), before.into());
    event.detail.insert("after".to_owned(), after.into());
    event
}

/// Gives a client a new secret. The current one works on for `overlap`, any older one ends now, so that
/// at most two live.
///
/// # Errors
/// [`ClientError::NoSecret`] when the client authenticates without one, [`ClientError::NotFound`].
pub async fn rotate_secret(
    ctx: &Arc<Context>,
    id: &ClientId,
    new_secret: NewSecret,
    overlap: Duration,
    actor: Actor,
    origin: &Origin,
) -> Result<Registered, ClientError> {
    let method = find(ctx, id).await?.metadata.token_endpoint_auth_method;
    let made = secret::for_method(ctx, method, new_secret)?.ok_or(ClientError::NoSecret(method))?;
    let event = event(ctx, actor, Action::ClientSecretRotated, id, origin);
    let (now, id, kept) = (ctx.now(), id.clone(), made.kept);
    let client = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                if store::client::find(tx, &id, now).await?.is_none() {
                    return Err(ClientError::NotFound);
                }
                supersede(tx, &id, &kept, now.plus(overlap), now).await?;
                store::audit_event::append(tx, event);
                store::client::find(tx, &id, now).await?.ok_or(ClientError::NotFound)
            })
        })
        .await?;
    changes::follow(ctx).await?;
    Ok(Registered { client, secret: Some(made.plain) })
}

/// Adds `new`; of the others the one that would live longest ends at `overlap_end`, the rest at `now`.
/// Ages would not do: two secrets can be made within one second.
async fn supersede(
    tx: &mut Tx<'_>,
    id: &ClientId,
    new: &ClientSecret,
    overlap_end: Timestamp,
    now: Timestamp,
) -> Result<(), ClientError> {
    let live = store::client_secret::list(tx, id, now).await?;
    let longest = live.iter().max_by_key(|old| (old.expires_at.is_none(), old.expires_at));
    let longest = longest.map(|old| old.id);
    for old in &live {
        let end = if Some(old.id) == longest { overlap_end } else { now };
        store::client_secret::expire(tx, id, old.id, end, now).await?;
    }
    Ok(store::client_secret::insert(tx, id, new, now).await?)
}

/// Whether a call changed anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switched {
    /// It changed now; so many grants ended with it.
    Now {
        /// Grants, with every token under them.
        grants: usize,
    },
    /// It was so before.
    Already,
}

/// Disables a client: it can do nothing, and every grant to it ends at once.
///
/// # Errors
/// [`ClientError::NotFound`], or a failure of the service.
pub async fn disable(
    ctx: &Arc<Context>,
    id: &ClientId,
    actor: Actor,
    origin: &Origin,
) -> Result<Switched, ClientError> {
    let event = event(ctx, actor, Action::ClientDisabled, id, origin);
    let (now, id) = (ctx.now(), id.clone());
    let switched = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                if !switch(tx, &id, Status::Disabled, event).await? {
                    return Ok::<_, ClientError>(Switched::Already);
                }
                let reason = RevocationReason::ClientDisabled;
                let grants = store::grant::revoke_by_client(tx, &id, reason, now).await?;
                Ok(Switched::Now { grants: grants.len() })
            })
        })
        .await?;
    changes::follow(ctx).await?;
    Ok(switched)
}

/// Enables a client again. The grants that ended stay ended; remembered consent stands.
///
/// # Errors
/// [`ClientError::NotFound`], or a failure of the service.
pub async fn enable(
    ctx: &Arc<Context>,
    id: &ClientId,
    actor: Actor,
    origin: &Origin,
) -> Result<Switched, ClientError> {
    let event = event(ctx, actor, Action::ClientEnabled, id, origin);
    let id = id.clone();
    let changed = ctx
        .db
        .write(move |tx| Box::pin(async move { switch(tx, &id, Status::Enabled, event).await }))
        .await?;
    changes::follow(ctx).await?;
    Ok(if changed { Switched::Now { grants: 0 } } else { Switched::Already })
}

/// Sets the status and notes the event, if that changes anything.
async fn switch(
    tx: &mut Tx<'_>,
    id: &ClientId,
    status: Status,
    event: AuditEvent,
) -> Result<bool, ClientError> {
    if store::client::find(tx, id, event.at).await?.is_none() {
        return Err(ClientError::NotFound);
    }
    let changed = store::client::set_status(tx, id, status, event.at).await?;
    if changed {
        store::audit_event::append(tx, event);
    }
    Ok(changed)
}

/// Deletes a client with its secrets, consents, grants and tokens. Its id is never given to another.
///
/// # Errors
/// [`ClientError::NotFound`], or a failure of the service.
pub async fn delete(
    ctx: &Arc<Context>,
    id: &ClientId,
    editor: impl Into<Editor>,
    origin: &Origin,
) -> Result<(), ClientError> {
    let Editor { actor, seen } = editor.into();
    let event = event(ctx, actor, Action::ClientDeleted, id, origin);
    let id = id.clone();
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                editor::claim::<ClientError>(tx, Versioned::Client(id.clone()), seen).await?;
                if !store::client::delete(tx, &id, event.at).await? {
                    return Err(ClientError::NotFound);
                }
                store::audit_event::append(tx, event);
                Ok(())
            })
        })
        .await?;
    Ok(changes::follow(ctx).await?)
}

/// The successful event of a change to the client `id`.
fn event(
    ctx: &Context,
    actor: Actor,
    action: Action,
    id: &ClientId,
    origin: &Origin,
) -> AuditEvent {
    ctx.event(actor, action, Object::Client(id.clone()), Outcome::Success, origin)
}
