//! The life of the signing keys: made, activated, retired, removed, revoked. OIDC Core §10.1.1.

use std::sync::Arc;

use super::{Context, ServiceError, changes, keys};
use crate::{
    protocol::jose::{
        Kid, SigningAlg, SigningKey,
        key_ring::{self, FirstState, KeyRecord, KeyState, KeyStep, StoredKey},
    },
    store::{self, StoreError, Tx},
    types::{
        Timestamp,
        audit::{Action, Actor, AuditEvent, Object, Outcome},
        origin::Origin,
    },
};

/// Rounds after which the ring is complete: the first makes the active keys, the second those that
/// stand by.
const ROUNDS: usize = 2;

/// Carries out what is due for the keys. Another node that does the same at the same moment changes
/// nothing twice.
///
/// # Errors
/// [`ServiceError`] when the database does not answer or a key cannot be made.
pub async fn rotate_due(ctx: &Arc<Context>, origin: &Origin) -> Result<(), ServiceError> {
    for _ in 0..ROUNDS {
        let steps = key_ring::rotation(&keys::records(ctx).await?, &ctx.policy.rotation, ctx.now());
        if steps.is_empty() {
            return Ok(());
        }
        carry_out(ctx, steps, Actor::System, origin).await?;
    }
    Ok(())
}

/// What came of an operator's wish for a new key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// The key that stood by signs from now on.
    Done,
    /// The key that stands by has not been published long enough for everybody to know it.
    TooEarly,
}

/// Makes a new key of `alg` take over, however young the active one is.
///
/// # Errors
/// [`ServiceError`] when the database does not answer or a key cannot be made.
pub async fn rotate_now(
    ctx: &Arc<Context>,
    alg: SigningAlg,
    actor: Actor,
    origin: &Origin,
) -> Result<Rotation, ServiceError> {
    let records = keys::records(ctx).await?;
    let steps = key_ring::rotation_on_request(&records, alg, &ctx.policy.rotation, ctx.now());
    let takes_over = steps.iter().any(|step| matches!(step, KeyStep::Activate(_)));
    carry_out(ctx, steps, actor, origin).await?;
    rotate_due(ctx, origin).await?;
    Ok(if takes_over { Rotation::Done } else { Rotation::TooEarly })
}

/// Takes a key out of service at once: what it signed counts no more, and another takes over. `false`
/// when there is no such key, or it was revoked or removed before.
///
/// # Errors
/// [`ServiceError`] when the database does not answer, or no key can be made in its place.
pub async fn revoke(
    ctx: &Arc<Context>,
    kid: &str,
    actor: Actor,
    origin: &Origin,
) -> Result<bool, ServiceError> {
    let records = keys::records(ctx).await?;
    let Some(record) = records.into_iter().find(|record| record.kid.as_str() == kid) else {
        return Ok(false);
    };
    let event = event(ctx, &actor, Action::KeyRevoked, &record.kid, origin);
    let now = ctx.now();
    let revoked = ctx
        .db
        .write(move |tx| {
            Box::pin(async move { advance(tx, record, KeyState::Revoked, now, event).await })
        })
        .await?;
    rotate_due(ctx, origin).await?;
    changes::follow(ctx).await?;
    Ok(revoked)
}

/// Every step in one transaction; new keys are made before it, since that takes a while.
async fn carry_out(
    ctx: &Arc<Context>,
    steps: Vec<KeyStep>,
    actor: Actor,
    origin: &Origin,
) -> Result<(), ServiceError> {
    let records = keys::records(ctx).await?;
    let mut work = Vec::with_capacity(steps.len());
    for step in steps {
        let (kid, next, action) = match step {
            KeyStep::Create(alg, first) => {
                let key = generate(ctx, alg, first).await?;
                let event = event(ctx, &actor, Action::KeyCreated, &key.record.kid, origin);
                work.push((Work::Insert(key), event));
                continue;
            }
            KeyStep::Activate(kid) => (kid, KeyState::Active, Action::KeyActivated),
            KeyStep::Retire(kid) => (kid, KeyState::Retiring, Action::KeyRetired),
            KeyStep::Remove(kid) => (kid, KeyState::Removed, Action::KeyRemoved),
        };
        let event = event(ctx, &actor, action, &kid, origin);
        if let Some(record) = records.iter().find(|record| record.kid == kid) {
            work.push((Work::Advance(record.clone(), next), event));
        }
    }
    let now = ctx.now();
    let done = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                for (work, event) in work {
                    match work {
                        Work::Insert(key) => {
                            store::signing_key::insert(tx, &key).await?;
                            store::audit_event::append(tx, event);
                        }
                        Work::Advance(record, next) => {
                            advance(tx, record, next, now, event).await?;
                        }
                    }
                }
                Ok::<(), StoreError>(())
            })
        })
        .await;
    match done {
        // Another node was quicker to make the same key active.
        Ok(()) | Err(StoreError::Conflict(_)) => changes::follow(ctx).await,
        Err(error) => Err(error.into()),
    }
}

/// What one step writes.
enum Work {
    Insert(StoredKey),
    Advance(KeyRecord, KeyState),
}

/// Moves a key on, if it still is where it was seen; `false` if it is not.
async fn advance(
    tx: &mut Tx<'_>,
    mut record: KeyRecord,
    next: KeyState,
    now: Timestamp,
    event: AuditEvent,
) -> Result<bool, StoreError> {
    let from = record.state;
    if !record.advance(next, now) || !store::signing_key::advance(tx, &record, from, now).await? {
        return Ok(false);
    }
    store::audit_event::append(tx, event);
    Ok(true)
}

/// A new key, its private half sealed for its row. Generation runs where waiting is allowed.
async fn generate(
    ctx: &Context,
    alg: SigningAlg,
    first: FirstState,
) -> Result<StoredKey, ServiceError> {
    let generated = tokio::task::spawn_blocking(move || SigningKey::generate(alg))
        .await
        .map_err(ServiceError::internal)?
        .map_err(ServiceError::internal)?;
    let public = generated.key.public_jwk().clone();
    let record = KeyRecord::new(public, alg, first, ctx.now());
    let aad = keys::cell(&record.kid).aad();
    let sealed_private =
        ctx.vault.signing_keys.seal(ctx.random(), &aad, generated.pkcs8.expose().as_slice());
    Ok(StoredKey { record, sealed_private })
}

fn event(ctx: &Context, actor: &Actor, action: Action, kid: &Kid, origin: &Origin) -> AuditEvent {
    let object = Object::SigningKey(kid.to_string());
    ctx.event(actor.clone(), action, object, Outcome::Success, origin)
}
