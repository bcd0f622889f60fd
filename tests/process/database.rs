//! The engine of a run: a SQLite file in the data folder, or an empty PostgreSQL database.

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, bail};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use url::Url;

/// Where the rows are. A PostgreSQL database goes with this value.
pub(crate) enum Database {
    /// In the data folder.
    Sqlite,
    /// On this server, under this name.
    Postgres { server: String, name: String },
}

impl Database {
    /// The engine that `DOORWARD_TEST_ENGINE` names.
    #[expect(clippy::disallowed_methods, reason = "the script says which engine the run is for")]
    pub(crate) async fn of_environment() -> anyhow::Result<Self> {
        match std::env::var("DOORWARD_TEST_ENGINE").as_deref() {
            Ok("postgres") => Self::postgres().await,
            Ok("sqlite") | Err(_) => Ok(Self::Sqlite),
            Ok(other) => bail!("DOORWARD_TEST_ENGINE is sqlite or postgres, not {other}"),
        }
    }

    /// An empty PostgreSQL database, without tables.
    #[expect(clippy::disallowed_methods, reason = "the address of the server is the script's")]
    pub(crate) async fn postgres() -> anyhow::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let server = std::env::var("DOORWARD_TEST_POSTGRES").context(
            "DOORWARD_TEST_POSTGRES is not set: start a server with `scripts/postgres start` and \
             use the address that it prints",
        )?;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("doorward_process_{}_{number}", std::process::id());
        // One that an earlier process with this number left behind is of no use to anybody.
        run(&server, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
        run(&server, format!("CREATE DATABASE {name}")).await?;
        Ok(Self::Postgres { server, name })
    }

    /// The URL, when it is not the default.
    pub(crate) fn url(&self) -> anyhow::Result<Option<String>> {
        let Self::Postgres { server, name } = self else { return Ok(None) };
        let mut url = Url::parse(server)?;
        url.set_path(name);
        Ok(Some(url.into()))
    }

    /// The name of the engine.
    pub(crate) const fn engine(&self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres { .. } => "PostgreSQL",
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Self::Postgres { server, name } = self else { return };
        let (server, sql) = (server.clone(), format!("DROP DATABASE {name} WITH (FORCE)"));
        let drop_database = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.map(|runtime| runtime.block_on(run(&server, sql)).ok())
        };
        // A test that failed has more to say than a database that stays behind.
        std::thread::spawn(drop_database).join().ok();
    }
}

async fn run(server: &str, sql: String) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(server).await?;
    connection.execute(AssertSqlSafe(sql)).await?;
    Ok(connection.close().await?)
}
