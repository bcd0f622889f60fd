//! Another server as a subject of the load: `benches/peer`, or whatever keeps to its contract.
//!
//! The command is started with `PEER_PORT` and `PEER_STORE` set. In memory is how it is fastest, and
//! nothing that it acknowledges lasts; on SQLite and on PostgreSQL it promises what Doorward does.

use std::process::Command;

use anyhow::Context;
use tempfile::TempDir;

use super::{
    credentials::{Client, Clients},
    operation::Operation,
    process::{Server, free_port},
    subject::{Paths, Subject},
};

const SECRET: &str = "benchmark-secret-0123456789abcdef0123456789abcdef";

/// What the tables call it, by its storage.
pub(crate) const IN_MEMORY: &str = "peer, in memory";
pub(crate) const ON_SQLITE: &str = "peer, SQLite";
pub(crate) const ON_POSTGRES: &str = "peer, PostgreSQL";

const PATHS: Paths = Paths {
    discovery: "/.well-known/openid-configuration",
    jwks: "/jwks",
    authorize: "/auth",
    token: "/token",
    introspect: "/token/introspection",
    user_info: "/me",
};

/// `oidc-provider` keeps no JWT access tokens, and so introspects none; and it has no API keys.
const LACKS: &[Operation] = &[
    Operation::IntrospectJwt,
    Operation::IntrospectApiKey,
    Operation::ExchangeApiKey,
    Operation::ExchangeWithRoles,
];

/// What touches no storage, or shows nothing of it, is measured once: in memory.
const WITHOUT_STORAGE: &[Operation] = &[
    Operation::Discovery,
    Operation::Jwks,
    Operation::ClientCredentialsJwt,
    Operation::IntrospectInStorm,
];

/// Starts the peer with everything in memory.
pub(crate) async fn in_memory(command: &str) -> anyhow::Result<Subject> {
    start(command, IN_MEMORY, "memory").await
}

/// Starts the peer on a database of SQLite in a fresh folder.
pub(crate) async fn on_sqlite(command: &str) -> anyhow::Result<Subject> {
    let folder = TempDir::with_prefix("doorward-load-")?;
    let store = format!("sqlite:{}", folder.path().join("peer.db").display());
    let subject = start(command, ON_SQLITE, &store).await?;
    Ok(subject.lacking(WITHOUT_STORAGE).keeping(folder))
}

/// Starts the peer on the empty database of PostgreSQL at `url`.
pub(crate) async fn on_postgres(command: &str, url: &str) -> anyhow::Result<Subject> {
    Ok(start(command, ON_POSTGRES, url).await?.lacking(WITHOUT_STORAGE))
}

async fn start(command: &str, name: &'static str, store: &str) -> anyhow::Result<Subject> {
    let port = free_port()?;
    let mut command = spelled(command)?;
    command.env("PEER_PORT", port.to_string()).env("PEER_STORE", store);
    let started = Server::start(command, port, PATHS.discovery).await?;
    let client = |id: &str, secret: Option<&str>| Client {
        id: id.to_owned(),
        secret: secret.map(str::to_owned),
    };
    let clients = Clients {
        machine_jwt: client("machine-jwt", Some(SECRET)),
        machine_opaque: client("machine-opaque", Some(SECRET)),
        app_jwt: client("app-jwt", Some(SECRET)),
        app_opaque: client("app-opaque", Some(SECRET)),
        public_jwt: client("public-jwt", None),
        api_keys: None,
    };
    let authority = format!("127.0.0.1:{port}");
    let starts = vec![started.first_answer];
    let subject = Subject::new(name, started.server, authority, PATHS, clients, starts).await;
    Ok(subject.lacking(LACKS))
}

/// The command with its arguments, which are separated by spaces.
fn spelled(command: &str) -> anyhow::Result<Command> {
    let mut words = command.split_whitespace();
    let program = words.next().context("--peer names no command")?;
    let mut command = Command::new(program);
    command.args(words);
    Ok(command)
}
