//! One listening socket and its limits.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum_server::tls_rustls::RustlsAcceptor;
use axum_server::{Handle, Server};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::admission::Admission;
use super::tls::Certificate;
use crate::config::Limits;

/// How many headers a request may have.
const MOST_HEADERS: usize = 100;
/// Streams that a client opened and reset before they were answered (CVE-2023-44487).
const MOST_RESET_STREAMS: usize = 20;
/// How often an HTTP/2 connection is asked whether it still lives.
const PING: Duration = Duration::from_secs(20);
/// Bytes of answers that one HTTP/2 stream may have waiting.
const SEND_BUFFER: usize = 64 * 1_024;

/// A listener that accepts.
pub(super) struct Listener {
    handle: Handle<SocketAddr>,
    task: JoinHandle<io::Result<()>>,
}

impl Listener {
    /// Begins to accept on `socket`: TLS with a certificate, plain without.
    pub(super) fn start(
        socket: TcpListener,
        router: Router,
        certificate: Option<Certificate>,
        limits: &Limits,
    ) -> Self {
        let handle = Handle::new();
        let mut server = Server::from_listener(socket)
            .handle(handle.clone())
            .first_request_timeout(limits.header_timeout)
            .accept_error_handler(refused)
            .acceptor(Admission::new(limits.connections, limits.request_timeout));
        bound(server.http_builder(), limits);
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let task = match certificate {
            None => tokio::spawn(server.serve(service)),
            Some(certificate) => {
                let timeout = limits.header_timeout;
                let server = server.map(|admission| {
                    let tls = RustlsAcceptor::new(certificate.acceptor_config());
                    tls.handshake_timeout(timeout).acceptor(admission)
                });
                tokio::spawn(server.serve(service))
            }
        };
        Self { handle, task }
    }

    /// Is ready when the listener has ended by itself, which is a failure.
    pub(super) async fn ended(&mut self) -> io::Result<()> {
        (&mut self.task).await.unwrap_or_else(|join| Err(io::Error::other(join)))
    }

    /// Accepts nobody any more, and waits at most `drain` for requests in progress.
    pub(super) async fn finish(mut self, drain: Duration) -> io::Result<()> {
        self.handle.graceful_shutdown(Some(drain));
        self.ended().await
    }
}

/// A connection that was closed before its first request. At `debug`: anybody can cause it.
fn refused(peer: Option<&SocketAddr>, error: &io::Error) {
    metrics::counter!("doorward_connections_refused_total").increment(1);
    if let Some(peer) = peer {
        tracing::debug!(client_address = %peer.ip(), %error, "connection refused");
    } else {
        // The listener itself failed, for example because there are no files left.
        tracing::error!(%error, "cannot accept connections");
    }
}

/// Applies `limits` to the connections that `builder` makes.
fn bound(builder: &mut Builder<TokioExecutor>, limits: &Limits) {
    let headers = limits.headers.count();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_headers(MOST_HEADERS)
        .max_buf_size(headers);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.http2_streams)
        .max_header_list_size(u32::try_from(headers).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(MOST_RESET_STREAMS)
        .max_local_error_reset_streams(MOST_RESET_STREAMS)
        .max_send_buf_size(SEND_BUFFER)
        .keep_alive_interval(PING)
        .keep_alive_timeout(limits.header_timeout);
}
