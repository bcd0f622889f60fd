//! The tables and the statements are the same on both engines.

use std::collections::BTreeSet;

use doorward::store::{Conn, Db, StorageOptions, StoreError, statements};
use sqlx::Executor;

use crate::engine::TestDb;

both![
    every_statement_prepares,
    opening_again_changes_nothing,
    four_processes_may_start_at_once,
    a_newer_schema_is_refused,
    readers_cannot_write_to_sqlite,
];

async fn every_statement_prepares(db: TestDb) {
    let mut reader = db.reader().await.unwrap();
    let mut names = BTreeSet::new();
    for statement in statements::all() {
        assert!(names.insert(statement.name()), "{} is listed twice", statement.name());
        if !statement.is_for(db.engine()) {
            continue;
        }
        let prepared = match reader.conn() {
            Conn::Sqlite(conn) => {
                conn.prepare(statement.sql()).map(drop).map_err(|error| error.to_string())
            }
            Conn::Postgres(conn) => {
                let sql = sqlx::SqlSafeStr::into_sql_str(statement.sql());
                conn.prepare(sql).await.map(drop).map_err(|error| error.to_string())
            }
        };
        if let Err(error) = prepared {
            panic!("{}: {error}", statement.name());
        }
    }
    assert!(names.len() > 80, "{} statements", names.len());
}

#[tokio::test]
async fn both_engines_have_the_same_tables_and_columns() {
    let (sqlite, postgres) = (TestDb::sqlite().await, TestDb::postgres().await);
    let sqlite = columns(
        &sqlite,
        "SELECT m.name, c.name, c.\"notnull\" FROM sqlite_master m, pragma_table_info(m.name) c
         WHERE m.type = 'table' AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\' ORDER BY 1, 2",
    );
    let postgres = columns(
        &postgres,
        "SELECT table_name::text, column_name::text, (is_nullable = 'NO')::int::bigint
         FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%' ORDER BY 1, 2",
    );
    let (sqlite, postgres) = (sqlite.await, postgres.await);
    assert_eq!(sqlite, postgres);
    assert!(sqlite.len() > 100);
}

async fn columns(db: &Db, sql: &'static str) -> BTreeSet<(String, String, i64)> {
    let mut reader = db.reader().await.unwrap();
    let rows: Vec<(String, String, i64)> = match reader.conn() {
        Conn::Sqlite(conn) => {
            let mut statement = conn.prepare(sql).unwrap();
            let rows =
                statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
            rows.map(Result::unwrap).collect()
        }
        Conn::Postgres(conn) => sqlx::query_as(sql).fetch_all(&mut **conn).await.unwrap(),
    };
    rows.into_iter().collect()
}

async fn opening_again_changes_nothing(db: TestDb) {
    db.another().await.close().await;
    db.check_writable().await.unwrap();
    db.close().await;
    assert!(matches!(db.check_writable().await, Err(StoreError::Unavailable(_))));
    db.another().await.check_writable().await.unwrap();
}

async fn four_processes_may_start_at_once(db: TestDb) {
    let mut options = db.options.clone();
    if let Some(folder) = db.folder() {
        options.url = format!("sqlite://{}", folder.join("new.db").display());
    }
    let starts: Vec<_> = (0..4)
        .map(|_| {
            let options = options.clone();
            tokio::spawn(async move { Db::open(&options).await?.check_writable().await })
        })
        .collect();
    for start in starts {
        start.await.unwrap().unwrap();
    }
}

async fn a_newer_schema_is_refused(db: TestDb) {
    let sql = "INSERT INTO _sqlx_migrations
                   (version, description, installed_on, success, checksum, execution_time)
               SELECT 9999, description, installed_on, success, checksum, execution_time
               FROM _sqlx_migrations WHERE version = 1";
    db.write::<_, _, StoreError>(move |tx| {
        Box::pin(async move {
            match &mut **tx {
                Conn::Sqlite(conn) => conn.execute_batch(sql)?,
                Conn::Postgres(conn) => conn.execute(sql).await.map(drop)?,
            }
            Ok(())
        })
    })
    .await
    .unwrap();
    let refused = Db::open(&db.options).await;
    assert!(matches!(&refused, Err(StoreError::Schema(why)) if why.contains("newer")));
}

async fn readers_cannot_write_to_sqlite(db: TestDb) {
    let mut reader = db.reader().await.unwrap();
    if let Conn::Sqlite(conn) = reader.conn() {
        conn.execute_batch("DELETE FROM users").unwrap_err();
    }
}

#[tokio::test]
async fn other_addresses_are_refused() {
    for url in ["", "mysql://localhost/x", "sqlite::memory:", "postgres://[", "/a/path"] {
        let refused = Db::open(&StorageOptions::new(url)).await;
        assert!(matches!(refused, Err(StoreError::Address(_))), "{url}");
    }
    let nowhere = StorageOptions::new("sqlite:///no/such/folder/doorward.db");
    assert!(matches!(Db::open(&nowhere).await, Err(StoreError::Unavailable(_))));
}
