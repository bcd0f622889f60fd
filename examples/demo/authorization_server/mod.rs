//! Everything of the demo that runs Doorward.

mod registrations;

use std::path::Path;

use anyhow::Context as _;
use clap::Args;
use doorward::{
    config::{self, Config, Flags},
    server::Server,
    telemetry::{log, metrics::Metrics},
};
use tempfile::TempDir;
use tokio::net::TcpStream;
use url::Url;

pub(crate) use registrations::{DemoUser, Registered, USERS};

/// An authorization server that Notes is registered with.
pub(crate) struct Doorward {
    /// Its issuer, which is also the address of its pages.
    pub(crate) issuer: String,
    /// Notes' `client_id`.
    pub(crate) client_id: String,
    /// Notes' `client_secret`.
    pub(crate) client_secret: String,
    /// What the API asks about tokens with; elsewhere it checks them offline alone.
    pub(crate) api: Option<Registered>,
    /// Who can sign in.
    pub(crate) users: Vec<DemoUser>,
    /// The server that the demo runs itself.
    own: Option<Own>,
}

/// A server within this process.
struct Own {
    server: Server,
    metrics: Metrics,
    /// Its database and its master key; deleted with this value.
    folder: TempDir,
}

/// Another authorization server to sign in with, instead of one that the demo starts.
#[derive(Debug, Args)]
pub(crate) struct Elsewhere {
    /// Sign in with this issuer instead of starting Doorward.
    #[arg(long, requires_all = ["client_id", "client_secret"])]
    issuer: Option<String>,
    /// The `client_id` that Notes has there.
    #[arg(long, requires = "issuer")]
    client_id: Option<String>,
    /// The `client_secret` that Notes has there.
    #[arg(long, env = "DEMO_CLIENT_SECRET", hide_env_values = true)]
    client_secret: Option<String>,
}

/// Opens Doorward on `port` with an empty database, registers Notes at `notes` and its API at `api`,
/// and makes [`USERS`].
///
/// With `--issuer` it opens nothing, and only looks whether somebody answers there.
pub(crate) async fn open(
    port: u16,
    notes: &str,
    api: &str,
    elsewhere: Elsewhere,
) -> anyhow::Result<Doorward> {
    if let Some(issuer) = elsewhere.issuer {
        let addresses = Url::parse(&issuer)?.socket_addrs(|| None)?;
        TcpStream::connect(addresses.as_slice())
            .await
            .with_context(|| format!("nobody answers at {issuer}"))?;
        let client_id = elsewhere.client_id.context("--client-id is needed")?;
        let client_secret = elsewhere.client_secret.context("--client-secret is needed")?;
        let users = USERS.to_vec();
        return Ok(Doorward { issuer, client_id, client_secret, api: None, users, own: None });
    }
    let folder = TempDir::with_prefix("doorward-demo-")?;
    let config = configuration(port, folder.path())?;
    let _last_words = log::install(&config.log)?;
    let server = Server::open(&config).await?;
    registrations::make_users(server.context()).await?;
    let registered = registrations::register_notes(server.context(), notes, api).await?;
    let api = registrations::register_api(server.context(), api).await?;
    Ok(Doorward {
        issuer: config.issuer.to_string(),
        client_id: registered.client_id,
        client_secret: registered.client_secret.expose().clone(),
        api: Some(api),
        users: USERS.to_vec(),
        own: Some(Own { server, metrics: Metrics::install()?, folder }),
    })
}

/// The defaults, but for what the demo must choose. No file and no variable has a say, so that the
/// demo is the same for everybody.
fn configuration(port: u16, folder: &Path) -> anyhow::Result<Config> {
    let flags = Flags {
        issuer: Some(format!("http://localhost:{port}")),
        listen: Some(format!("127.0.0.1:{port}")),
        management_listen: Some(String::new()),
        data_dir: Some(folder.join("data").display().to_string()),
        log_filter: Some("warn".to_owned()),
        ..Flags::default()
    };
    let mut config = config::load(&flags, [], &folder.join("doorward.toml"))?;
    // Nobody waits long for a demo to stop.
    config.shutdown.drain = super::notes::LAST_REQUESTS;
    Ok(config)
}

impl Doorward {
    /// Answers until `stop` is ready, then ends in order and deletes its data. What runs elsewhere
    /// runs on.
    pub(crate) async fn serve(self, stop: impl Future<Output = ()> + Send) -> anyhow::Result<()> {
        let Some(Own { server, metrics, folder }) = self.own else {
            stop.await;
            return Ok(());
        };
        server.serve(metrics, stop).await?;
        Ok(folder.close()?)
    }
}
