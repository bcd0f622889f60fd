//! What the server does on its own: follows the change log, rotates keys, writes what it gathered,
//! deletes what has expired. Correctness never depends on when.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{sync::watch, task::JoinSet};

use super::{Context, ServiceError, changes, key_rotation, seen, start::FOLLOW_EVERY};
use crate::{
    store::expiry::{self, Walked},
    types::origin::Origin,
};

const ROTATE_EVERY: Duration = Duration::from_mins(1);
const FLUSH_EVERY: Duration = Duration::from_secs(10);
const SWEEP_EVERY: Duration = Duration::from_mins(1);
/// A walk through all refresh token families and grants, of which most are alive.
const WALK_EVERY: Duration = Duration::from_hours(1);
/// Between two batches of one sweep, so that others get at the database.
const SWEEP_PAUSE: Duration = Duration::from_millis(100);

/// The jobs in progress.
#[derive(Debug)]
pub struct Jobs {
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
    ctx: Arc<Context>,
}

impl Jobs {
    /// Starts every job.
    #[must_use]
    pub fn start(ctx: &Arc<Context>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(every(FOLLOW_EVERY, "follow", stopped.clone(), Arc::clone(ctx), |ctx| {
            Box::pin(async move { changes::follow(&ctx).await })
        }));
        let listener = Arc::clone(ctx);
        let listen = async move { changes::listen(&listener).await };
        tasks.spawn(until_stopped(stopped.clone(), listen));
        tasks.spawn(every(ROTATE_EVERY, "rotate", stopped.clone(), Arc::clone(ctx), |ctx| {
            Box::pin(async move {
                key_rotation::rotate_due(&ctx, &Origin::command_line("rotation".to_owned())).await
            })
        }));
        tasks.spawn(every(FLUSH_EVERY, "flush", stopped.clone(), Arc::clone(ctx), |ctx| {
            Box::pin(async move { seen::flush(&ctx).await })
        }));
        tasks.spawn(every(SWEEP_EVERY, "sweep", stopped.clone(), Arc::clone(ctx), |ctx| {
            Box::pin(async move { sweep(&ctx).await })
        }));
        // It may take minutes, and nothing is lost when it breaks off.
        let walk = every(WALK_EVERY, "walk", stopped.clone(), Arc::clone(ctx), |ctx| {
            Box::pin(async move { walk(&ctx).await })
        });
        tasks.spawn(until_stopped(stopped, walk));
        Self { tasks, stop, ctx: Arc::clone(ctx) }
    }

    /// Ends every job after what it is doing, and writes what was gathered.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
        if let Err(error) = seen::flush(&self.ctx).await {
            tracing::warn!(%error, "the last uses of sessions and API keys were not written");
        }
    }
}

/// Does `work` until it is told to stop.
async fn until_stopped(mut stopped: watch::Receiver<bool>, work: impl Future<Output = ()>) {
    tokio::select! {
        _ = stopped.changed() => {}
        () = work => {}
    }
}

type Work = std::pin::Pin<Box<dyn Future<Output = Result<(), ServiceError>> + Send>>;

/// Runs `work` again and again; a failure is logged, and tried again at the next turn.
async fn every(
    interval: Duration,
    job: &'static str,
    mut stopped: watch::Receiver<bool>,
    ctx: Arc<Context>,
    work: fn(Arc<Context>) -> Work,
) {
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = work(Arc::clone(&ctx)).await {
            tracing::warn!(job, %error, "a background job failed and is tried again");
        }
    }
}

/// Deletes what has expired, in small batches.
///
/// # Errors
/// [`ServiceError::Unavailable`] when the database does not answer.
pub async fn sweep(ctx: &Context) -> Result<(), ServiceError> {
    loop {
        let swept = expiry::sweep(&ctx.db, ctx.now(), &ctx.policy.retention).await?;
        if !swept.again() {
            return Ok(());
        }
        tokio::time::sleep(SWEEP_PAUSE).await;
    }
}

/// Deletes the refresh token families that have come to their end or that nobody has used for too long, and
/// the grants from which nothing hangs any more, in small batches.
///
/// # Errors
/// [`ServiceError::Unavailable`] when the database does not answer.
pub async fn walk(ctx: &Context) -> Result<(), ServiceError> {
    let families = walk_through(ctx, Walked::RefreshFamilies).await;
    let grants = walk_through(ctx, Walked::Grants).await;
    families.and(grants)
}

async fn walk_through(ctx: &Context, through: Walked) -> Result<(), ServiceError> {
    let mut last = None;
    loop {
        last = expiry::walk(&ctx.db, through, last, ctx.now(), &ctx.policy.retention).await?;
        if last.is_none() {
            return Ok(());
        }
        tokio::time::sleep(SWEEP_PAUSE).await;
    }
}
