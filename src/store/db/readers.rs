//! Connections that read a SQLite file side by side. They are opened when they are needed and kept.
//!
//! They answer in the thread that asks, without waiting: with a write-ahead log no reader waits for
//! the writer.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::store::StoreError;

/// Opens one more connection.
type Open = dyn Fn() -> Result<Connection, StoreError> + Send + Sync;

/// The connections that read. Clones share them.
#[derive(Clone)]
pub struct Readers(Arc<Shared>);

struct Shared {
    open: Box<Open>,
    /// How long a caller waits for a connection.
    patience: Duration,
    places: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

impl std::fmt::Debug for Readers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Readers").field("free", &self.0.places.available_permits()).finish()
    }
}

impl Readers {
    /// At most `connections` at a time; none is opened yet.
    pub(super) fn new(
        connections: u32,
        patience: Duration,
        open: impl Fn() -> Result<Connection, StoreError> + Send + Sync + 'static,
    ) -> Self {
        let places = Arc::new(Semaphore::new(usize::try_from(connections).unwrap_or(1).max(1)));
        Self(Arc::new(Shared { open: Box::new(open), patience, places, idle: Mutex::default() }))
    }

    /// Takes a connection, or opens one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when none is free in time, or the database is closed.
    pub(super) async fn acquire(&self) -> Result<SqliteReader, StoreError> {
        let place = self.place().await?;
        let idle = self.idle().pop();
        let conn = match idle {
            Some(conn) => conn,
            None => (self.0.open)()?,
        };
        Ok(SqliteReader { conn: Some(conn), readers: self.clone(), _place: place })
    }

    async fn place(&self) -> Result<OwnedSemaphorePermit, StoreError> {
        if let Ok(place) = self.0.places.clone().try_acquire_owned() {
            return Ok(place);
        }
        match tokio::time::timeout(self.0.patience, self.0.places.clone().acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) => Err(StoreError::Unavailable("the database is closed".to_owned())),
            Err(_) => Err(StoreError::Unavailable("no connection was free in time".to_owned())),
        }
    }

    /// Closes what is idle; what is in use closes when it comes back.
    pub(super) fn close(&self) {
        self.0.places.close();
        self.idle().clear();
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        // Nothing that could panic runs while the list is held.
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that reads, given back when it is dropped.
#[derive(Debug)]
pub struct SqliteReader {
    /// Taken when this is dropped.
    conn: Option<Connection>,
    readers: Readers,
    _place: OwnedSemaphorePermit,
}

impl SqliteReader {
    /// The connection itself.
    #[expect(clippy::expect_used, reason = "only `drop` takes it")]
    pub(super) fn conn(&mut self) -> &mut Connection {
        self.conn.as_mut().expect("the connection is here until this is dropped")
    }
}

impl Drop for SqliteReader {
    fn drop(&mut self) {
        if self.readers.0.places.is_closed() {
            return;
        }
        // It comes back before its place is free, so whoever gets the place finds it.
        self.readers.idle().extend(self.conn.take());
    }
}
