//! The edge: one layer around every route, which names, bounds, times, counts and logs a request, ends
//! its panics, and gives its answer the headers that every answer has.
//!
//! It is one function rather than nine layers because every layer costs each request a box and a
//! clone, and because the order of its steps matters: it can be read from top to bottom here.
//! A request cannot choose another method for itself: no header or field that tries is read.

mod line;

use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HOST, USER_AGENT};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, StatusCode, Version};
use http_body_util::{BodyExt, Limited};
use tracing::Instrument;

use line::{Line, Traffic};

use super::client_address::TrustedProxies;
use super::refusal::{Reader, Refusal};
use super::request_id::{Naming, RequestIds, X_FAPI_INTERACTION_ID, X_REQUEST_ID, interaction_id};
use super::security_headers;
use crate::protocol::issuer::Issuer;
use crate::types::origin::Origin;
use crate::types::random::Random;
use crate::types::time::Clock;

/// How much of a User-Agent is kept, in bytes.
const USER_AGENT_LENGTH: usize = 256;

/// What a request may use.
#[derive(Debug, Clone, Copy)]
pub struct RequestLimits {
    /// The body, in bytes.
    pub body: usize,
    /// Path and query, in bytes.
    pub uri: usize,
    /// From the end of the headers to the answer.
    pub time: Duration,
}

/// What the edge needs to know.
#[derive(Debug)]
pub struct Edge {
    /// What a request may use.
    pub limits: RequestLimits,
    /// Who may name the client and the request.
    pub proxies: TrustedProxies,
    /// Measures requests, and dates their ids.
    pub clock: Arc<dyn Clock>,
    /// Makes their ids unique.
    pub random: Arc<dyn Random>,
    /// How this server is reached, for what the edge answers itself.
    pub issuer: Issuer,
}

impl Edge {
    /// Puts the edge around every route of `router` and around its fallback. Handlers find the
    /// request's [`Origin`] in its extensions.
    pub fn around<S: Clone + Send + Sync + 'static>(self, router: Router<S>) -> Router<S> {
        let request_ids = RequestIds::begin(self.random.as_ref());
        let at_work = AtWork { edge: self, request_ids, traffic: Traffic::default() };
        router.layer(from_fn_with_state(Arc::new(at_work), pass))
    }

    /// What can be refused by looking at the head of the request.
    fn refusal(&self, request: &Request) -> Option<Refusal> {
        let uri = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
        if uri > self.limits.uri {
            return Some(Refusal::UriTooLong);
        }
        if !has_one_host(request) {
            return Some(Refusal::Host);
        }
        let headers = request.headers();
        if headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
            return Some(Refusal::ContentEncoding);
        }
        let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        let length = length.and_then(|length| length.parse::<usize>().ok()).unwrap_or(0);
        (length > self.limits.body).then_some(Refusal::ContentTooLarge)
    }
}

/// An edge, and what it remembers from request to request.
#[derive(Debug)]
struct AtWork {
    edge: Edge,
    request_ids: RequestIds,
    traffic: Traffic,
}

impl AtWork {
    /// Who sent the request, and its id.
    fn origin(&self, request: &Request) -> Origin {
        let (proxies, headers) = (&self.edge.proxies, request.headers());
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let trusted = peer.is_some_and(|peer| proxies.contains(peer));
        let naming = if trusted { Naming::Trusted } else { Naming::Untrusted };
        Origin {
            request_id: self.request_ids.of(headers, naming, self.edge.clock.now()),
            address: peer.map(|peer| proxies.client(peer, headers)),
            user_agent: user_agent(headers),
        }
    }
}

/// A request of HTTP/1.1 names one host; one of an older or newer version may leave it out. The name is
/// used for nothing, but a proxy may go by it. RFC 9112 §3.2.
fn has_one_host(request: &Request) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => request.version() != Version::HTTP_11,
        (Some(host), None) => {
            // An address without a name has an empty one.
            let name = Authority::try_from(host.as_bytes());
            host.is_empty() || name.is_ok_and(|name| !name.as_str().contains('@'))
        }
        (Some(_), Some(_)) => false,
    }
}

