//! Everything of the demo that starts Doorward.

use anyhow::Context;
use clap::Args;
use tokio::net::TcpStream;
use url::Url;

/// A running authorization server, and what it was given for the demo.
#[derive(Debug)]
pub(crate) struct Doorward {
    /// Its issuer, which is also the address of its pages.
    pub(crate) issuer: String,
    /// Notes' `client_id`.
    pub(crate) client_id: String,
    /// Notes' `client_secret`.
    pub(crate) client_secret: String,
    /// Who can sign in.
    pub(crate) users: Vec<DemoUser>,
}

/// Somebody who can sign in to the demo.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DemoUser {
    /// The name to sign in with.
    pub(crate) username: &'static str,
    /// The password to sign in with: strong enough for Doorward's own rule, easy to type.
    pub(crate) password: &'static str,
    /// The one role that the user holds.
    pub(crate) role: &'static str,
}

/// One user for each role.
pub(crate) const USERS: [DemoUser; 3] = [
    DemoUser { username: "alice", password: "alice-walks-her-dog-at-7", role: "user" },
    DemoUser { username: "mod", password: "mod-reads-every-note-twice", role: "moderator" },
    DemoUser { username: "admin", password: "admin-waters-12-tall-ferns", role: "admin" },
];

/// Another authorization server to sign in with, instead of one that the demo starts.
#[derive(Debug, Args)]
pub(crate) struct Elsewhere {
    /// Sign in with this issuer instead of starting Doorward.
    #[arg(long, requires_all = ["client_id", "client_secret"])]
    issuer: Option<String>,
    /// The `client_id` that Notes has there.
    #[arg(long)]
    client_id: Option<String>,
    /// The `client_secret` that Notes has there.
    #[arg(long, env = "DEMO_CLIENT_SECRET", hide_env_values = true)]
    client_secret: Option<String>,
}

/// Starts Doorward on `port`, with Notes at `notes` registered and [`USERS`] created.
///
/// With `--issuer` it starts nothing, and only looks whether somebody answers there.
pub(crate) async fn start(
    _port: u16,
    _notes: &str,
    elsewhere: Elsewhere,
) -> anyhow::Result<Doorward> {
    let issuer = elsewhere.issuer.context("--issuer is needed")?;
    let addresses = Url::parse(&issuer)?.socket_addrs(|| None)?;
    TcpStream::connect(addresses.as_slice())
        .await
        .with_context(|| format!("nobody answers at {issuer}"))?;
    Ok(Doorward {
        issuer,
        client_id: elsewhere.client_id.context("--client-id is needed")?,
        client_secret: elsewhere.client_secret.context("--client-secret is needed")?,
        users: USERS.to_vec(),
    })
}
