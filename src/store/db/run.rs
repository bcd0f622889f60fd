//! The macros that run one statement on the open engine. Both arms are type-checked: a value that
//! one of the two drivers cannot bind or read does not compile.

use std::{io, time::Duration};

/// How long PostgreSQL may take for one answer: much longer than a statement waits for a lock.
const PATIENCE: Duration = Duration::from_secs(20);

/// The answer of PostgreSQL, or a failure when none comes: something on the way may have forgotten the
/// connection, and tells nobody. Such a connection is closed, and its place is free for another.
pub(in crate::store) async fn in_time<T>(
    answer: impl Future<Output = sqlx::Result<T>>,
) -> sqlx::Result<T> {
    let answer = tokio::time::timeout(PATIENCE, answer).await;
    answer.unwrap_or_else(|_| Err(sqlx::Error::Io(io::ErrorKind::TimedOut.into())))
}

/// Runs one arm or the other on whichever connection is open. A transaction notes on the way whether
/// the statement can have left something behind, and refuses what it has no room for; a plain
/// connection notes nothing. An early return of the verb around it, with the refusal.
macro_rules! on_engine {
    ($target:expr, $statement:expr, $sqlite:ident => $on_sqlite:expr, $postgres:ident => $on_postgres:expr) => {{
        let target = &mut *$target;
        let before = target.begin_statement($statement)?;
        let conn: &mut $crate::store::db::Conn<'_> = &mut *target;
        let result = match conn {
            $crate::store::db::Conn::Sqlite($sqlite) => {
                $on_sqlite.map_err($crate::store::StoreError::from)
            }
            $crate::store::db::Conn::Postgres($postgres) => {
                $on_postgres.map_err($crate::store::StoreError::from)
            }
        };
        target.end_statement(before, $statement, result.as_ref().err());
        result
    }};
}

/// Runs a statement for its effect; the number of rows that it wrote.
macro_rules! execute {
    ($target:expr, $statement:expr $(, $value:expr)* $(,)?) => {
        $crate::store::db::run::on_engine!(
            $target,
            $statement,
            conn => $crate::store::db::sqlite::execute(
                conn, $statement.sql(), rusqlite::params![$($value),*]
            ),
            conn => $crate::store::db::run::in_time(
                sqlx::query($statement.sql())$(.bind($value))*.execute(&mut ***conn)
            ).await.map(|done| done.rows_affected())
        )
    };
}

/// Runs a statement for rows that are read as `$row`; `$fetch` says how many.
macro_rules! fetch {
    ($fetch:ident, $row:ty, $target:expr, $statement:expr, $($value:expr),*) => {
        $crate::store::db::run::on_engine!(
            $target,
            $statement,
            conn => $crate::store::db::sqlite::$fetch::<$row>(
                conn, $statement.sql(), rusqlite::params![$($value),*]
            ),
            conn => $crate::store::db::run::in_time(
                sqlx::query_as::<_, $row>($statement.sql())$(.bind($value))*
                    .$fetch(&mut ***conn)
            ).await
        )
    };
}

/// Runs a statement for at most one row, read as `$row`.
macro_rules! fetch_optional {
    ($row:ty, $conn:expr, $statement:expr $(, $value:expr)* $(,)?) => {
        $crate::store::db::run::fetch!(fetch_optional, $row, $conn, $statement, $($value),*)
    };
}

/// Runs a statement for exactly one row, read as `$row`.
macro_rules! fetch_one {
    ($row:ty, $conn:expr, $statement:expr $(, $value:expr)* $(,)?) => {
        $crate::store::db::run::fetch!(fetch_one, $row, $conn, $statement, $($value),*)
    };
}

/// Runs a statement for all its rows, each read as `$row`.
macro_rules! fetch_all {
    ($row:ty, $conn:expr, $statement:expr $(, $value:expr)* $(,)?) => {
        $crate::store::db::run::fetch!(fetch_all, $row, $conn, $statement, $($value),*)
    };
}

pub(in crate::store) use {execute, fetch, fetch_all, fetch_one, fetch_optional, on_engine};
