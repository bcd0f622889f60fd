//! Whole SQLite files: copied while others work on them, checked, and settled. PostgreSQL has tools
//! of its own for this.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::sqlite;
use crate::store::StoreError;

/// Copies the SQLite database in `from`, as it stands at one moment, into `to`, which is empty or not
/// there. Readers and the writer of `from` go on meanwhile.
///
/// # Errors
/// [`StoreError::Unavailable`] when one of the files cannot be read or written.
pub async fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    let to = to.to_string_lossy().into_owned();
    with(from, move |conn| conn.execute("VACUUM INTO ?1", [to]).map(drop)).await
}

/// Whether the pages of the SQLite database in `file` are whole and fit together.
///
/// # Errors
/// [`StoreError`] when it cannot be read as a database at all.
pub async fn is_sound(file: &Path) -> Result<bool, StoreError> {
    let verdict = |conn: &Connection| {
        conn.query_one("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0))
    };
    Ok(with(file, verdict).await? == "ok")
}

/// Writes what stands in the write-ahead log of `file` into the file itself. Nobody else has it open.
///
/// # Errors
/// [`StoreError`] when it cannot be read or written.
pub async fn settle(file: &Path) -> Result<(), StoreError> {
    with(file, |conn| conn.query_one("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))).await
}

/// Opens `file`, which must be there, does `work` in a thread where waiting is allowed, and closes it.
async fn with<T: Send + 'static>(
    file: &Path,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
) -> Result<T, StoreError> {
    let file: PathBuf = file.to_owned();
    sqlite::where_waiting_is_allowed(move || {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(&file, flags)?;
        let done = work(&conn);
        conn.close().map_err(|(_, error)| error)?;
        Ok(done?)
    })
    .await
}
