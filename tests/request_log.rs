//! The request log at its most talkative says nothing that was sent.
//!
//! A binary of its own with one test: `tracing` remembers for the whole process whether anybody
//! listens to a line, so other tests beside it could silence what this one wants to read.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::routing::post;
use doorward::http::layer::client_address::TrustedProxies;
use doorward::http::layer::edge::{Edge, RequestLimits};
use doorward::protocol::issuer::Issuer;
use doorward::types::Timestamp;
use doorward::types::random::Random;
use doorward::types::time::Clock;
use http::Request;
use tower::ServiceExt;

#[derive(Debug)]
struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(1_000)
    }

    fn uptime(&self) -> Duration {
        Duration::ZERO
    }
}

impl Random for Fixed {
    fn fill(&self, out: &mut [u8]) {
        out.fill(7);
    }
}

/// Collects what is logged.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().map_err(|_| std::io::ErrorKind::Other)?.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

async fn handler(body: String) -> String {
    tracing::info!("handled");
    body
}

#[expect(clippy::panic, reason = "the bug that the test wants")]
async fn bug() {
    panic!("canary")
}

#[tokio::test]
async fn the_log_names_the_route_and_nothing_that_was_sent() {
    let sink = Sink::default();
    let writer = sink.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone());
    subscriber.init();
    let limits = RequestLimits { body: 64, uri: 64, time: Duration::from_mins(1) };
    let (clock, random) = (Arc::new(Fixed), Arc::new(Fixed));
    let issuer = Issuer::parse("https://id.example").unwrap();
    let edge = Edge { limits, proxies: TrustedProxies::default(), clock, random, issuer };
    let router = edge.around(Router::new().route("/token", post(handler)).route("/bug", post(bug)));

    let padding = "x".repeat(64);
    for path in
        ["/token?code=canary", "/bug?code=canary", "/canary", &format!("/token?canary={padding}")]
    {
        let peer: SocketAddr = "192.0.2.1:4711".parse().unwrap();
        let request = Request::post(path)
            .extension(ConnectInfo(peer))
            .header("host", "localhost")
            .header("authorization", "Bearer canary")
            .header("cookie", "doorward-session=canary")
            .header("user-agent", "canary")
            .header("x-request-id", "canary")
            .body(Body::from("code=canary"))
            .unwrap();
        router.clone().oneshot(request).await.unwrap();
    }

    let log = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
    for said in [
        "request{request_id=0000000f-4240-7707-8707-070707070707}: request_log: handled",
        "method=\"POST\" route=\"/token\" status=200 seconds=0.0 client_address=192.0.2.1",
        "route=\"/token\" status=414",
        "route=\"unmatched\" status=404",
        "ERROR doorward::http::layer::edge::line: request request_id=",
        "route=\"/bug\" status=500",
    ] {
        assert!(log.contains(said), "{said}\n{log}");
    }
    assert!(!log.contains("canary"), "{log}");
}
