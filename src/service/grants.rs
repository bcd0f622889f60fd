//! Grants as an administrator sees them.

use std::sync::Arc;

use super::{Context, ServiceError, changes};
use crate::{
    protocol::grant::{Grant, RevocationReason},
    store::{self, StoreError},
    types::{
        GrantId, UserId,
        audit::{Action, Actor, AuditEvent, Object, Outcome},
        origin::Origin,
    },
};

/// The most grants that one call of [`list`] returns.
pub const MAX_PAGE: u32 = 500;

/// At most `limit` (and [`MAX_PAGE`]) grants that were not revoked, of everybody or of one user, in the
/// order of their ids from the first one after `after`.
///
/// # Errors
/// [`ServiceError`] when the database does not answer.
pub async fn list(
    ctx: &Context,
    user: Option<UserId>,
    after: Option<GrantId>,
    limit: u32,
) -> Result<Vec<Grant>, ServiceError> {
    let mut reader = ctx.db.reader().await?;
    Ok(store::grant::page(&mut reader.conn(), user, after, limit.min(MAX_PAGE)).await?)
}

/// Revokes a grant with every token under it; `false` when there is none, or it was revoked before.
///
/// # Errors
/// [`ServiceError`] when the database does not answer.
pub async fn revoke(
    ctx: &Arc<Context>,
    id: GrantId,
    actor: Actor,
    origin: &Origin,
) -> Result<bool, ServiceError> {
    let event = ctx.event(actor, Action::GrantRevoked, Object::Grant(id), Outcome::Success, origin);
    revoke_for(ctx, id, RevocationReason::Operator, event).await
}

/// Revokes a grant for a reason, and writes the event if it was revoked now.
pub(super) async fn revoke_for(
    ctx: &Context,
    id: GrantId,
    reason: RevocationReason,
    event: AuditEvent,
) -> Result<bool, ServiceError> {
    let now = ctx.now();
    let revoked = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                let revoked = store::grant::revoke(tx, id, reason, now).await?;
                if revoked {
                    store::audit_event::append(tx, event);
                }
                Ok::<bool, StoreError>(revoked)
            })
        })
        .await?;
    changes::follow(ctx).await?;
    Ok(revoked)
}
