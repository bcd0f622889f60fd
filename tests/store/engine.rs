//! A fresh database for each test.

use std::{
    collections::{BTreeSet, hash_map::DefaultHasher},
    hash::Hasher,
    ops::Deref,
    time::Duration,
};

use doorward::store::{Db, Durability, StorageOptions};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tempfile::TempDir;

/// An open database of its own, which goes when the test ends.
pub(crate) struct TestDb {
    db: Db,
    pub(crate) options: StorageOptions,
    place: Place,
}

/// What goes when the test ends.
pub(crate) enum Place {
    Folder(TempDir),
    Database { server: String, name: String },
}

impl TestDb {
    /// An empty SQLite file.
    pub(crate) async fn sqlite() -> Self {
        Self::found_in(tempfile::tempdir().unwrap()).await
    }

    /// An empty database of the engine that `DOORWARD_TEST_ENGINE` names.
    #[expect(clippy::disallowed_methods, reason = "the script says which engine the run is for")]
    pub(crate) async fn of_environment() -> Self {
        match std::env::var("DOORWARD_TEST_ENGINE").as_deref() {
            Ok("postgres") => Self::postgres().await,
            Ok("sqlite") | Err(_) => Self::sqlite().await,
            Ok(other) => panic!("DOORWARD_TEST_ENGINE is sqlite or postgres, not {other}"),
        }
    }

    /// A copy of this database, which must be closed.
    pub(crate) async fn copy(&self) -> Self {
        match &self.place {
            Place::Folder(folder) => {
                let copy = tempfile::tempdir().unwrap();
                let (from, to) =
                    (folder.path().join("doorward.db"), copy.path().join("doorward.db"));
                std::fs::copy(from, &to).unwrap();
                Self::open(format!("sqlite://{}", to.display()), Place::Folder(copy)).await
            }
            Place::Database { server, name: template } => {
                let name = format!("doorward_test_{}", fresh());
                let mut admin = PgConnection::connect(server).await.unwrap();
                run(&mut admin, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
                admin.close().await.unwrap();
                let url = with_database(server, &name);
                Self::open(url, Place::Database { server: server.clone(), name }).await
            }
        }
    }

    /// An empty PostgreSQL database.
    pub(crate) async fn postgres() -> Self {
        let server = server();
        let template = template(&server).await;
        let name = format!("doorward_test_{}", fresh());
        let mut admin = PgConnection::connect(&server).await.unwrap();
        run(&mut admin, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        admin.close().await.unwrap();
        let url = with_database(&server, &name);
        Self::open(url, Place::Database { server, name }).await
    }

    /// The SQLite file in `folder`, as a process left it.
    pub(crate) async fn found_in(folder: TempDir) -> Self {
        let url = format!("sqlite://{}", folder.path().join("doorward.db").display());
        Self::open(url, Place::Folder(folder)).await
    }

    async fn open(url: String, place: Place) -> Self {
        let mut options = StorageOptions::new(url);
        options.durability = Durability::Power;
        options.busy_timeout = Duration::from_secs(20);
        let db = Db::open(&options).await.unwrap();
        Self { db, options, place }
    }

    /// Another node, or another process, on the same database.
    pub(crate) async fn another(&self) -> Db {
        Db::open(&self.options).await.unwrap()
    }

    /// The folder of the SQLite file.
    pub(crate) fn folder(&self) -> Option<&std::path::Path> {
        match &self.place {
            Place::Folder(folder) => Some(folder.path()),
            Place::Database { .. } => None,
        }
    }
}

impl Deref for TestDb {
    type Target = Db;

    fn deref(&self) -> &Db {
        &self.db
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Self::Database { server, name } = self else { return };
        let (server, name) = (server.clone(), name.clone());
        let drop_database = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let mut admin = PgConnection::connect(&server).await.unwrap();
                run(&mut admin, format!("DROP DATABASE {name} WITH (FORCE)")).await;
            });
        };
        // A test that failed has more to say than a database that stays behind.
        std::thread::spawn(drop_database).join().ok();
    }
}

#[expect(clippy::disallowed_methods, reason = "the address of the server comes from the script")]
pub(crate) fn server() -> String {
    std::env::var("DOORWARD_TEST_POSTGRES").expect(
        "DOORWARD_TEST_POSTGRES is not set: start a server with `scripts/postgres start` and use \
         the address that it prints",
    )
}

/// A name for this test alone.
pub(crate) fn fresh() -> String {
    let mut bytes = [0; 8];
    #[expect(clippy::disallowed_methods, reason = "only a name that nobody else has")]
    getrandom::fill(&mut bytes).unwrap();
    format!("{:016x}", u64::from_be_bytes(bytes))
}

pub(crate) fn with_database(server: &str, name: &str) -> String {
    let mut url = url::Url::parse(server).unwrap();
    url.set_path(name);
    url.into()
}

/// The database with tables that all others are copied from; made once a version of the tables.
async fn template(server: &str) -> String {
    let mut hasher = DefaultHasher::new();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/postgres");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    for file in files.collect::<BTreeSet<_>>() {
        hasher.write(&std::fs::read(file).unwrap());
    }
    let name = format!("doorward_template_{:016x}", hasher.finish());
    let mut admin = PgConnection::connect(server).await.unwrap();
    run(&mut admin, "SELECT pg_advisory_lock(7367)".to_owned()).await;
    let known: Option<(i32,)> = sqlx::query_as("SELECT 1 FROM pg_database WHERE datname = $1")
        .bind(&name)
        .fetch_optional(&mut admin)
        .await
        .unwrap();
    if known.is_none() {
        let draft = format!("doorward_draft_{}", fresh());
        run(&mut admin, format!("CREATE DATABASE {draft}")).await;
        let db = Db::open(&StorageOptions::new(with_database(server, &draft))).await.unwrap();
        db.close().await;
        run(&mut admin, format!("ALTER DATABASE {draft} RENAME TO {name}")).await;
    }
    admin.close().await.unwrap();
    name
}

pub(crate) async fn run(conn: &mut PgConnection, sql: String) {
    conn.execute(AssertSqlSafe(sql)).await.unwrap();
}
