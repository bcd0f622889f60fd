//! Connections to a PostgreSQL server. They are opened when they are needed and kept.
//!
//! The pool of sqlx asks the server whether a connection is well each time one is given back, which costs a
//! round trip and a task: as much as the statement before it. Here it is asked only where there is doubt: when
//! it was given back in the middle of a statement, since a request was given up, or after a failure. One that
//! comes back in the middle of a transaction is closed. Everything else is well until proven otherwise.

use std::{
    io::ErrorKind,
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sqlx::{Connection, Executor, PgConnection, error::DatabaseError, postgres::PgConnectOptions};
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use super::run::in_time;
use crate::store::StoreError;

/// A connection that nobody used for so long is opened anew: something between may have forgotten it.
const STALE: Duration = Duration::from_mins(5);

/// How long a server that does not answer yet is left alone.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// The connections to one server. Clones share them.
#[derive(Clone)]
pub struct Links(Arc<Shared>);

struct Shared {
    options: PgConnectOptions,
    /// How many there are at most.
    most: u32,
    /// How long a caller waits for a connection.
    patience: Duration,
    places: Arc<Semaphore>,
    idle: Mutex<Vec<(PgConnection, Instant)>>,
}

impl std::fmt::Debug for Links {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Links").field("free", &self.0.places.available_permits()).finish()
    }
}

impl Links {
    /// At most `most` at a time; none is opened yet.
    pub(super) fn new(options: PgConnectOptions, most: u32, patience: Duration) -> Self {
        let most = most.max(1);
        let places = Arc::new(Semaphore::new(usize::try_from(most).unwrap_or(1)));
        Self(Arc::new(Shared { options, most, patience, places, idle: Mutex::default() }))
    }

    /// How each connection is opened.
    pub(super) fn options(&self) -> &PgConnectOptions {
        &self.0.options
    }

    /// Takes a connection, or opens one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when none is free in time, the server cannot be reached, or the
    /// database is closed.
    pub(super) async fn acquire(&self) -> Result<Link, StoreError> {
        let patience = self.0.patience;
        let acquired = tokio::time::timeout(patience, async {
            let place = Arc::clone(&self.0.places).acquire_owned().await.map_err(|_| closed())?;
            let conn = match self.idle_one() {
                Some(conn) => conn,
                None => self.open().await?,
            };
            let (conn, place) = (Some(conn), Some(place));
            Ok(Link { conn, state: State::Idle, links: self.clone(), place })
        });
        let late = || StoreError::Unavailable("no connection was free in time".to_owned());
        acquired.await.unwrap_or_else(|_| Err(late()))
    }

    /// A new connection. A server that is just being started is asked again.
    async fn open(&self) -> Result<PgConnection, StoreError> {
        loop {
            match PgConnection::connect_with(&self.0.options).await {
                Ok(conn) => return Ok(conn),
                Err(error) if is_starting(&error) => tokio::time::sleep(ASK_AGAIN).await,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The connection that was used last, unless that is too long ago.
    fn idle_one(&self) -> Option<PgConnection> {
        let (conn, since) = self.idle().pop()?;
        if since.elapsed() < STALE {
            return Some(conn);
        }
        // The others lie here longer still.
        self.idle().clear();
        None
    }

    /// Waits until every connection is given back, and closes them; none is to be had any more.
    pub(super) async fn close(&self) {
        // An error says that it was closed before.
        let all = self.0.places.acquire_many(self.0.most).await;
        self.0.places.close();
        drop(all);
        let idle = std::mem::take(&mut *self.idle());
        for (conn, _) in idle {
            // There is nothing left to do for a connection that cannot even be closed.
            conn.close().await.ok();
        }
    }

    /// Takes a connection back.
    fn keep(&self, conn: PgConnection, place: OwnedSemaphorePermit) {
        if !self.0.places.is_closed() {
            self.idle().push((conn, Instant::now()));
        }
        // Only now, so that whoever gets the place finds the connection.
        drop(place);
    }

    /// Takes a connection back if it answers: what it was asked before is over then.
    async fn keep_if_well(self, mut conn: PgConnection, place: OwnedSemaphorePermit) {
        if let Ok(Ok(())) = tokio::time::timeout(self.0.patience, conn.ping()).await {
            self.keep(conn, place);
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<(PgConnection, Instant)>> {
        // Nothing that could panic runs while the list is held.
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether nobody listens yet, or the server says that it is starting up (SQLSTATE 57P03).
fn is_starting(error: &sqlx::Error) -> bool {
    if let sqlx::Error::Io(error) = error {
        return error.kind() == ErrorKind::ConnectionRefused;
    }
    let refusal = error.as_database_error();
    refusal.and_then(DatabaseError::code).is_some_and(|code| code == "57P03")
}

fn closed() -> StoreError {
    StoreError::Unavailable("the database is closed".to_owned())
}

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing: the next one can have it.
    Idle,
    /// A statement by itself, or what is left of one that failed.
    Statement,
    /// A transaction, or what is left of one.
    Transaction,
}

/// A connection, given back when it is dropped.
#[derive(Debug)]
pub struct Link {
    /// Taken when this is dropped.
    conn: Option<PgConnection>,
    state: State,
    links: Links,
    /// Taken when this is dropped.
    place: Option<OwnedSemaphorePermit>,
}

impl Link {
    /// A statement is sent.
    pub(super) fn begin_statement(&mut self) {
        if self.state == State::Idle {
            self.state = State::Statement;
        }
    }

    /// The answer has come. Whatever is wrong with the server or the way to it may come again.
    pub(super) fn end_statement(&mut self, failure: Option<&StoreError>) {
        let is_well = !matches!(failure, Some(StoreError::Unavailable(_)));
        if self.state == State::Statement && is_well {
            self.state = State::Idle;
        }
    }

    /// Begins a transaction, under READ COMMITTED.
    pub(super) async fn begin(&mut self) -> Result<(), StoreError> {
        self.state = State::Transaction;
        in_time(self.execute("BEGIN")).await?;
        Ok(())
    }

    /// Ends the transaction.
    pub(super) async fn end(&mut self, how: End) -> Result<(), StoreError> {
        let sql = match how {
            End::Commit => "COMMIT",
            End::Rollback => "ROLLBACK",
        };
        in_time(self.execute(sql)).await?;
        self.state = State::Idle;
        Ok(())
    }
}

/// How a transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// What it wrote stands.
    Commit,
    /// It wrote nothing.
    Rollback,
}

impl Deref for Link {
    type Target = PgConnection;

    #[expect(clippy::expect_used, reason = "only `drop` takes it")]
    fn deref(&self) -> &PgConnection {
        self.conn.as_ref().expect("the connection is here until this is dropped")
    }
}

impl DerefMut for Link {
    #[expect(clippy::expect_used, reason = "only `drop` takes it")]
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.conn.as_mut().expect("the connection is here until this is dropped")
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let (Some(conn), Some(place)) = (self.conn.take(), self.place.take()) else { return };
        match (self.state, Handle::try_current()) {
            (State::Idle, _) => self.links.keep(conn, place),
            (State::Statement, Ok(runtime)) => {
                let doubtful = self.links.clone().keep_if_well(conn, place);
                drop(runtime.spawn(doubtful));
            }
            // Without a transaction that ended, and without a way to ask, there is no telling.
            (State::Transaction, _) | (State::Statement, Err(_)) => {}
        }
    }
}
