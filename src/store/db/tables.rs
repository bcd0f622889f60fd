//! The tables, version by version. Both engines have the same ones, in files of the same names.

use std::collections::BTreeMap;

use rusqlite::{Connection, TransactionBehavior, params};
use sqlx::{
    PgConnection, SqlSafeStr,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
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
    3 "0003_api_keys",
    4 "0004_admin",
    5 "0005_api_key_addresses",
    6 "0006_leaner_indexes",
    7 "0007_access_tokens_without_rows",
    8 "0008_ends_found_by_a_walk",
};

/// The list of the versions that a SQLite file has seen: the same table that `sqlx` keeps in PostgreSQL.
const SQLITE_LIST: &str = "CREATE TABLE IF NOT EXISTS _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
)";

/// Notes a version; that it took no time is as good as any.
const SQLITE_NOTE: &str = "INSERT INTO _sqlx_migrations
    (version, description, success, checksum, execution_time) VALUES (?1, ?2, TRUE, ?3, 0)";

/// Brings a SQLite file up to date, in one transaction: whenever the process dies, the file has the
/// tables of the old version or those of the new one. Another process that starts meanwhile waits,
/// and finds the work done.
///
/// # Errors
/// [`StoreError::Schema`] when the file was used by a newer version, or by one whose tables were
/// others.
pub(super) fn prepare_sqlite(conn: &mut Connection) -> Result<(), StoreError> {
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(SQLITE_LIST)?;
    let migrator = migrator(|(_, _, sqlite, _)| sqlite);
    let mut known = sqlite_versions(&transaction)?;
    for migration in migrator.iter() {
        match known.remove(&migration.version) {
            Some(checksum) if checksum == *migration.checksum => {}
            Some(_) => return Err(MigrateError::VersionMismatch(migration.version).into()),
            None => {
                transaction.execute_batch(migration.sql.as_str())?;
                let description = migration.description.as_ref();
                let values = params![migration.version, description, migration.checksum.as_ref()];
                transaction.execute(SQLITE_NOTE, values)?;
            }
        }
    }
    if let Some(version) = known.into_keys().next() {
        return Err(MigrateError::VersionMissing(version).into());
    }
    Ok(transaction.commit()?)
}

/// The versions that the file has seen, with the digests of what made their tables.
fn sqlite_versions(conn: &Connection) -> rusqlite::Result<BTreeMap<i64, Vec<u8>>> {
    let mut statement = conn.prepare("SELECT version, checksum FROM _sqlx_migrations")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// Brings a PostgreSQL database up to date; an advisory lock keeps other nodes waiting meanwhile.
pub(super) async fn prepare_postgres(conn: &mut PgConnection) -> Result<(), StoreError> {
    Ok(migrator(|(_, _, _, postgres)| postgres).run_direct(None, conn, false).await?)
}

fn migrator(file: fn((i64, &'static str, &'static str, &'static str)) -> &'static str) -> Migrator {
    let migrations = VERSIONS.iter().map(|version| {
        let (number, name, ..) = *version;
        let sql = file(*version).into_sql_str();
        Migration::new(number, name.into(), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(migrations.collect())
}
