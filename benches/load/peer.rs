//! Another server as a subject of the load: `benches/peer`, or whatever keeps to its contract.
//!
//! The command is started with `PEER_PORT` set, and prints `ready http://127.0.0.1:PORT pid PID …`.

use std::process::Command;

use anyhow::Context;

use super::{
    credentials::{Client, Clients},
    operation::Operation,
    process::Server,
    subject::{Paths, Subject},
};

const PORT: u16 = 8100;
/// The peer that takes the password as it is, for what a sign-in costs without the hash.
const PORT_WITHOUT_HASH: u16 = 8101;
const SECRET: &str = "benchmark-secret-0123456789abcdef0123456789abcdef";

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

/// Starts the peer twice: with and without hashing of passwords.
pub(crate) async fn start(command: &str) -> anyhow::Result<Subject> {
    let with = Server::start(spelled(command, PORT)?, PORT, PATHS.discovery).await?;
    let mut plain = spelled(command, PORT_WITHOUT_HASH)?;
    plain.env("PEER_PASSWORD_HASH", "none");
    let without = Server::start(plain, PORT_WITHOUT_HASH, PATHS.discovery).await?;
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
    let authority = format!("127.0.0.1:{PORT}");
    let subject =
        Subject::new("peer", with.server, authority, PATHS, clients, vec![with.first_answer]).await;
    let subject = subject.lacking(LACKS);
    Ok(subject.with_unhashed(without.server, format!("127.0.0.1:{PORT_WITHOUT_HASH}")))
}

/// The command with its arguments, which are separated by spaces.
fn spelled(command: &str, port: u16) -> anyhow::Result<Command> {
    let mut words = command.split_whitespace();
    let program = words.next().context("--peer names no command")?;
    let mut command = Command::new(program);
    command.args(words).env("PEER_PORT", port.to_string());
    Ok(command)
}
