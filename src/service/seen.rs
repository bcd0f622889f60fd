//! When sessions and API keys were used last, written behind: gathered in memory and written in batches by a background job.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use super::{Context, ServiceError};
use crate::{
    store::{self, StoreError, session::SessionTouch},
    types::{ApiKeyId, SessionId, Timestamp},
};

/// The most sessions, and the most keys, that are held between two batches; what does not fit is noted at its next use.
const CAPACITY: usize = 10_000;

/// Uses of sessions and API keys that are still to be written.
#[derive(Debug, Default)]
pub struct Seen {
    sessions: Mutex<HashMap<SessionId, SessionTouch>>,
    api_keys: Mutex<HashMap<ApiKeyId, Timestamp>>,
}

impl Seen {
    /// Notes the use of a session.
    pub fn note(&self, touch: SessionTouch) {
        let mut waiting = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < CAPACITY {
            waiting.insert(touch.id, touch);
        }
    }

    /// Notes the use of an API key.
    pub fn note_key(&self, id: ApiKeyId, at: Timestamp) {
        let mut waiting = self.api_keys.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < CAPACITY || waiting.contains_key(&id) {
            waiting.insert(id, at);
        }
    }

    fn take(&self) -> (Vec<SessionTouch>, Vec<(ApiKeyId, Timestamp)>) {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let mut api_keys = self.api_keys.lock().unwrap_or_else(PoisonError::into_inner);
        (sessions.drain().map(|(_, touch)| touch).collect(), api_keys.drain().collect())
    }
}

/// Writes what was noted.
///
/// # Errors
/// [`ServiceError::Unavailable`] when the database does not answer; the uses are then forgotten, and
/// noted again when they go on.
pub async fn flush(ctx: &Context) -> Result<(), ServiceError> {
    let (touches, keys) = ctx.seen.take();
    if touches.is_empty() && keys.is_empty() {
        return Ok(());
    }
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                store::session::touch(tx, &touches).await?;
                store::api_key::touch(tx, &keys).await?;
                Ok::<(), StoreError>(())
            })
        })
        .await?;
    Ok(())
}
