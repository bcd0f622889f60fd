//! Opening a database: its options, its pools, its tables.

use std::{str::FromStr, time::Duration};

use sqlx::{
    Connection, PgPool, SqliteConnection, SqlitePool,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{Db, tables, writer::Queue};
use crate::store::StoreError;

/// Statements that stay prepared on a connection: more than there are.
const STATEMENT_CACHE: usize = 1024;

/// The write-ahead log is cut back to this many bytes after a checkpoint.
const WAL_BYTES: &str = "67108864";

/// Which database, and how.
#[derive(Debug, Clone)]
pub struct StorageOptions {
    /// `sqlite://path/to/file`, made when it is missing, or `postgres://…`.
    pub url: String,
    /// How many connections read the SQLite file at a time.
    pub read_connections: u32,
    /// How many connections are open to PostgreSQL at most.
    pub max_connections: u32,
    /// How long a statement waits for a lock, and a caller for a connection.
    pub busy_timeout: Duration,
    /// What an acknowledged write survives.
    pub durability: Durability,
}

impl StorageOptions {
    /// The usual options for `url`.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            read_connections: 4,
            max_connections: 16,
            busy_timeout: Duration::from_secs(5),
            durability: Durability::Power,
        }
    }
}

/// What an acknowledged write survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// A power cut.
    Power,
    /// The death of the process, but not always that of the machine.
    Process,
}

/// Opens the database that the options name and brings its tables up to date.
pub(super) async fn open(options: &StorageOptions) -> Result<Db, StoreError> {
    match options.url.split_once(':').map(|(scheme, _)| scheme) {
        Some("sqlite") => open_sqlite(options).await,
        Some("postgres" | "postgresql") => open_postgres(options).await,
        _ => Err(StoreError::Address("it starts with sqlite:// or postgres://".to_owned())),
    }
}

async fn open_sqlite(options: &StorageOptions) -> Result<Db, StoreError> {
    if options.url.contains(":memory:") || options.url.contains("mode=memory") {
        return Err(StoreError::Address("SQLite needs a file".to_owned()));
    }
    let base = SqliteConnectOptions::from_str(&options.url)
        .map_err(|error| StoreError::Address(error.to_string()))?
        .busy_timeout(options.busy_timeout)
        .foreign_keys(true)
        .statement_cache_capacity(STATEMENT_CACHE);
    let write = base
        .clone()
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(match options.durability {
            Durability::Power => SqliteSynchronous::Full,
            Durability::Process => SqliteSynchronous::Normal,
        })
        .pragma("journal_size_limit", WAL_BYTES);
    let mut conn = SqliteConnection::connect_with(&write).await?;
    tables::prepare_sqlite(&mut conn).await?;
    let read: SqlitePool = SqlitePoolOptions::new()
        .max_connections(options.read_connections)
        .acquire_timeout(options.busy_timeout)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_lazy_with(base.pragma("query_only", "ON"));
    Ok(Db::Sqlite { read, write: Queue::start(conn, write) })
}

async fn open_postgres(options: &StorageOptions) -> Result<Db, StoreError> {
    let lock_timeout = options.busy_timeout.as_millis().to_string();
    let connect = PgConnectOptions::from_str(&options.url)
        .map_err(|error| StoreError::Address(error.to_string()))?
        .application_name("doorward")
        .statement_cache_capacity(STATEMENT_CACHE)
        .options([
            ("default_transaction_isolation", "read committed"),
            ("lock_timeout", lock_timeout.as_str()),
            ("idle_in_transaction_session_timeout", "60000"),
            (
                "synchronous_commit",
                match options.durability {
                    Durability::Power => "on",
                    Durability::Process => "off",
                },
            ),
        ]);
    let pool: PgPool = PgPoolOptions::new()
        .max_connections(options.max_connections)
        .acquire_timeout(options.busy_timeout)
        .test_before_acquire(false)
        .connect_with(connect)
        .await?;
    tables::prepare_postgres(&pool).await?;
    Ok(Db::Postgres { pool })
}
