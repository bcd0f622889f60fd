//! Connections to a PostgreSQL server. They are opened when they are needed and kept in a pool.
//!
//! The pool of sqlx asks the server whether a connection is well each time one is given back, which costs a
//! round trip and a task: as much as the statement before it. Here it is asked only where there is doubt: when
//! it was given back in the middle of a statement, since a request was given up, or after a failure. One that
//! comes back in the middle of a transaction is closed. Everything else is well until proven otherwise.

use std::{
    io::ErrorKind,
    ops::{Deref, DerefMut},
    time::Duration,
};

use deadpool::{
    Runtime,
    managed::{Manager, Metrics, Object, Pool, PoolError, QueueMode, RecycleError, RecycleResult},
};
use sqlx::{Connection, Executor, PgConnection, error::DatabaseError, postgres::PgConnectOptions};
use tokio_util::task::TaskTracker;

use super::run::in_time;
use crate::store::StoreError;

/// A connection that nobody used for so long is opened anew: something between may have forgotten it.
const STALE: Duration = Duration::from_mins(5);

/// How long a server that does not answer yet is left alone.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// The connections to one server. Clones share them.
#[derive(Debug, Clone)]
pub struct Links {
    pool: Pool<Server>,
    /// How long a caller waits for a connection.
    patience: Duration,
    /// Writes whose callers may have gone.
    writes: TaskTracker,
}

/// How connections are opened, and looked at before they are used again.
#[derive(Debug)]
struct Server(PgConnectOptions);

/// A connection, and what it is doing.
#[derive(Debug)]
struct Kept {
    conn: PgConnection,
    state: State,
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

impl Links {
    /// At most `most` at a time; none is opened yet.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the pool cannot be made.
    pub(super) fn new(
        options: PgConnectOptions,
        most: u32,
        patience: Duration,
    ) -> Result<Self, StoreError> {
        let builder = Pool::builder(Server(options))
            .max_size(usize::try_from(most.max(1)).unwrap_or(1))
            // Those that are used last are the warm ones; the others grow stale.
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .recycle_timeout(Some(patience));
        let pool = builder.build().map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(Self { pool, patience, writes: TaskTracker::new() })
    }

    /// How each connection is opened.
    pub(super) fn options(&self) -> &PgConnectOptions {
        &self.pool.manager().0
    }

    /// Takes a connection, or opens one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when none is free in time, the server cannot be reached, or the
    /// database is closed.
    pub(super) async fn acquire(&self) -> Result<Link, StoreError> {
        let late = || StoreError::Unavailable("no connection was free in time".to_owned());
        match tokio::time::timeout(self.patience, self.pool.get()).await {
            Ok(Ok(kept)) => Ok(Link(Some(kept))),
            Ok(Err(PoolError::Backend(error))) => Err(error),
            Ok(Err(PoolError::Closed)) => {
                Err(StoreError::Unavailable("the database is closed".to_owned()))
            }
            Ok(Err(error)) => Err(StoreError::Unavailable(error.to_string())),
            Err(_) => Err(late()),
        }
    }

    /// The writes that outlive their callers.
    pub(super) const fn writes(&self) -> &TaskTracker {
        &self.writes
    }

    /// Waits until the writes that have begun are done, and closes every connection; none is to be had any
    /// more.
    pub(super) async fn close(&self) {
        self.writes.close();
        self.writes.wait().await;
        self.pool.close();
    }
}

impl Manager for Server {
    type Type = Kept;
    type Error = StoreError;

    /// A new connection. A server that is just being started is asked again.
    async fn create(&self) -> Result<Kept, StoreError> {
        loop {
            // On the heap: whoever waits for a connection would else be as large as the making of one.
            match Box::pin(PgConnection::connect_with(&self.0)).await {
                Ok(mut conn) => {
                    Box::pin(refuse_standby(&mut conn)).await?;
                    return Ok(Kept { conn, state: State::Idle });
                }
                Err(error) if is_starting(&error) => tokio::time::sleep(ASK_AGAIN).await,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Whether a connection is used again. One in doubt is, if it answers: what it was asked before is over
    /// then.
    async fn recycle(&self, kept: &mut Kept, metrics: &Metrics) -> RecycleResult<StoreError> {
        if metrics.last_used() >= STALE {
            return Err(RecycleError::message("nobody used it for long"));
        }
        match kept.state {
            State::Idle => Ok(()),
            State::Statement => {
                Box::pin(kept.conn.ping()).await.map_err(StoreError::from)?;
                kept.state = State::Idle;
                Ok(())
            }
            State::Transaction => Err(RecycleError::message("its transaction did not end")),
        }
    }
}

/// A standby is behind: it would call a token active that was revoked, and takes no write. Whoever is
/// one tells so to each new connection; one that becomes one closes those that it has.
async fn refuse_standby(conn: &mut PgConnection) -> Result<(), StoreError> {
    let asked = sqlx::query_scalar("SHOW transaction_read_only").persistent(false);
    let reads_only: String = in_time(asked.fetch_one(conn)).await?;
    match reads_only.as_str() {
        "off" => Ok(()),
        _ => Err(StoreError::Unavailable(
            "the server is a standby, which only reads; the address must lead to the primary"
                .to_owned(),
        )),
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

/// A connection, given back when it is dropped.
#[derive(Debug)]
pub struct Link(
    /// Taken when this is dropped.
    Option<Object<Server>>,
);

impl Link {
    /// A statement is sent.
    pub(super) fn begin_statement(&mut self) {
        let kept = self.kept();
        if kept.state == State::Idle {
            kept.state = State::Statement;
        }
    }

    /// The answer has come. Whatever is wrong with the server or the way to it may come again.
    pub(super) fn end_statement(&mut self, failure: Option<&StoreError>) {
        let is_well = !matches!(failure, Some(StoreError::Unavailable(_)));
        let kept = self.kept();
        if kept.state == State::Statement && is_well {
            kept.state = State::Idle;
        }
    }

    /// Begins a transaction, under READ COMMITTED.
    pub(super) async fn begin(&mut self) -> Result<(), StoreError> {
        self.kept().state = State::Transaction;
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
        self.kept().state = State::Idle;
        Ok(())
    }

    #[expect(clippy::expect_used, reason = "only `drop` takes it")]
    fn kept(&mut self) -> &mut Kept {
        self.0.as_mut().expect("the connection is here until this is dropped")
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
        &self.0.as_ref().expect("the connection is here until this is dropped").conn
    }
}

impl DerefMut for Link {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.kept().conn
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let Some(kept) = self.0.take() else { return };
        match kept.state {
            State::Idle | State::Statement => drop(kept),
            // What it locked is free at once.
            State::Transaction => drop(Object::take(kept)),
        }
    }
}
