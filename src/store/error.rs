//! What can go wrong below the services, in the kinds that they answer differently.

use rusqlite::ffi;
use sqlx::{
    error::{DatabaseError, ErrorKind},
    migrate::MigrateError,
};

use super::dialect;

/// A statement, a commit or the opening of the database did not succeed.
///
/// No text in here holds a value of a row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, is full, or lost a race that another try may win. Nothing
    /// was acknowledged; the answer is 503 with `Retry-After`.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// Another row already holds a value that only one may hold. On PostgreSQL the transaction is
    /// dead from here on: the job must end with an error.
    #[error("already taken: {0:?}")]
    Conflict(Unique),
    /// A row names another one that is not there (any more).
    #[error("a row that is referred to does not exist")]
    MissingReference,
    /// A row holds what Doorward never writes; the column, as `table.column`.
    #[error("the database holds a value that cannot be read: {0}")]
    Corrupt(String),
    /// The tables are not those of this version of Doorward.
    #[error("the database schema does not fit: {0}")]
    Schema(String),
    /// The address of the database cannot be read.
    #[error("the address of the database is wrong: {0}")]
    Address(String),
    /// The database refused a statement: a mistake of ours, or a trigger that did its duty.
    #[error("the database refused a statement: {0}")]
    Refused(String),
}

/// What only one row may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unique {
    /// A user's name.
    Username,
    /// What a user's name looks like.
    UsernameSkeleton,
    /// A user's e-mail address.
    Email,
    /// A `client_id`, of a deleted client as well.
    ClientId,
    /// The hash of a session's cookie.
    SessionToken,
    /// The authorization request behind a code.
    Flow,
    /// The one active signing key of an algorithm, or the one that stands by.
    SigningKey,
    /// An API's audience.
    Audience,
    /// The name of a permission, of whichever API.
    Permission,
    /// A role's name.
    RoleName,
    /// A group's name.
    GroupName,
    /// The primary key of a table or another index: ids that collide by no accident.
    Other,
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if let sqlx::Error::Database(refusal) = &error {
            return of_database(refusal.as_ref());
        }
        if matches!(
            error,
            sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
        ) {
            return Self::Unavailable(error.to_string());
        }
        if let sqlx::Error::ColumnDecode { index, .. } = &error {
            return Self::Corrupt(index.clone());
        }
        Self::Refused(error.to_string())
    }
}

/// What PostgreSQL said, as the services see it.
fn of_database(refusal: &dyn DatabaseError) -> StoreError {
    if refusal.kind() == ErrorKind::UniqueViolation {
        return StoreError::Conflict(dialect::unique_of_postgres(refusal.constraint()));
    }
    if refusal.kind() == ErrorKind::ForeignKeyViolation {
        return StoreError::MissingReference;
    }
    if refusal.code().is_some_and(|code| dialect::is_postgres_unavailable(&code)) {
        return StoreError::Unavailable(refusal.message().to_owned());
    }
    StoreError::Refused(refusal.message().to_owned())
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        if let rusqlite::Error::SqliteFailure(failure, message) = &error {
            return of_sqlite(*failure, message.as_deref().unwrap_or_default());
        }
        if let rusqlite::Error::InvalidColumnType(_, column, _) = &error {
            return Self::Corrupt(column.clone());
        }
        Self::Refused(error.to_string())
    }
}

/// What SQLite said, as the services see it.
fn of_sqlite(failure: ffi::Error, message: &str) -> StoreError {
    match failure.extended_code {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => {
            StoreError::Conflict(dialect::unique_of_sqlite(message))
        }
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => StoreError::MissingReference,
        _ if dialect::is_sqlite_unavailable(failure.code) => {
            StoreError::Unavailable(message.to_owned())
        }
        _ => StoreError::Refused(message.to_owned()),
    }
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        if let MigrateError::VersionMissing(version) = error {
            return Self::Schema(format!(
                "it has migration {version}, which this version of Doorward does not know: it was \
                 used by a newer one"
            ));
        }
        if let MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) = error {
            return error.into();
        }
        Self::Schema(error.to_string())
    }
}
