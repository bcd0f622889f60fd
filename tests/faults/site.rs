//! An installation of one test, and what is asked of it.

use std::{process::Command, time::Duration};

use http::HeaderValue;
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::process::{
    cli::Installation,
    credentials::Client,
    http::{Answer, Call, Connection},
    server::{Server, free_port},
    sign_in,
    subject::Target,
};

/// How long a condition may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A folder with a server's files, its user and a machine with opaque tokens.
pub(crate) struct Site {
    pub(crate) installation: Installation,
    pub(crate) target: Target,
    pub(crate) machine: Client,
    pub(crate) folder: TempDir,
}

impl Site {
    /// On SQLite.
    pub(crate) fn build() -> Self {
        Self::on(None)
    }

    /// On PostgreSQL, if there is an address.
    pub(crate) fn on(database_url: Option<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port().unwrap();
        let installation = Installation::new(folder.path(), database_url, port);
        let flags = ["--access-token-format", "opaque"];
        let machine = installation.create_client("machine", &flags).unwrap();
        Self { installation, target: Target::of_issuer(port), machine, folder }
    }

    pub(crate) const fn port(&self) -> u16 {
        self.installation.port
    }

    pub(crate) async fn start(&self) -> Server {
        self.start_as(self.installation.serve()).await
    }

    /// Starts the server by a command of the test's own.
    pub(crate) async fn start_as(&self, command: Command) -> Server {
        Server::start(command, self.port()).await.unwrap().0
    }

    pub(crate) async fn connect(&self) -> Connection {
        Connection::open(self.port(), &self.target.authority).await.unwrap()
    }

    /// A request of the machine for a token, which writes nothing.
    pub(crate) fn token_request(&self) -> Call {
        let fields = [("grant_type", "client_credentials")];
        sign_in::token_request(&self.target, &self.machine, &fields).unwrap()
    }

    /// Asks for a token.
    pub(crate) async fn token(&self, connection: &mut Connection) -> Answer {
        connection.send(&self.token_request()).await.unwrap()
    }

    /// A token that was handed out.
    pub(crate) async fn granted(&self, connection: &mut Connection) -> String {
        sign_in::tokens(&self.token(connection).await).unwrap().access_token
    }

    /// The machine's request about a token of its own.
    pub(crate) fn of_machine(&self, path: &str, token: &str) -> Call {
        let authorization: Option<HeaderValue> = self.machine.authorization().unwrap();
        Call::post(path, [("token", token)]).authorized(authorization)
    }

    /// Takes back `token`, which is a write.
    pub(crate) async fn revoke(&self, connection: &mut Connection, token: &str) -> Answer {
        connection.send(&self.of_machine("/revoke", token)).await.unwrap()
    }

    /// A write: a new token is taken back. The answer is that of the first step that is refused.
    pub(crate) async fn write(&self, connection: &mut Connection) -> Answer {
        let answer = self.token(connection).await;
        match sign_in::tokens(&answer) {
            Ok(tokens) => self.revoke(connection, &tokens.access_token).await,
            Err(_) => answer,
        }
    }

    /// What introspection says of `token`, which is a read.
    pub(crate) async fn is_active(&self, connection: &mut Connection, token: &str) -> bool {
        let call = self.of_machine("/introspect", token);
        let answer = connection.send(&call).await.unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        body["active"].as_bool().unwrap()
    }
}

/// The status of a page.
pub(crate) async fn status(connection: &mut Connection, path: &str) -> u16 {
    connection.send(&Call::get(path)).await.unwrap().status
}

/// Waits until `holds`.
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < PATIENCE, "not in time: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}
