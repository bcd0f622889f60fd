//! Tables of the first version become those of this one, and nothing is lost on the way.

use std::{collections::BTreeSet, path::Path};

use doorward::{
    store::{self, Db, StorageOptions, StoreError},
    types::UserId,
};
use rusqlite::Connection;
use sqlx::{
    Executor, SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};
use uuid::Uuid;

use crate::engine::TestDb;

/// Two users of the first version, who held roles by name: one of them a role that there is no more.
const USERS: &str = "
    INSERT INTO users (id, username, username_skeleton, email_verified, status, profile, created_at, updated_at)
        VALUES (ALICE, 'alice', 'alice', FALSE, 'enabled', '{}', 1, 1), (BOB, 'bob', 'bob', FALSE, 'enabled', '{}', 1, 1);
    INSERT INTO user_roles (user_id, role) VALUES (ALICE, 'admin'), (ALICE, 'user'), (BOB, 'user');";
const ALICE: Uuid = Uuid::from_u128(0xa11ce);
const BOB: Uuid = Uuid::from_u128(0xb0b);

fn users(literal: impl Fn(Uuid) -> String) -> String {
    USERS.replace("ALICE", &literal(ALICE)).replace("BOB", &literal(BOB))
}

async fn roles_live_on(db: &Db) {
    for (id, expected) in [(ALICE, &["admin", "user"][..]), (BOB, &["user"])] {
        let user = read!(db, |conn| store::user::find(conn, UserId::from_uuid(id))).unwrap();
        let expected: BTreeSet<String> = expected.iter().map(|&name| name.to_owned()).collect();
        assert_eq!(user.unwrap().roles, expected);
    }
    db.check_writable().await.unwrap();
}

fn first_version(sql: &'static str) -> Migration {
    let sql = sql.into_sql_str();
    Migration::new(1, "0001_house".into(), MigrationType::Simple, sql, false)
}

/// A SQLite file as the first version left it, in the write-ahead log as it usually is.
fn sqlite_of_the_first_version(path: &Path) -> Connection {
    let migration = first_version(include_str!("../../migrations/sqlite/0001_house.sql"));
    let conn = Connection::open(path).unwrap();
    conn.pragma_update(None, "journal_mode", "WAL").unwrap();
    conn.execute_batch(migration.sql.as_str()).unwrap();
    conn.execute_batch(
        "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL,
             installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL,
             checksum BLOB NOT NULL, execution_time BIGINT NOT NULL)",
    )
    .unwrap();
    let note =
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                VALUES (1, 'house', TRUE, ?1, 1)";
    conn.execute(note, [migration.checksum.as_ref()]).unwrap();
    conn.execute_batch(&users(|id| format!("x'{}'", id.simple()))).unwrap();
    conn
}

async fn open(path: &Path) -> Result<Db, StoreError> {
    Db::open(&StorageOptions::new(format!("sqlite://{}", path.display()))).await
}

#[tokio::test]
async fn what_users_held_by_name_they_hold_by_role_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("doorward.db");
    drop(sqlite_of_the_first_version(&path));
    roles_live_on(&open(&path).await.unwrap()).await;
}

#[tokio::test]
async fn what_users_held_by_name_they_hold_by_role_on_postgres() {
    let empty = TestDb::postgres_without_tables().await;
    let mut conn = empty.connect().await;
    let migration = first_version(include_str!("../../migrations/postgres/0001_house.sql"));
    Migrator::with_migrations(vec![migration]).run_direct(None, &mut conn, false).await.unwrap();
    let users = users(|id| format!("'{id}'"));
    conn.execute(sqlx::AssertSqlSafe(users)).await.unwrap();
    let db = Db::open(&empty.options).await.unwrap();
    roles_live_on(&db).await;
    db.close().await;
}

/// CRASH-04: the process dies at each statement of the newer versions in turn. What is on the disk then
/// opens again, with everything that was there.
#[tokio::test]
async fn crash_04_a_start_that_dies_at_any_statement_is_made_up_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("doorward.db");
    let conn = sqlite_of_the_first_version(&path);
    let statements: Vec<&str> =
        include_str!("../../migrations/sqlite/0002_roles.sql").split_inclusive(";\n").collect();
    assert!(statements.len() > 20, "{} statements", statements.len());
    for last in 0..statements.len() {
        conn.execute_batch("BEGIN IMMEDIATE").unwrap();
        for statement in &statements[..=last] {
            conn.execute_batch(statement).unwrap();
        }
        // So much is written through that even a long transaction would be in the files.
        conn.cache_flush().unwrap();
        let image = tempfile::tempdir().unwrap();
        for file in ["doorward.db", "doorward.db-wal"] {
            std::fs::copy(folder.path().join(file), image.path().join(file)).unwrap();
        }
        conn.execute_batch("ROLLBACK").unwrap();
        let db = open(&image.path().join("doorward.db")).await.unwrap();
        roles_live_on(&db).await;
        db.close().await;
    }
}
