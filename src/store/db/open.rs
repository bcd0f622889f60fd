//! Opening a database: its options, its pools, its tables.

use std::{path::PathBuf, str::FromStr, time::Duration};

use percent_encoding::percent_decode_str;
use rusqlite::{Connection, OpenFlags};
use sqlx::postgres::PgConnectOptions;

use super::{Db, links::Links, readers::Readers, sqlite, tables, writer::Queue};
use crate::store::StoreError;

/// Statements that stay prepared on a connection: more than there are.
const STATEMENT_CACHE: usize = 1024;

/// The write-ahead log is cut back to this many bytes after a checkpoint.
const WAL_BYTES: i64 = 64 * 1024 * 1024;

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
    let file = SqliteFile::of(options)?;
    let (writing, reading) = (file.clone(), file.clone());
    // A start may wait for the lock of another process.
    let opened = sqlite::where_waiting_is_allowed(move || {
        let mut conn = writing.writer()?;
        tables::prepare_sqlite(&mut conn)?;
        Ok(conn)
    });
    let conn = opened.await?;
    let StorageOptions { read_connections, busy_timeout, .. } = *options;
    let read = Readers::new(read_connections, busy_timeout, move || Ok(reading.reader()?));
    Ok(Db::Sqlite { read, write: Queue::start(conn, file)? })
}

/// A SQLite file, and how it is opened.
#[derive(Debug, Clone)]
pub(super) struct SqliteFile {
    path: PathBuf,
    busy_timeout: Duration,
    durability: Durability,
}

impl SqliteFile {
    fn of(options: &StorageOptions) -> Result<Self, StoreError> {
        let path = options.url.strip_prefix("sqlite://").unwrap_or_default();
        if path.is_empty() || path.contains(":memory:") || path.contains('?') {
            return Err(StoreError::Address("SQLite needs a file, and no options".to_owned()));
        }
        let path = percent_decode_str(path).decode_utf8();
        let path = path.map_err(|error| StoreError::Address(error.to_string()))?;
        Ok(Self {
            path: PathBuf::from(path.as_ref()),
            busy_timeout: options.busy_timeout,
            durability: options.durability,
        })
    }

    /// A connection that writes; the file is made when it is missing.
    pub(super) fn writer(&self) -> rusqlite::Result<Connection> {
        let conn = self.connect(OpenFlags::SQLITE_OPEN_CREATE)?;
        conn.pragma_update(None, "journal_mode", "WAL")?;
        let synchronous = match self.durability {
            Durability::Power => "FULL",
            Durability::Process => "NORMAL",
        };
        conn.pragma_update(None, "synchronous", synchronous)?;
        conn.pragma_update(None, "journal_size_limit", WAL_BYTES)?;
        Ok(conn)
    }

    /// A connection that cannot write.
    fn reader(&self) -> rusqlite::Result<Connection> {
        let conn = self.connect(OpenFlags::empty())?;
        conn.pragma_update(None, "query_only", true)?;
        Ok(conn)
    }

    /// Each connection is used by one thread at a time, which is what `NO_MUTEX` asks for.
    fn connect(&self, more: OpenFlags) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
        let conn = Connection::open_with_flags(&self.path, flags)?;
        conn.busy_timeout(self.busy_timeout)?;
        conn.pragma_update(None, "foreign_keys", true)?;
        conn.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
        Ok(conn)
    }
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
    let links = Links::new(connect, options.max_connections, options.busy_timeout)?;
    tables::prepare_postgres(&mut *links.acquire().await?).await?;
    Ok(Db::Postgres { links })
}
