//! Tables of the first version become those of this one, and nothing is lost on the way.

use std::{collections::BTreeSet, path::Path};

use doorward::{
    protocol::grant::Access,
    store::{self, Db, StorageOptions, StoreError, behind::Behind},
    types::{FamilyId, Timestamp, TokenHash, UserId},
};
use rusqlite::Connection;
use sqlx::{
    Connection as _, PgConnection, SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};
use uuid::Uuid;

use crate::engine::{Place, fresh, run, server, with_database};

/// Two users of the first version, who held roles by name: one of them a role that there is no more.
const USERS: &str = "
    INSERT INTO users (id, username, username_skeleton, email_verified, status, profile, created_at, updated_at)
        VALUES (ALICE, 'alice', 'alice', FALSE, 'enabled', '{}', 1, 1), (BOB, 'bob', 'bob', FALSE, 'enabled', '{}', 1, 1);
    INSERT INTO user_roles (user_id, role) VALUES (ALICE, 'admin'), (ALICE, 'user'), (BOB, 'user');";
const ALICE: Uuid = Uuid::from_u128(0xa11ce);
const BOB: Uuid = Uuid::from_u128(0xb0b);

/// What Alice's browser and her app had, a row in each table that a later version changes. An access token
/// of hers that had a row ends, and the app gets another one. The hashes are 32 bytes, each the same.
const SIGNED_IN: &str = r#"
    INSERT INTO clients (id, status, metadata, created_at, updated_at) VALUES ('notes', 'enabled', '{}', 1, 1);
    INSERT INTO sessions (id, token_hash, user_id, auth_time, acr, amr, created_at, last_seen_at, idle_expires_at, expires_at)
        VALUES (SESSION, HASH(1), ALICE, 7, '1', '["pwd"]', 7, 8, 1000, 2000);
    INSERT INTO grants (id, user_id, client_id, session_id, scope, auth_time, acr, amr, access, created_at)
        VALUES (GRANT, ALICE, 'notes', SESSION, 'openid', 7, '1', '["pwd"]', 'offline', 9);
    INSERT INTO authorization_codes (hash, flow_id, grant_id, client_id, redirect_uri, issued_at, expires_at, failures)
        VALUES (HASH(2), HASH(3), GRANT, 'notes', 'https://notes.example/cb', 9, 69, 1);
    INSERT INTO access_tokens (hash, client_id, grant_id, user_id, scope, audience, issued_at, expires_at)
        VALUES (HASH(4), 'notes', GRANT, ALICE, 'openid', '["https://notes.example"]', 10, 310);
    INSERT INTO refresh_families (id, grant_id, client_id, seed, generation, rotated_at, retries, idle_expires_at, absolute_expires_at)
        VALUES (FAMILY, GRANT, 'notes', HASH(5), 4, 10, 2, 1000, 2000);"#;
const SESSION: Uuid = Uuid::from_u128(0x5e55);
const GRANT: Uuid = Uuid::from_u128(0x9a47);
const FAMILY: Uuid = Uuid::from_u128(0xfa);

/// The statements in the words of an engine: a UUID, and a hash of 32 times the byte in these digits.
fn rows(uuid: impl Fn(Uuid) -> String, hash: impl Fn(&str) -> String) -> String {
    let ids = [
        ("ALICE", ALICE),
        ("BOB", BOB),
        ("SESSION", SESSION),
        ("GRANT", GRANT),
        ("FAMILY", FAMILY),
    ];
    let mut rows = format!("{USERS}{SIGNED_IN}");
    for (name, id) in ids {
        for (before, after) in [("(", ","), (" ", ","), (" ", ")")] {
            let (name, id) =
                (format!("{before}{name}{after}"), format!("{before}{}{after}", uuid(id)));
            rows = rows.replace(&name, &id);
        }
    }
    for byte in 1..=5 {
        let digits = format!("{byte:02x}").repeat(32);
        rows = rows.replace(&format!("HASH({byte})"), &hash(&digits));
    }
    rows
}