/// The way of a request through the edge.
async fn pass(State(at_work): State<Arc<AtWork>>, mut request: Request, next: Next) -> Response {
    let edge = &at_work.edge;
    let arrived = edge.clock.uptime();
    let origin = at_work.origin(&request);
    let route = request.extensions().get::<MatchedPath>().cloned();
    let reader = Reader::of(request.headers(), route.as_ref().map(MatchedPath::as_str));
    let interaction_id = interaction_id(request.headers());
    let line = Line {
        method: line::method_label(request.method()),
        route,
        request_id: origin.request_id.clone(),
        address: origin.address,
    };

    let mut response = if let Some(refusal) = edge.refusal(&request) {
        refusal.response(reader, &edge.issuer, &line.request_id)
    } else {
        request.extensions_mut().insert(origin);
        answer(edge, request, next, reader, &line.request_id).await
    };

    security_headers::complete(&mut response, edge.issuer.transport());
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&line.request_id) {
        headers.insert(X_REQUEST_ID, id);
    }
    if let Some(id) = interaction_id {
        headers.insert(X_FAPI_INTERACTION_ID, id);
    }
    let duration = edge.clock.uptime().saturating_sub(arrived);
    line.write(&at_work.traffic, response.status(), duration);
    response
}

/// The answer of the handler, or the edge's own where it has none.
async fn answer(
    edge: &Edge,
    request: Request,
    next: Next,
    reader: Reader,
    request_id: &str,
) -> Response {
    let refuse = |refusal: Refusal| refusal.response(reader, &edge.issuer, request_id);
    let span = tracing::info_span!("request", %request_id);
    let (request, received) = bounded(request, edge.limits.body);
    let answer = catch(next.run(request)).instrument(span);
    match tokio::time::timeout(edge.limits.time, answer).await {
        // A body whose length was not told turned out too long while it was read.
        Ok(Ok(response)) if response.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            refuse(Refusal::ContentTooLarge)
        }
        Ok(Ok(response)) => response,
        Ok(Err(Panicked)) => refuse(Refusal::Panicked),
        Err(_) if received.load(Ordering::Relaxed) => refuse(Refusal::TooBusy),
        Err(_) => refuse(Refusal::RequestTimeout),
    }
}

/// Bounds the body, and tells whether all of it has arrived.
fn bounded(request: Request, limit: usize) -> (Request, Arc<AtomicBool>) {
    let received = Arc::new(AtomicBool::new(request.body().is_end_stream()));
    if received.load(Ordering::Relaxed) {
        return (request, received);
    }
    let flag = Arc::clone(&received);
    let bounded = request.map(|body| {
        // The trailers are asked for after the last byte: that is when the body has arrived.
        Body::new(Limited::new(body, limit).with_trailers(async move {
            flag.store(true, Ordering::Relaxed);
            None
        }))
    });
    (bounded, received)
}

/// The beginning of the User-Agent, cut between two characters.
fn user_agent(headers: &HeaderMap) -> Option<String> {
    let text = std::str::from_utf8(headers.get(USER_AGENT)?.as_bytes()).ok()?;
    let end = text.floor_char_boundary(USER_AGENT_LENGTH);
    text.get(..end).map(str::to_owned)
}

/// A handler panicked. Its message may hold anything, so the panic hook alone decides what to log.
#[derive(Debug, Clone, Copy)]
struct Panicked;

/// Polls `answer` to its end, or to a panic in it, which is counted.
async fn catch(answer: impl Future<Output = Response>) -> Result<Response, Panicked> {
    let mut answer = pin!(answer);
    std::future::poll_fn(|cx| {
        // What a handler that panicked leaves behind is dropped and never polled again.
        let poll = AssertUnwindSafe(|| answer.as_mut().poll(cx));
        catch_unwind(poll).map_or_else(
            |_| {
                metrics::counter!("doorward_panics_total").increment(1);
                Poll::Ready(Err(Panicked))
            },
            |poll| poll.map(Ok),
        )
    })
    .await
}

#[cfg(test)]
mod tests;
