//! How many connections there are at most, that they do not wait for full packets, and that their other
//! end must read.

use std::future::{Ready, ready};
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum_server::accept::Accept;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::Service;

use super::patience::Patience;

/// Admits a bounded number of connections. One more is closed at once: a client that tries again
/// finds a place sooner than one that waits in a queue which nobody sees.
#[derive(Debug, Clone)]
pub(super) struct Admission {
    places: Arc<Semaphore>,
    patience: Duration,
}

impl Admission {
    /// At most `connections` at the same time; one that is not read from for `patience` ends.
    pub(super) fn new(connections: u32, patience: Duration) -> Self {
        let places = usize::try_from(connections).unwrap_or(usize::MAX);
        let places = Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS)));
        Self { places, patience }
    }
}

impl<S> Accept<TcpStream, S> for Admission {
    type Stream = Patience<TcpStream>;
    type Service = Admitted<S>;
    type Future = Ready<io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return ready(Err(io::Error::other("too many connections")));
        };
        let admitted = Admitted { service, _place: Arc::new(place) };
        ready(stream.set_nodelay(true).map(|()| (Patience::new(stream, self.patience), admitted)))
    }
}

/// The service of one connection, which holds its place until the last of its requests is over.
#[derive(Debug, Clone)]
pub(super) struct Admitted<S> {
    service: S,
    _place: Arc<OwnedSemaphorePermit>,
}

impl<S: Service<R>, R> Service<R> for Admitted<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        self.service.call(request)
    }
}
