//! The macros that run one statement on the open engine. Both arms are type-checked: a value that
//! one of the two drivers cannot bind or read does not compile.

/// Binds the values and calls `$verb` on whichever connection is open. A transaction notes on the way
/// whether the statement can have left something behind; a plain connection notes nothing.
macro_rules! on_engine {
    ($target:expr, $statement:expr, $query:expr, ($($value:expr),*), $verb:ident) => {{
        let target = &mut *$target;
        let before = target.begin_statement();
        let conn: &mut $crate::store::db::Conn<'_> = &mut *target;
        let result = match conn {
            $crate::store::db::Conn::Sqlite(conn) => {
                $query$(.bind($value))*.$verb(&mut **conn).await
            }
            $crate::store::db::Conn::Postgres(conn) => {
                $query$(.bind($value))*.$verb(&mut **conn).await
            }
        }
        .map_err($crate::store::StoreError::from);
        target.end_statement(before, $statement.leaves_nothing(result.as_ref().err()));
        result
    }};
}

/// Runs a statement for its effect; the number of rows that it wrote.
macro_rules! execute {
    ($target:expr, $statement:expr $(, $value:expr)* $(,)?) => {{
        let target = &mut *$target;
        let before = target.begin_statement();
        let conn: &mut $crate::store::db::Conn<'_> = &mut *target;
        let result = match conn {
            $crate::store::db::Conn::Sqlite(conn) => {
                sqlx::query($statement.sql())$(.bind($value))*.execute(&mut **conn).await
                    .map(|done| done.rows_affected())
            }
            $crate::store::db::Conn::Postgres(conn) => {
                sqlx::query($statement.sql())$(.bind($value))*.execute(&mut **conn).await
                    .map(|done| done.rows_affected())
            }
        }
        .map_err($crate::store::StoreError::from);
        target.end_statement(before, $statement.leaves_nothing(result.as_ref().err()));
        result
    }};
}

/// Runs a statement for at most one row, read as `$row`.
macro_rules! fetch_optional {
    ($row:ty, $conn:expr, $statement:expr $(, $value:expr)* $(,)?) => {
        $crate::store::db::run::on_engine!(
            $conn, $statement, sqlx::query_as::<_, $row>($statement.sql()), ($($value),*), fetch_optional
        )
    };
}

/// Runs a statement for exactly one row, read as `$row`.
macro_rules! fetch_one {
    ($row:ty, $conn:expr, $statement:expr $(, $value:expr)* $(,)?) => {
        $crate::store::db::run::on_engine!(
            $conn, $statement, sqlx::query_as::<_, $row>($statement.sql()), ($($value),*), fetch_one
        )
    };
}

/// Runs a statement for all its rows, each read as `$row`.
macro_rules! fetch_all {
    ($row:ty, $conn:expr, $statement:expr $(, $value:expr)* $(,)?) => {
        $crate::store::db::run::on_engine!(
            $conn, $statement, sqlx::query_as::<_, $row>($statement.sql()), ($($value),*), fetch_all
        )
    };
}

pub(in crate::store) use {execute, fetch_all, fetch_one, fetch_optional, on_engine};
