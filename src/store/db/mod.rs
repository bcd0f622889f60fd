//! The database: one of two engines behind one set of verbs.

pub mod backup;
mod links;
mod open;
mod readers;
pub(super) mod run;
pub(super) mod sqlite;
mod tables;
mod tx;
pub(super) mod wake;
mod writer;

use self::{links::End, writer::Undo};
pub use self::{
    links::{Link, Links},
    open::{Durability, StorageOptions},
    readers::{Readers, SqliteReader},
    tx::{BoxFuture, Conn, Reader, Tx},
    wake::Wake,
    writer::Queue,
};
use super::{StoreError, meta};

/// An open database. Clones share it.
#[derive(Debug, Clone)]
pub enum Db {
    /// A SQLite file: readers side by side, and one writer.
    Sqlite {
        /// Connections that cannot write.
        read: Readers,
        /// The way to the writer.
        write: Queue,
    },
    /// A PostgreSQL server.
    Postgres {
        /// Connections that read and write.
        links: Links,
    },
}

/// Which engine a database runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// SQLite, inside the process.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl Db {
    /// Opens the database and brings its tables up to date.
    ///
    /// # Errors
    /// [`StoreError::Address`] when the URL cannot be read, [`StoreError::Schema`] when a newer
    /// version of Doorward has used the database, [`StoreError::Unavailable`] when it cannot be reached.
    pub async fn open(options: &StorageOptions) -> Result<Self, StoreError> {
        open::open(options).await
    }

    /// Which engine this is.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        match self {
            Self::Sqlite { .. } => Engine::Sqlite,
            Self::Postgres { .. } => Engine::Postgres,
        }
    }

    /// A connection to read with. No transaction: each statement sees the newest commit.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when none is free in time or the database is gone.
    pub async fn reader(&self) -> Result<Reader, StoreError> {
        match self {
            Self::Sqlite { read, .. } => Ok(Reader::Sqlite(read.acquire().await?)),
            Self::Postgres { links } => Ok(Reader::Postgres(links.acquire().await?)),
        }
    }

    /// Runs `job` in one transaction and returns once it is durable; an error of the job undoes all
    /// that it wrote. The job finishes even if the caller stops waiting. A panic in it undoes it as
    /// well, and goes on in the caller.
    ///
    /// The job waits for nothing but the database: others wait for it.
    ///
    /// # Errors
    /// What the job returned, or [`StoreError::Unavailable`] when the commit failed: then nothing
    /// was acknowledged, and on PostgreSQL a connection that broke during the commit may have
    /// committed all the same.
    pub async fn write<F, T, E>(&self, job: F) -> Result<T, E>
    where
        F: for<'a, 'c> FnOnce(&'a mut Tx<'c>) -> BoxFuture<'a, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match self {
            Self::Sqlite { write, .. } => write.write(job, Undo::Savepoint).await,
            Self::Postgres { links } => outliving(links, write_postgres(links.clone(), job)).await,
        }
    }

    /// As [`Db::write`], for a job with one verb that writes, notes nothing for the logs, and never
    /// returns an error once it has written: it answers with a value instead. On SQLite this spares it
    /// a savepoint. On PostgreSQL, where such a verb is one statement, that statement is the transaction:
    /// one round trip instead of three.
    ///
    /// What a constraint refused was not written. On SQLite a job that breaks its word, or panics after
    /// it has written, takes all jobs of its group with it: all are undone and told so.
    ///
    /// # Errors
    /// As [`Db::write`]; [`StoreError::Unavailable`] when another job of the group broke its word; and on
    /// PostgreSQL [`StoreError::Refused`] for a second statement that writes.
    pub async fn write_plain<F, T, E>(&self, job: F) -> Result<T, E>
    where
        F: for<'a, 'c> FnOnce(&'a mut Tx<'c>) -> BoxFuture<'a, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match self {
            Self::Sqlite { write, .. } => write.write(job, Undo::Group).await,
            Self::Postgres { links } => {
                outliving(links, write_postgres_plain(links.clone(), job)).await
            }
        }
    }

    /// Whether a write succeeds at this moment, for the readiness probe.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it does not.
    pub async fn check_writable(&self) -> Result<(), StoreError> {
        self.write(|tx| Box::pin(meta::probe(tx))).await
    }

    /// Finishes the writes that wait and closes every connection; later calls fail.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { read, write } => {
                write.close().await;
                read.close();
            }
            Self::Postgres { links } => links.close().await,
        }
    }
}

/// Runs a write in a task of its own, so that it outlives its caller.
async fn outliving<T, E>(
    links: &Links,
    write: impl Future<Output = Result<T, E>> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    match links.writes().spawn(write).await {
        Ok(result) => result,
        Err(ended) => match ended.try_into_panic() {
            Ok(payload) => std::panic::resume_unwind(payload),
            Err(_) => Err(closing().into()),
        },
    }
}

/// One transaction under READ COMMITTED. A panic leaves through the task, and closes the connection with
/// what it wrote.
async fn write_postgres<F, T, E>(links: Links, job: F) -> Result<T, E>
where
    F: for<'a, 'c> FnOnce(&'a mut Tx<'c>) -> BoxFuture<'a, Result<T, E>>,
    E: From<StoreError>,
{
    let mut link = links.acquire().await?;
    link.begin().await?;
    let outcome = Tx::new(Conn::Postgres(&mut link)).perform(job).await;
    match outcome {
        Ok(Ok(value)) => {
            link.end(End::Commit).await?;
            Ok(value)
        }
        Ok(Err(error)) => {
            // A rollback that fails means a connection that is gone, and its transaction with it.
            link.end(End::Rollback).await.ok();
            Err(error)
        }
        Err(payload) => std::panic::resume_unwind(payload),
    }
}

/// One statement, which commits by itself.
async fn write_postgres_plain<F, T, E>(links: Links, job: F) -> Result<T, E>
where
    F: for<'a, 'c> FnOnce(&'a mut Tx<'c>) -> BoxFuture<'a, Result<T, E>>,
    E: From<StoreError>,
{
    let mut link = links.acquire().await?;
    match Tx::of_one_statement(Conn::Postgres(&mut link)).perform(job).await {
        Ok(outcome) => outcome,
        Err(payload) => std::panic::resume_unwind(payload),
    }
}

fn closing() -> StoreError {
    StoreError::Unavailable("the database is being closed".to_owned())
}
