//! Every statement of the store, by name. A test prepares all of them on both engines.

use super::{Engine, StoreError};

/// One SQL text, with `$1` placeholders, that both engines understand; or, where PostgreSQL does in one
/// statement what takes SQLite several, PostgreSQL alone. Only the macros `statements!` and
/// `postgres_statements!` make one, so none is missing from [`all`].
#[derive(Debug, Clone, Copy)]
pub struct Statement {
    name: &'static str,
    sql: &'static str,
    only: Option<Engine>,
}

impl Statement {
    /// Called by `statements!`.
    pub(super) const fn listed(name: &'static str, sql: &'static str) -> Self {
        Self { name, sql, only: None }
    }

    /// Called by `postgres_statements!`.
    pub(super) const fn listed_for_postgres(name: &'static str, sql: &'static str) -> Self {
        Self { name, sql, only: Some(Engine::Postgres) }
    }

    /// The noun and the name of the constant.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The text.
    #[must_use]
    pub const fn sql(&self) -> &'static str {
        self.sql
    }

    /// Whether this engine understands it.
    #[must_use]
    pub fn is_for(&self, engine: Engine) -> bool {
        self.only.is_none_or(|only| only == engine)
    }

    /// Whether it can write.
    pub(super) fn writes(&self) -> bool {
        !self.sql.trim_start().starts_with("SELECT")
    }

    /// Whether a statement that ended so certainly left nothing behind: it read, or a constraint
    /// refused it, which undoes it whole. After any other failure the engine itself may have ended
    /// the transaction.
    pub(super) fn leaves_nothing(&self, failure: Option<&StoreError>) -> bool {
        match failure {
            None => !self.writes(),
            Some(StoreError::Conflict(_) | StoreError::MissingReference) => true,
            Some(
                StoreError::Unavailable(_)
                | StoreError::Corrupt(_)
                | StoreError::Schema(_)
                | StoreError::Address(_)
                | StoreError::Refused(_),
            ) => false,
        }
    }
}

/// Names the statements of one noun, and lists them.
macro_rules! statements {
    ($noun:literal; $($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $(
            $(#[$doc])*
            const $name: $crate::store::statements::Statement =
                $crate::store::statements::Statement::listed(
                    concat!($noun, "::", stringify!($name)),
                    $sql,
                );
        )*
        /// The statements of this file.
        pub(super) const STATEMENTS: &[$crate::store::statements::Statement] = &[$($name,)*];
    };
}

/// Names the statements of one noun that PostgreSQL makes one round trip of, and lists them. What they
/// do stands beside them in several statements for SQLite, where a statement costs no round trip.
macro_rules! postgres_statements {
    ($noun:literal; $($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $(
            $(#[$doc])*
            const $name: $crate::store::statements::Statement =
                $crate::store::statements::Statement::listed_for_postgres(
                    concat!($noun, "::", stringify!($name)),
                    $sql,
                );
        )*
        /// The statements of this file for PostgreSQL alone.
        pub(super) const POSTGRES_STATEMENTS: &[$crate::store::statements::Statement] =
            &[$($name,)*];
    };
}

pub(super) use {postgres_statements, statements};

/// Every statement of the store.
pub fn all() -> impl Iterator<Item = Statement> {
    [
        super::administration::STATEMENTS,
        super::api::STATEMENTS,
        super::api_key::STATEMENTS,
        super::audit_event::STATEMENTS,
        super::audit_event::POSTGRES_STATEMENTS,
        super::authorization_code::STATEMENTS,
        super::authorization_code::POSTGRES_STATEMENTS,
        super::bootstrap::STATEMENTS,
        super::change_log::STATEMENTS,
        super::change_log::POSTGRES_STATEMENTS,
        super::client::STATEMENTS,
        super::client_assertion::STATEMENTS,
        super::client_secret::STATEMENTS,
        super::consent::STATEMENTS,
        super::epoch::STATEMENTS,
        super::expiry::STATEMENTS,
        super::grant::STATEMENTS,
        super::group::STATEMENTS,
        super::idempotency_key::STATEMENTS,
        super::meta::STATEMENTS,
        super::refresh_family::STATEMENTS,
        super::revoked_token::STATEMENTS,
        super::role::STATEMENTS,
        super::role_assignment::STATEMENTS,
        super::role_holding::STATEMENTS,
        super::session::STATEMENTS,
        super::sign_in_attempt::STATEMENTS,
        super::signing_key::STATEMENTS,
        super::user::STATEMENTS,
        super::version::STATEMENTS,
    ]
    .into_iter()
    .flatten()
    .copied()
}
