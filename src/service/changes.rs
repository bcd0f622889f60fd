//! Following the change log: how a node hears of what was changed elsewhere.

use std::time::Duration;

use super::{Context, ServiceError};
use crate::{store, types::change::Change};

/// Changes that are read at once.
const BATCH: u32 = 500;

/// Reads the change log to its end and drops from memory what it names.
///
/// Called four times a second by the background job, when another node has told of a change ([`listen`]),
/// and by every verb that takes something away
/// before it answers, so that this node never contradicts its own answer.
///
/// # Errors
/// [`ServiceError::Unavailable`] when the log cannot be read; memory is then believed no longer than
/// a second.
pub async fn follow(ctx: &Context) -> Result<(), ServiceError> {
    loop {
        let uptime = ctx.clock.uptime();
        let from = ctx.caches.followed_to();
        let entries =
            store::change_log::tail(&mut ctx.db.reader().await?.conn(), from, BATCH).await?;
        let first = entries.first().map_or(from, |(seq, _)| *seq);
        let last = entries.last().map_or(from, |(seq, _)| *seq);
        let is_end = entries.len() < BATCH as usize;
        // Entries were deleted before this node read them: it was asleep for a very long time, or
        // a backup was restored, and the numbers that this node knew were left out.
        let is_gap = first > from.saturating_add(1);
        if is_gap {
            ctx.caches.forget_all();
        }
        let changes: Vec<Change> = entries.into_iter().map(|(_, change)| change).collect();
        // First what ends tokens: a key may not open.
        let is_epoch = is_gap || changes.contains(&Change::Epoch);
        if is_epoch {
            super::epoch::reload(ctx).await?;
        }
        if is_epoch || changes.contains(&Change::SigningKeys) {
            super::keys::reload(ctx).await?;
        }
        ctx.caches.follow(&changes, last, uptime);
        if is_end {
            return Ok(());
        }
    }
}

/// How long a node that cannot listen waits before it tries again; it looks at the log all the same.
const LISTEN_AGAIN: Duration = Duration::from_secs(1);

/// Follows the change log whenever another node tells that it has grown: at once, where the next look would
/// come a quarter of a second later. Nothing depends on it: a node that hears nothing still looks.
///
/// For ever on PostgreSQL; returns at once on SQLite, where nobody tells.
pub async fn listen(ctx: &Context) {
    while let Err(error) = listen_while_possible(ctx).await {
        tracing::warn!(job = "listen", %error, "a background job failed and is tried again");
        tokio::time::sleep(LISTEN_AGAIN).await;
    }
}

async fn listen_while_possible(ctx: &Context) -> Result<(), ServiceError> {
    let Some(mut wake) = store::Wake::listen(&ctx.db).await? else { return Ok(()) };
    loop {
        follow(ctx).await?;
        wake.wait().await?;
    }
}
