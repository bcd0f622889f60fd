//! The edge: one layer around every route, which names, bounds, times, counts and logs a request.
//!
//! It is one function rather than seven layers because every layer costs each request a box and a
//! clone, and because the order of its steps matters: it can be read from top to bottom here.
//! A request cannot choose another method for itself: no header or field that tries is read.

use std::any::Any;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HOST, USER_AGENT};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version};
use http_body_util::{BodyExt, Limited};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;

use super::client_address::TrustedProxies;
use super::refusal::{Reader, Refusal};
use super::request_id::{Naming, X_FAPI_INTERACTION_ID, X_REQUEST_ID, interaction_id, request_id};
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
        let catch: fn(Box<dyn Any + Send>) -> Response = panicked;
        router.layer((from_fn_with_state(Arc::new(self), pass), CatchPanicLayer::custom(catch)))
    }

    /// Who sent the request, and its id.
    fn origin(&self, request: &Request) -> Origin {
        let headers = request.headers();
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let trusted = peer.is_some_and(|peer| self.proxies.contains(peer));
        let naming = if trusted { Naming::Trusted } else { Naming::Untrusted };
        Origin {
            request_id: request_id(headers, naming, self.clock.now(), self.random.as_ref()),
            address: peer.map(|peer| self.proxies.client(peer, headers)),
            user_agent: user_agent(headers),
        }
    }

    /// The edge's own answer, with the headers that every response carries.
    fn refuse(&self, refusal: Refusal, reader: Reader, request_id: &str) -> Response {
        let mut response = refusal.response(reader, &self.issuer, request_id);
        security_headers::complete(response.headers_mut(), self.issuer.transport());
        response
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
async fn pass(State(edge): State<Arc<Edge>>, mut request: Request, next: Next) -> Response {
    let arrived = edge.clock.uptime();
    let origin = edge.origin(&request);
    let route = request.extensions().get::<MatchedPath>().cloned();
    let reader = Reader::of(request.headers(), route.as_ref().map(MatchedPath::as_str));
    let interaction_id = interaction_id(request.headers());
    let line = Line {
        method: method_label(request.method()),
        route,
        request_id: origin.request_id.clone(),
        address: origin.address,
    };

    let mut response = if let Some(refusal) = edge.refusal(&request) {
        edge.refuse(refusal, reader, &line.request_id)
    } else {
        request.extensions_mut().insert(origin);
        let (request, received) = bounded(request, edge.limits.body);
        let span = tracing::info_span!("request", request_id = %line.request_id);
        let answer = next.run(request).instrument(span);
        match tokio::time::timeout(edge.limits.time, answer).await {
            Ok(response) if response.extensions().get::<Panicked>().is_some() => {
                edge.refuse(Refusal::Panicked, reader, &line.request_id)
            }
            // A body whose length was not told turned out too long while it was read.
            Ok(response) if response.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                edge.refuse(Refusal::ContentTooLarge, reader, &line.request_id)
            }
            Ok(response) => response,
            Err(_) if received.load(Ordering::Relaxed) => {
                edge.refuse(Refusal::TooBusy, reader, &line.request_id)
            }
            Err(_) => edge.refuse(Refusal::RequestTimeout, reader, &line.request_id),
        }
    };

    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&line.request_id) {
        headers.insert(X_REQUEST_ID, id);
    }
    if let Some(id) = interaction_id {
        headers.insert(X_FAPI_INTERACTION_ID, id);
    }
    line.write(response.status(), edge.clock.uptime().saturating_sub(arrived));
    response
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

/// Marks the answer of a handler that panicked.
#[derive(Debug, Clone, Copy)]
struct Panicked;

/// Counts a panic. Its message may hold anything, so the panic hook alone decides what to log.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    metrics::counter!("doorward_panics_total").increment(1);
    let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
    response.extensions_mut().insert(Panicked);
    response
}

/// Everything that the request log and the request metrics ever say about a request. The route is
/// the pattern that matched, never the path or the query, which may hold codes and tokens.
struct Line {
    method: &'static str,
    route: Option<MatchedPath>,
    request_id: String,
    address: Option<std::net::IpAddr>,
}

impl Line {
    /// Counts the request and, at level `debug`, logs it; a server error is logged always. A 503
    /// is no error of ours but a decision, and a flood must not become a flood of lines.
    fn write(&self, status: StatusCode, duration: Duration) {
        let route = self.route.as_ref().map_or("unmatched", MatchedPath::as_str);
        let seconds = duration.as_secs_f64();
        metrics::counter!(
            "doorward_http_requests_total",
            "route" => route.to_owned(),
            "method" => self.method,
            "status" => status.as_str().to_owned(),
        )
        .increment(1);
        metrics::histogram!("doorward_http_request_duration_seconds", "route" => route.to_owned())
            .record(seconds);
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    request_id = %self.request_id,
                    method = self.method,
                    route,
                    status = status.as_u16(),
                    seconds,
                    client_address = self.address.map(tracing::field::display),
                    "request"
                )
            };
        }
        if status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE {
            line!(error);
        } else {
            line!(debug);
        }
    }
}

/// The method as a label: one of few words, whatever a client sends.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests;
