//! Statements on SQLite, in the thread that asks. One that finds its pages in memory takes a few
//! microseconds: less than handing it to another thread and waking up again.

use rusqlite::{Connection, Row, Rows, Statement, ToSql, types::FromSql};

use crate::store::StoreError;

/// A value or several, read from the columns of a row.
pub(in crate::store) trait Read: Sized {
    /// Reads the column of that name, or the columns that the type itself names.
    fn read(cursor: &mut Cursor<'_, '_>, column: &'static str) -> rusqlite::Result<Self>;
}

/// A row that is read from left to right. A column that stands elsewhere is looked for.
pub(in crate::store) struct Cursor<'row, 'statement> {
    row: &'row Row<'statement>,
    next: usize,
}

impl Cursor<'_, '_> {
    /// The column of that name.
    pub(in crate::store) fn column<T: FromSql>(&mut self, name: &str) -> rusqlite::Result<T> {
        let statement: &Statement<'_> = self.row.as_ref();
        let index = match statement.column_name(self.next) {
            Ok(found) if found == name => self.next,
            Ok(_) | Err(_) => statement.column_index(name)?,
        };
        self.next = index + 1;
        self.row.get(index)
    }

    /// Reads something ahead and stays where it is.
    pub(in crate::store) fn peek<T: FromSql>(&self, name: &str) -> rusqlite::Result<T> {
        self.row.get(name)
    }
}

/// Columns that are read as they are.
macro_rules! plain_columns {
    ($($type:ty),*) => {
        $(impl Read for $type {
            fn read(cursor: &mut Cursor<'_, '_>, column: &'static str) -> rusqlite::Result<Self> {
                cursor.column(column)
            }
        })*
    };
}

plain_columns!(bool, i64, String, Vec<u8>, uuid::Uuid);
plain_columns!(Option<i64>, Option<String>, Option<Vec<u8>>, Option<uuid::Uuid>);

/// Runs a statement for its effect; the number of rows that it wrote.
pub(in crate::store) fn execute(
    conn: &Connection,
    sql: &str,
    values: &[&dyn ToSql],
) -> rusqlite::Result<u64> {
    let mut statement = conn.prepare_cached(sql)?;
    bind(&mut statement, values)?;
    let written = statement.raw_execute()?;
    Ok(u64::try_from(written).unwrap_or(u64::MAX))
}

/// Runs a statement for all its rows.
pub(in crate::store) fn fetch_all<T: Read>(
    conn: &Connection,
    sql: &str,
    values: &[&dyn ToSql],
) -> rusqlite::Result<Vec<T>> {
    let mut statement = conn.prepare_cached(sql)?;
    bind(&mut statement, values)?;
    let mut rows = statement.raw_query();
    let mut all = Vec::new();
    while let Some(row) = next(&mut rows)? {
        all.push(row);
    }
    Ok(all)
}

/// Runs a statement for at most one row.
pub(in crate::store) fn fetch_optional<T: Read>(
    conn: &Connection,
    sql: &str,
    values: &[&dyn ToSql],
) -> rusqlite::Result<Option<T>> {
    let mut statement = conn.prepare_cached(sql)?;
    bind(&mut statement, values)?;
    let mut rows = statement.raw_query();
    let first = next(&mut rows)?;
    // A statement that writes is over only when it has no row left.
    while rows.next()?.is_some() {}
    Ok(first)
}

/// Runs a statement for exactly one row.
pub(in crate::store) fn fetch_one<T: Read>(
    conn: &Connection,
    sql: &str,
    values: &[&dyn ToSql],
) -> rusqlite::Result<T> {
    fetch_optional(conn, sql, values)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
}

/// Does `work` in a thread that may wait for a disk or for the lock of another process.
pub(super) async fn where_waiting_is_allowed<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| StoreError::Unavailable(error.to_string()))?
}

fn next<T: Read>(rows: &mut Rows<'_>) -> rusqlite::Result<Option<T>> {
    let Some(row) = rows.next()? else { return Ok(None) };
    T::read(&mut Cursor { row, next: 0 }, "").map(Some)
}

/// Binds the first value to `$1` and so on. For SQLite these are names, and it counts them in the
/// order in which it meets them.
fn bind(statement: &mut Statement<'_>, values: &[&dyn ToSql]) -> rusqlite::Result<()> {
    for index in 1..=statement.parameter_count() {
        let number = statement.parameter_name(index).and_then(|name| name.strip_prefix('$'));
        let number = number.and_then(|number| number.parse::<usize>().ok()).unwrap_or(0);
        let value = number.checked_sub(1).and_then(|place| values.get(place));
        let value = value.ok_or(rusqlite::Error::InvalidParameterCount(values.len(), number))?;
        statement.raw_bind_parameter(index, value)?;
    }
    Ok(())
}
