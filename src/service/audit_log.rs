//! The audit log as an auditor reads it: events by filter, and whether the chain holds.

use super::{
    Context, ServiceError,
    rates::{Limit, Limited},
};
use crate::{
    store::{self, StoreError},
    types::{
        audit::{Action, Actor, AuditEvent, Object, Outcome},
        origin::Origin,
    },
};

pub use crate::store::audit_event::{AuditFilter, AuditRecord, ChainCheck};

/// The most events that one call returns.
pub const MAX_PAGE: u32 = 1_000;

/// How many events a step backwards looks at.
const WINDOW: i64 = 2_000;

/// Writes an event that goes with no other change.
///
/// # Errors
/// [`ServiceError`] when the database does not write it.
pub async fn append(ctx: &Context, event: AuditEvent) -> Result<(), ServiceError> {
    let written = ctx.db.write(move |tx| {
        Box::pin(async move {
            store::audit_event::append(tx, event);
            Ok::<(), StoreError>(())
        })
    });
    Ok(written.await?)
}

/// Writes that a limit was reached, if that is news: whose limit it is, and from where it was reached. What
/// the database does not write is news again the next time: whoever must wait does so all the same.
pub(super) async fn tell_of_limit(
    ctx: &Context,
    action: Action,
    limited: &Limited,
    origin: &Origin,
) {
    if !limited.is_news {
        return;
    }
    let whose = match limited.limit {
        Limit::Network => "network",
        Limit::Everybody => "everybody",
    };
    let mut event = ctx.event(Actor::Anonymous, action, Object::Server, Outcome::Refused, origin);
    event.detail.insert("limit".to_owned(), whose.into());
    if let Err(error) = append(ctx, event).await {
        ctx.rates.untold(limited);
        tracing::warn!(%error, "a limit was reached, which is not in the audit log");
    }
}

/// At most `limit` (and [`MAX_PAGE`]) events that fit the filter, after the one numbered `after`,
/// oldest first.
///
/// # Errors
/// [`ServiceError`] when the database does not answer.
pub async fn list(
    ctx: &Context,
    filter: &AuditFilter,
    after: i64,
    limit: u32,
) -> Result<Vec<AuditRecord>, ServiceError> {
    let mut reader = ctx.db.reader().await?;
    let limit = limit.min(MAX_PAGE);
    Ok(store::audit_event::list(&mut reader.conn(), filter, after, limit).await?)
}

/// The newest events that fit the filter, at most `limit` (and [`MAX_PAGE`]), oldest first.
///
/// # Errors
/// [`ServiceError`] when the database does not answer.
pub async fn latest(
    ctx: &Context,
    filter: &AuditFilter,
    limit: u32,
) -> Result<Vec<AuditRecord>, ServiceError> {
    let mut reader = ctx.db.reader().await?;
    let wanted = usize::try_from(limit.min(MAX_PAGE)).unwrap_or(usize::MAX);
    let mut before = store::audit_event::head(&mut reader.conn()).await?.saturating_add(1);
    let mut found = Vec::new();
    while before > 1 && found.len() < wanted {
        let after = (before - 1 - WINDOW).max(0);
        let window = u32::try_from(before - after).unwrap_or(u32::MAX);
        let rows = store::audit_event::list(&mut reader.conn(), filter, after, window).await?;
        let mut older: Vec<_> = rows.into_iter().filter(|record| record.seq < before).collect();
        older.append(&mut found);
        found = older;
        before = after + 1;
    }
    let surplus = found.len().saturating_sub(wanted);
    Ok(found.split_off(surplus))
}

/// Checks that no event is missing and that each is as it was written.
///
/// # Errors
/// [`ServiceError`] when the database does not answer.
pub async fn verify(ctx: &Context) -> Result<ChainCheck, ServiceError> {
    Ok(store::audit_event::verify(&ctx.db).await?)
}
