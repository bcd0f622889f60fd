//! What the server does on its own: follows the change log, rotates keys, writes what it gathered,
//! deletes what has expired. Correctness never depends on when.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{sync::watch, task::JoinSet};

use super::{Context, ServiceError, changes, key_rotation, seen, start::FOLLOW_EVERY};
use crate::{store::expiry, types::origin::Origin};

const ROTATE_EVERY: Duration = Duration::from_mins(1);
const FLUSH_EVERY: Duration = Duration::from_secs(10);
const SWEEP_EVERY: Duration = Duration::from_mins(1);
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
        tasks.spawn(listen(stopped.clone(), Arc::clone(ctx)));
        tasks.spawn(every(ROTATE_EVERY, "rotate", stopped.clone(), Arc::clone(ctx), |ctx| {
            Box::pin(async move {
                key_rotation::rotate_due(&ctx, &Origin::command_line("rotation".to_owned())).await
            })
        }));
        tasks.spawn(every(FLUSH_EVERY, "flush", stopped.clone(), Arc::clone(ctx), |ctx| {
            Box::pin(async move { seen::flush(&ctx).await })
        }));
        tasks.spawn(every(SWEEP_EVERY, "sweep", stopped, Arc::clone(ctx), |ctx| {
            Box::pin(async move { sweep(&ctx).await })
        }));
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

/// Listens until it is told to stop.
async fn listen(mut stopped: watch::Receiver<bool>, ctx: Arc<Context>) {
    tokio::select! {
        _ = stopped.changed() => {}
        () = changes::listen(&ctx) => {}
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
