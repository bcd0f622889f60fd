//! Two nodes behind no balancer: tests choose whom they speak to.

use std::{fs::OpenOptions, io::Write, os::unix::fs::OpenOptionsExt, time::Duration};

use http::{HeaderValue, header};
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::process::{
    cli::Installation,
    credentials::Client,
    database::Database,
    http::{Answer, Call, Connection},
    server::{Server, free_port},
    sign_in::{self, Browser, Tokens, Wish},
    subject::Target,
};

/// A master key, as its file holds it: both nodes have it before they meet the database.
const MASTER_KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\n";
/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// Two nodes of one issuer, who is called like the first.
pub(crate) struct Pair {
    pub(crate) target: Target,
    pub(crate) nodes: [Installation; 2],
    _servers: [Server; 2],
    _folders: [TempDir; 2],
    _database: Database,
}

impl Pair {
    /// Starts both at once on an empty database.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same with settings for both, from their environment.
    pub(crate) async fn start_with(settings: &[(&str, &str)]) -> Self {
        let database = Database::postgres().await.unwrap();
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let ports = [free_port().unwrap(), free_port().unwrap()];
        let nodes = [0, 1].map(|node| {
            let folder = folders[node].path();
            let mut file = OpenOptions::new();
            let file = file.write(true).create_new(true).mode(0o600);
            let mut file = file.open(folder.join("master.key")).unwrap();
            file.write_all(MASTER_KEY.as_bytes()).unwrap();
            let url = database.url().unwrap();
            Installation { issuer_port: ports[0], ..Installation::new(folder, url, ports[node]) }
        });
        let mut servers = [0, 1].map(|node: usize| {
            let mut command = nodes[node].serve();
            command.envs(settings.iter().copied());
            Server::spawn(command).unwrap()
        });
        for (server, port) in servers.iter_mut().zip(ports) {
            server.ready(port).await.unwrap();
        }
        let target = Target::of_issuer(ports[0]);
        Self { target, nodes, _servers: servers, _folders: folders, _database: database }
    }

    /// A connection to a node.
    pub(crate) async fn connect(&self, node: usize) -> Connection {
        Connection::open(self.nodes[node].port, &self.target.authority).await.unwrap()
    }

    /// `count` connections, to both nodes in turn.
    pub(crate) async fn connections(&self, count: usize) -> Vec<Connection> {
        let mut connections = Vec::with_capacity(count);
        for number in 0..count {
            connections.push(self.connect(number % 2).await);
        }
        connections
    }

    /// A code from the first node, by a sign-in through the pages if need be.
    pub(crate) async fn code(
        &self,
        browser: &mut Browser,
        connection: &mut Connection,
        client: &Client,
    ) -> String {
        let wish = Wish { client, scope: sign_in::PLAIN };
        browser.authorize(connection, &self.target, wish).await.unwrap()
    }

    /// The tokens of a new grant.
    pub(crate) async fn grant(
        &self,
        browser: &mut Browser,
        connection: &mut Connection,
        client: &Client,
    ) -> Tokens {
        let code = self.code(browser, connection, client).await;
        let call = sign_in::redemption(&self.target, client, &code).unwrap();
        sign_in::tokens(&connection.send(&call).await.unwrap()).unwrap()
    }

    /// A token of `client` for itself.
    pub(crate) async fn own_token(&self, connection: &mut Connection, client: &Client) -> String {
        let fields = [("grant_type", "client_credentials")];
        let call = sign_in::token_request(&self.target, client, &fields).unwrap();
        sign_in::tokens(&connection.send(&call).await.unwrap()).unwrap().access_token
    }
}

/// What the node at the other end says of `token`.
pub(crate) async fn is_active(connection: &mut Connection, client: &Client, token: &str) -> bool {
    let answer = authorized(connection, client, "/introspect", token).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    json(&answer)["active"].as_bool().unwrap()
}

/// Revokes `token`.
pub(crate) async fn revoke(connection: &mut Connection, client: &Client, token: &str) {
    let answer = authorized(connection, client, "/revoke", token).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

async fn authorized(
    connection: &mut Connection,
    client: &Client,
    path: &str,
    token: &str,
) -> Answer {
    let authorization = client.authorization().unwrap();
    let call = Call::post(path, [("token", token)]).authorized(authorization);
    connection.send(&call).await.unwrap()
}

/// The status of UserInfo: 401 when the token does not count, 403 when it counts and has no `openid`.
pub(crate) async fn userinfo(connection: &mut Connection, token: &str) -> u16 {
    let bearer = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
    let call = Call::get("/userinfo").with(header::AUTHORIZATION, bearer);
    connection.send(&call).await.unwrap().status
}

/// The body of an answer.
pub(crate) fn json(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap()
}

/// Looks until `holds` says so, and returns how long that took since `began`; fails after `limit`.
pub(crate) async fn within(
    limit: Duration,
    began: Instant,
    mut holds: impl AsyncFnMut() -> bool,
) -> Duration {
    loop {
        let asked = began.elapsed();
        if holds().await {
            return asked;
        }
        assert!(asked <= limit, "not within {limit:?}");
        sleep(LOOK).await;
    }
}

/// How many rounds a race runs: as many as asked for, or `default`.
#[expect(clippy::disallowed_methods, reason = "by hand the races run longer")]
pub(crate) fn rounds(default: usize) -> usize {
    let asked = std::env::var("DOORWARD_RACE_ROUNDS").ok();
    asked.map_or(default, |rounds| rounds.parse().expect("DOORWARD_RACE_ROUNDS is a number"))
}
