//! The listeners: sockets, TLS, limits of connections, and an orderly end.
//!
//! [`bind`] takes the addresses and reads the certificate, so that what is wrong with them is known
//! before anything else happens; [`Bound::serve`] answers until it is told to stop, lets requests
//! in progress finish, and returns.
//!
//! What bounds a connection, and by whom:
//! - axum-server: the TLS handshake, the time to the first request, the drain at the end;
//! - hyper: the time and size of the headers, how many there are, streams and resets of HTTP/2. The
//!   header timeout also ends an HTTP/1 connection that is idle between two requests;
//! - `admission`: how many connections there are;
//! - `patience`: how long a client may not read what is sent to it.

mod admission;
pub mod backup;
pub mod clock;
mod figures;
pub mod in_use;
mod listener;
pub mod master_key;
pub mod open;
mod patience;
pub mod random;
pub mod restore;
mod run;
mod shutdown;
mod tls;

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;

use axum::Router;
use tokio::net::{TcpListener, TcpSocket};

pub use run::{RunError, Server, Started, run};
pub use shutdown::stop_signal;
pub use tls::{TlsError, install_crypto_provider};

use crate::config::Config;
use crate::http::ops::Draining;
use listener::Listener;
use tls::Certificate;

/// Why the server cannot begin, or cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address} (`{setting}`): {reason}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The setting that names it.
        setting: &'static str,
        /// What the operating system says.
        reason: std::io::Error,
    },
    /// The certificate or its key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The certificate is set and its key is not, which a checked configuration excludes.
    #[error("`tls.certificate` is set to {} and `tls.key` is not, or the other way round", .0.display())]
    HalfTls(PathBuf),
    /// A listener failed.
    #[error("a listener failed: {0}")]
    Listener(#[from] std::io::Error),
}

/// Listeners that have their addresses and accept nobody yet.
#[derive(Debug)]
pub struct Bound {
    public: TcpListener,
    management: Option<TcpListener>,
    certificate: Option<Certificate>,
    config: Config,
}

/// Takes the addresses of `config` and reads its certificate, within a runtime of tokio.
///
/// # Errors
/// [`ServerError`] when an address is taken, or the certificate or its key cannot be used.
pub fn bind(config: &Config) -> Result<Bound, ServerError> {
    let certificate = match (&config.tls.certificate, &config.tls.key) {
        (Some(certificate), Some(key)) => Some(Certificate::load(certificate, key)?),
        (None, None) => None,
        (Some(path), None) | (None, Some(path)) => return Err(ServerError::HalfTls(path.clone())),
    };
    let public = listen(config.listen, "listen")?;
    let management = match config.management.listen {
        Some(address) => Some(listen(address, "management.listen")?),
        None => None,
    };
    Ok(Bound { public, management, certificate, config: config.clone() })
}

/// How many connections the system keeps until they are accepted, if it allows as many. With those beyond, it
/// may forget a client that believes to be connected.
const BACKLOG: u32 = 4_096;

fn listen(address: SocketAddr, setting: &'static str) -> Result<TcpListener, ServerError> {
    let bound = || {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        // Connections of a server that has just ended do not keep the next one away.
        #[cfg(unix)]
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    bound().map_err(|reason| ServerError::Bind { address, setting, reason })
}

impl Bound {
    /// The address of the public listener; its port is known even when 0 was asked for.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn public_address(&self) -> std::io::Result<SocketAddr> {
        self.public.local_addr()
    }

    /// The address of the management listener, if there is one.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn management_address(&self) -> std::io::Result<Option<SocketAddr>> {
        self.management.as_ref().map(TcpListener::local_addr).transpose()
    }

    /// Answers until `stop` is ready, then ends in this order: `draining` begins, so that `/ready`
    /// says no; after `shutdown.notice` nobody is accepted any more; requests in progress have
    /// `shutdown.drain` to finish, while the management listener still answers.
    ///
    /// # Errors
    /// [`ServerError::Listener`] when a listener fails.
    pub async fn serve(
        self,
        public: Router,
        management: Router,
        draining: Draining,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), ServerError> {
        let Self { public: public_socket, management: management_socket, certificate, config } =
            self;
        let reload = certificate.clone().map(|certificate| tokio::spawn(certificate.watch()));
        let management = management_socket
            .map(|socket| Listener::start(socket, management, None, &config.limits));
        let mut public = Listener::start(public_socket, public, certificate, &config.limits);

        tokio::select! {
            () = stop => {}
            ended = public.ended() => return ended.map_err(ServerError::Listener),
        }
        draining.begin();
        tracing::info!("stopping: not ready any more");
        tokio::time::sleep(config.shutdown.notice).await;
        public.finish(config.shutdown.drain).await?;
        if let Some(management) = management {
            management.finish(std::time::Duration::from_secs(1)).await?;
        }
        if let Some(reload) = reload {
            reload.abort();
        }
        tracing::info!("stopped");
        Ok(())
    }
}

#[cfg(test)]
mod tests;
