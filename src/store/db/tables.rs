//! The tables, version by version. Both engines have the same ones, in files of the same names.

use sqlx::{
    SqlSafeStr, SqliteConnection,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
    postgres::PgPool,
};

use crate::store::StoreError;

/// Number and name of a version, and the file of that name for SQLite and for PostgreSQL.
macro_rules! versions {
    ($($version:literal $name:literal,)*) => {
        &[$((
            $version,
            $name,
            include_str!(concat!("../../../migrations/sqlite/", $name, ".sql")),
            include_str!(concat!("../../../migrations/postgres/", $name, ".sql")),
        ),)*]
    };
}

const VERSIONS: &[(i64, &str, &str, &str)] = versions! {
    1 "0001_house",
    2 "0002_roles",
};

/// How often two processes that make the tables of a new SQLite file may collide.
const TRIES: usize = 5;

/// Brings a SQLite file up to date.
///
/// SQLite has no lock for that: when two processes start on a new file, one of them finds tables
/// that it did not expect, and finds its work done when it looks again.
pub(super) async fn prepare_sqlite(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    let migrator = migrator(|(_, _, sqlite, _)| sqlite);
    let mut outcome = migrator.run_direct(None, conn, false).await;
    for _ in 1..TRIES {
        let may_have_collided =
            matches!(outcome, Err(MigrateError::Execute(_) | MigrateError::ExecuteMigration(..)));
        if !may_have_collided {
            break;
        }
        outcome = migrator.run_direct(None, conn, false).await;
    }
    Ok(outcome?)
}

/// Brings a PostgreSQL database up to date; an advisory lock keeps other nodes waiting meanwhile.
pub(super) async fn prepare_postgres(pool: &PgPool) -> Result<(), StoreError> {
    Ok(migrator(|(_, _, _, postgres)| postgres).run(pool).await?)
}

fn migrator(file: fn((i64, &'static str, &'static str, &'static str)) -> &'static str) -> Migrator {
    let migrations = VERSIONS.iter().map(|version| {
        let (number, name, ..) = *version;
        let sql = file(*version).into_sql_str();
        Migration::new(number, name.into(), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(migrations.collect())
}
