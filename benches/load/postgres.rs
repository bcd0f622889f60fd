//! A database of the load's own on a PostgreSQL server.

use anyhow::Context;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use url::Url;

/// An empty database. [`Scratch::drop_it`] removes it.
pub(crate) struct Scratch {
    server: String,
    name: String,
}

/// Creates a database for `whom`, with a name of its own, on the server at `url`.
pub(crate) async fn create(url: &str, whom: &str) -> anyhow::Result<Scratch> {
    let name = format!("{whom}_load_{}", std::process::id());
    let scratch = Scratch { server: url.to_owned(), name };
    scratch.run("CREATE DATABASE").await.context("cannot create a database")?;
    Ok(scratch)
}

impl Scratch {
    /// The URL of the database.
    pub(crate) fn url(&self) -> String {
        match Url::parse(&self.server) {
            Ok(mut url) => {
                url.set_path(&self.name);
                url.into()
            }
            Err(_) => self.server.clone(),
        }
    }

    /// Removes the database.
    pub(crate) async fn drop_it(self) -> anyhow::Result<()> {
        self.run("DROP DATABASE").await
    }

    /// The name holds letters, digits and underscores: it needs no quotes.
    async fn run(&self, verb: &str) -> anyhow::Result<()> {
        let mut connection = PgConnection::connect(&self.server).await?;
        connection.execute(AssertSqlSafe(format!("{verb} {}", self.name))).await?;
        Ok(connection.close().await?)
    }
}