async fn everything_lives_on(db: &Db) {
    roles_live_on(db).await;
    what_hangs_from_a_grant_lives_on(db).await;
}

async fn what_hangs_from_a_grant_lives_on(db: &Db) {
    let hash = |byte| TokenHash::from_bytes([byte; 32]);
    let (code, behind) =
        read!(db, |conn| store::authorization_code::find(conn, &hash(2))).unwrap().unwrap();
    assert_eq!((code.flow_id, code.failures, code.consumed_at), (hash(3), 1, None));
    let Behind { grant, user, session } = behind;
    assert_eq!((grant.id.uuid(), user.id.uuid()), (GRANT, ALICE));
    assert_eq!((grant.access, grant.scope.to_string()), (Access::Offline, "openid".to_owned()));
    assert_eq!(grant.authentication.auth_time, Timestamp::from_unix(7));
    let session = session.unwrap();
    assert_eq!((session.id.uuid(), session.expires_at), (SESSION, Timestamp::from_unix(2_000)));
    let family = FamilyId::from_uuid(FAMILY);
    let (family, _) = read!(db, |conn| store::refresh_family::find(conn, family)).unwrap().unwrap();
    assert_eq!((family.seed, family.generation, family.retries), ([5; 32], 4, 2));
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
    let rows = rows(|id| format!("x'{}'", id.simple()), |digits| format!("x'{digits}'"));
    conn.execute_batch(&rows).unwrap();
    conn
}

async fn open(path: &Path) -> Result<Db, StoreError> {
    Db::open(&StorageOptions::new(format!("sqlite://{}", path.display()))).await
}

#[tokio::test]
async fn a_database_of_the_first_version_lives_on_in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("doorward.db");
    drop(sqlite_of_the_first_version(&path));
    everything_lives_on(&open(&path).await.unwrap()).await;
}

#[tokio::test]
async fn a_database_of_the_first_version_lives_on_in_postgres() {
    let (server, name) = (server(), format!("doorward_test_{}", fresh()));
    let mut admin = PgConnection::connect(&server).await.unwrap();
    run(&mut admin, format!("CREATE DATABASE {name}")).await;
    let url = with_database(&server, &name);
    let _gone_at_the_end = Place::Database { server, name };
    let mut conn = PgConnection::connect(&url).await.unwrap();
    let migration = first_version(include_str!("../../migrations/postgres/0001_house.sql"));
    Migrator::with_migrations(vec![migration]).run_direct(None, &mut conn, false).await.unwrap();
    let rows = rows(|id| format!("'{id}'"), |digits| format!("'\\x{digits}'"));
    run(&mut conn, rows).await;
    let db = Db::open(&StorageOptions::new(url)).await.unwrap();
    everything_lives_on(&db).await;
    db.close().await;
}

/// The versions after the first.
const NEWER: &[&str] = &[
    include_str!("../../migrations/sqlite/0002_roles.sql"),
    include_str!("../../migrations/sqlite/0003_api_keys.sql"),
    include_str!("../../migrations/sqlite/0004_admin.sql"),
    include_str!("../../migrations/sqlite/0005_api_key_addresses.sql"),
    include_str!("../../migrations/sqlite/0006_leaner_indexes.sql"),
    include_str!("../../migrations/sqlite/0007_access_tokens_without_rows.sql"),
    include_str!("../../migrations/sqlite/0008_ends_found_by_a_walk.sql"),
];

/// CRASH-04: the process dies at each statement of the newer versions in turn. What is on the disk then
/// opens again, with everything that was there.
#[tokio::test]
async fn crash_04_a_start_that_dies_at_any_statement_is_made_up_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("doorward.db");
    let conn = sqlite_of_the_first_version(&path);
    let statements: Vec<&str> =
        NEWER.iter().flat_map(|version| version.split_inclusive(";\n")).collect();
    assert!(statements.len() > 40, "{} statements", statements.len());
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
        everything_lives_on(&db).await;
        db.close().await;
    }
}
