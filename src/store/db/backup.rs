//! Whole SQLite files: copied while others work on them, checked, and settled. PostgreSQL has tools
//! of its own for this.

use std::path::Path;

use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::store::StoreError;

/// Copies the SQLite database in `from`, as it stands at one moment, into `to`, which is empty or not
/// there. Readers and the writer of `from` go on meanwhile.
///
/// # Errors
/// [`StoreError::Unavailable`] when one of the files cannot be read or written.
pub async fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    let mut conn = open(from).await?;
    let copied = sqlx::query("VACUUM INTO ?1")
        .bind(to.to_string_lossy().into_owned())
        .execute(&mut conn)
        .await;
    conn.close().await?;
    copied?;
    Ok(())
}

/// Whether the pages of the SQLite database in `file` are whole and fit together.
///
/// # Errors
/// [`StoreError`] when it cannot be read as a database at all.
pub async fn is_sound(file: &Path) -> Result<bool, StoreError> {
    let mut conn = open(file).await?;
    let verdict: Result<(String,), _> =
        sqlx::query_as("PRAGMA quick_check(1)").fetch_one(&mut conn).await;
    conn.close().await?;
    Ok(verdict?.0 == "ok")
}

/// Writes what stands in the write-ahead log of `file` into the file itself. Nobody else has it open.
///
/// # Errors
/// [`StoreError`] when it cannot be read or written.
pub async fn settle(file: &Path) -> Result<(), StoreError> {
    let mut conn = open(file).await?;
    let settled = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut conn).await;
    conn.close().await?;
    settled?;
    Ok(())
}

async fn open(file: &Path) -> Result<SqliteConnection, StoreError> {
    Ok(SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(file)).await?)
}
