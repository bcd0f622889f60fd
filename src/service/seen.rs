//! "Last used", written behind: gathered in memory and written in batches by a background job.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use super::{Context, ServiceError};
use crate::{
    store::{self, StoreError, session::SessionTouch},
    types::SessionId,
};

/// The most sessions that are held between two batches; what does not fit is noted at its next use.
const CAPACITY: usize = 10_000;

/// Uses of sessions that are still to be written.
#[derive(Debug, Default)]
pub struct Seen(Mutex<HashMap<SessionId, SessionTouch>>);

impl Seen {
    /// Notes a use.
    pub fn note(&self, touch: SessionTouch) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < CAPACITY {
            waiting.insert(touch.id, touch);
        }
    }

    fn take(&self) -> Vec<SessionTouch> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.drain().map(|(_, touch)| touch).collect()
    }
}

/// Writes what was noted.
///
/// # Errors
/// [`ServiceError::Unavailable`] when the database does not answer; the uses are then forgotten, and
/// noted again when they go on.
pub async fn flush(ctx: &Context) -> Result<(), ServiceError> {
    let touches = ctx.seen.take();
    if touches.is_empty() {
        return Ok(());
    }
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                store::session::touch(tx, &touches).await?;
                Ok::<(), StoreError>(())
            })
        })
        .await?;
    Ok(())
}
