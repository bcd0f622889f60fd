//! The installation of a run: its folder, its engine, its user and clients.

use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::process::{
    cli::Installation,
    credentials::Client,
    database::Database,
    http::Connection,
    server::{Server, free_port},
    subject::Target,
};

/// Everything that outlives the kills.
pub(crate) struct Site {
    installation: Installation,
    /// How to speak to it.
    pub(crate) target: Target,
    /// Gets opaque tokens for itself.
    pub(crate) machine: Client,
    /// An app whose refresh tokens rotate.
    pub(crate) public: Client,
    database: Database,
    _folder: TempDir,
}

impl Site {
    /// Starts once on nothing, and registers who takes part.
    pub(crate) async fn build() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("doorward-crash-").tempdir()?;
        let database = Database::of_environment().await?;
        let port = free_port()?;
        let installation = Installation::new(folder.path(), database.url()?, port);
        installation.create_user()?;
        let opaque = ["--access-token-format", "opaque"];
        let machine = installation.create_client("machine", &opaque)?;
        let public = installation.create_client("spa", &opaque)?;
        let target = Target::of_issuer(port);
        Ok(Self { installation, target, machine, public, database, _folder: folder })
    }

    /// The name of the engine.
    pub(crate) const fn engine(&self) -> &'static str {
        self.database.engine()
    }

    /// Where the server listens.
    pub(crate) const fn port(&self) -> u16 {
        self.installation.port
    }

    /// Starts the server; also returned is the time until it was ready.
    pub(crate) async fn start(&self) -> anyhow::Result<(Server, Duration)> {
        Server::start(self.installation.serve(), self.port()).await
    }

    /// A connection of its own.
    pub(crate) async fn connect(&self) -> anyhow::Result<Connection> {
        Connection::open(self.port(), &self.target.authority).await
    }

    /// Checks the chain of the audit log, beside the running server; the number of its events.
    pub(crate) fn verify_audit_log(&self) -> anyhow::Result<u64> {
        let answer = self.installation.run(&["audit", "verify"], "")?;
        ensure!(answer.get("intact") == Some(&Value::Bool(true)), "the audit log: {answer}");
        answer.get("events").and_then(Value::as_u64).context("a number of events")
    }

    /// How many events of `action` the audit log holds.
    pub(crate) fn count_events(&self, action: &str) -> anyhow::Result<usize> {
        let (mut count, mut after) = (0, "0".to_owned());
        loop {
            let arguments =
                ["audit", "list", "--action", action, "--limit", "1000", "--after", &after];
            let page = self.installation.run(&arguments, "")?;
            let page = page.as_array().context("a list of events")?;
            let Some(last) = page.last() else { return Ok(count) };
            after = last.get("seq").context("an event without a number")?.to_string();
            count += page.len();
        }
    }
}
