//! The life of the process: open, listen, say so, answer, end in order.

use std::{net::SocketAddr, pin::Pin, sync::Arc};

use axum::Router;

use super::{
    Bound, ServerError, bind,
    in_use::InUse,
    install_crypto_provider,
    open::{self, OpenError},
    stop_signal,
};
use crate::{
    config::{self, Config},
    http::{
        self, Explain,
        admin::{Administration, Served},
        layer::{
            client_address::TrustedProxies,
            edge::{Edge, RequestLimits},
        },
        ops::{self, Draining, Readiness},
    },
    protocol::issuer::Transport,
    service::{Context, ServiceError, built_in, health, jobs::Jobs, setup},
    telemetry::{
        log::{self, LogError},
        metrics::Metrics,
    },
    types::Secret,
};

/// Why the server does not begin, or ended otherwise than it was told to.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The log cannot be written as configured.
    #[error("log: {0}")]
    Log(#[from] LogError),
    /// The metrics cannot be gathered.
    #[error("metrics: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
    /// The database, the master key or the services cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The listeners failed.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// A service failed before the first request.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The operating system gave no signal handler.
    #[error("signals: {0}")]
    Signal(std::io::Error),
}

/// What there is to say once the server listens.
#[derive(Debug)]
pub struct Started {
    /// Where browsers and apps find it.
    pub issuer: String,
    /// The address that it listens on.
    pub address: SocketAddr,
    /// The one-time link that makes the first administrator, while there are no users. Whoever has it
    /// becomes the administrator: it goes to the operator's terminal and never to a log.
    pub setup_link: Option<Secret<String>>,
}

/// Runs the server until SIGTERM or SIGINT. `announce` is called once, when it listens.
///
/// # Errors
/// [`RunError`] when it cannot begin or a listener fails.
pub async fn run(config: &Config, announce: impl FnOnce(&Started)) -> Result<(), RunError> {
    let _last_words = log::install(&config.log)?;
    install_crypto_provider();
    let metrics = Metrics::install()?;
    let stop = stop_signal().map_err(RunError::Signal)?;
    let server = Server::open(config).await?;
    announce(&server.started().await?);
    server.serve(metrics, stop).await
}

/// A server that has its addresses and its database, and answers nobody yet.
///
/// [`run`] is the whole life of a server process. A program that runs a server within itself, as the
/// demo does, takes the same steps, and decides itself where the log goes and when to stop.
#[derive(Debug)]
pub struct Server {
    config: Config,
    bound: Bound,
    ctx: Arc<Context>,
    in_use: InUse,
}

impl Server {
    /// Takes the addresses of `config`, then opens the database; whoever comes early waits.
    ///
    /// # Errors
    /// [`RunError`] when an address is taken, or something cannot be opened.
    pub async fn open(config: &Config) -> Result<Self, RunError> {
        let bound = bind(config)?;
        let in_use = InUse::with_others(config).map_err(OpenError::from)?;
        let ctx = open::open(config).await?;
        if config.serves_admin_docs() {
            built_in::ensure_docs_client(&ctx, http::admin::DOCS_REDIRECT).await?;
        }
        if config.legacy.password_grant {
            tracing::warn!("legacy.password_grant is on: apps see the passwords of their users");
        }
        Ok(Self { config: config.clone(), bound, ctx, in_use })
    }

    /// What the services work with: users and clients can be made before the first request.
    #[must_use]
    pub const fn context(&self) -> &Arc<Context> {
        &self.ctx
    }

    /// What there is to say about it.
    ///
    /// # Errors
    /// [`RunError`] when the database does not answer.
    pub async fn started(&self) -> Result<Started, RunError> {
        let issuer = self.ctx.protocol.issuer.to_string();
        let link = setup::link(&self.ctx).await?;
        Ok(Started {
            address: self.bound.public_address().map_err(ServerError::Listener)?,
            setup_link: link
                .map(|token| Secret::new(format!("{issuer}/setup?token={}", token.expose()))),
            issuer,
        })
    }

    /// Answers until `stop` is ready, then ends in order: listeners, jobs, password threads, database.
    ///
    /// # Errors
    /// [`RunError::Server`] when a listener fails.
    pub async fn serve(
        self,
        metrics: Metrics,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), RunError> {
        let Self { config, bound, ctx, in_use } = self;
        let jobs = Jobs::start(&ctx);
        let upkeep = tokio::spawn(metrics.clone().upkeep());
        let draining = Draining::default();
        let readiness: Arc<dyn Readiness> = Arc::new(ContextReadiness(Arc::clone(&ctx)));
        let management =
            ops::management(Arc::clone(&readiness), draining.clone(), metrics.renderer());
        let public = public(&config, &ctx, readiness, draining.clone());
        let ended = bound.serve(public, management, draining, stop).await;

        jobs.stop().await;
        upkeep.abort();
        ctx.passwords.shutdown().await;
        ctx.db.close().await;
        drop(in_use);
        Ok(ended?)
    }
}

/// Every route of the public listener, and the edge around them.
fn public(
    config: &Config,
    ctx: &Arc<Context>,
    readiness: Arc<dyn Readiness>,
    draining: Draining,
) -> Router {
    // Errors explain themselves where apps are being developed.
    let explain = match config.issuer.transport() {
        Transport::LocalHttp => Explain::ToDevelopers,
        Transport::Https => Explain::ToTheLog,
    };
    let edge = Edge {
        limits: RequestLimits {
            body: config.limits.body.count(),
            uri: config.limits.uri.count(),
            time: config.limits.request_timeout,
        },
        proxies: TrustedProxies::new(config.proxy.trusted.clone()),
        clock: Arc::clone(&ctx.clock),
        random: Arc::clone(&ctx.random),
        issuer: ctx.protocol.issuer.clone(),
    };
    let served = match (config.admin.enabled, config.serves_admin_docs()) {
        (false, _) => Served::Nothing,
        (true, false) => Served::Api,
        (true, true) => Served::ApiAndDocs,
    };
    let administration = Administration { served, settings: config::changed(config) };
    let probes = ops::probes(readiness, draining);
    let routes = http::router(Arc::clone(ctx), explain, &administration).merge(probes);
    edge.around(routes)
}

/// The services' health, as the probes ask for it.
#[derive(Debug)]
struct ContextReadiness(Arc<Context>);

impl Readiness for ContextReadiness {
    fn failing(&self) -> Pin<Box<dyn Future<Output = Vec<&'static str>> + Send + '_>> {
        Box::pin(health::failing(&self.0))
    }
}
