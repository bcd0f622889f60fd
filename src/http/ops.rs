//! What operators' machines ask: `/live`, `/ready`, `/metrics`.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, StatusCode};
use serde::Serialize;

/// Probes are asked again, never remembered.
const NO_STORE: (HeaderName, &str) = (CACHE_CONTROL, "no-store");

/// Whether the server can do its work: asked by `/ready`, on both listeners.
pub trait Readiness: Send + Sync + std::fmt::Debug {
    /// The checks that fail now, by name (`database`, `keys`, `schema`); none when all is well.
    /// The names are seen by everybody: no addresses, no error texts.
    fn failing(&self) -> Pin<Box<dyn Future<Output = Vec<&'static str>> + Send + '_>>;
}

/// Whether the server is about to end. Shared by [`probes`] and the listeners.
#[derive(Debug, Clone, Default)]
pub struct Draining(Arc<AtomicBool>);

impl Draining {
    /// From now on `/ready` says no.
    pub fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it has begun.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Renders the metrics in the text format of Prometheus.
pub type RenderMetrics = Arc<dyn Fn() -> String + Send + Sync>;

#[derive(Clone)]
struct Ready {
    readiness: Arc<dyn Readiness>,
    draining: Draining,
}

/// `/live` and `/ready`, for both listeners.
pub fn probes(readiness: Arc<dyn Readiness>, draining: Draining) -> Router {
    Router::new()
        .route("/live", get(live))
        .route("/ready", get(ready))
        .with_state(Ready { readiness, draining })
}

/// `/live`, `/ready` and `/metrics`, for the management listener only.
pub fn management(
    readiness: Arc<dyn Readiness>,
    draining: Draining,
    metrics: RenderMetrics,
) -> Router {
    let metrics = Router::new().route("/metrics", get(render)).with_state(metrics);
    probes(readiness, draining).merge(metrics)
}

/// The process answers: that is all it says, and it asks nobody else.
async fn live() -> impl IntoResponse {
    ([NO_STORE], Json(Answer { status: "live", failing: Vec::new() }))
}

/// 200 when every check passes; 503 with the names of those that fail.
async fn ready(State(state): State<Ready>) -> Response {
    let failing =
        if state.draining.has_begun() { vec!["draining"] } else { state.readiness.failing().await };
    if failing.is_empty() {
        return ([NO_STORE], Json(Answer { status: "ready", failing })).into_response();
    }
    let answer = Answer { status: "not ready", failing };
    let headers = [NO_STORE, (RETRY_AFTER, "1")];
    (StatusCode::SERVICE_UNAVAILABLE, headers, Json(answer)).into_response()
}

async fn render(State(metrics): State<RenderMetrics>) -> impl IntoResponse {
    ([NO_STORE, (CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics())
}

#[derive(Serialize)]
struct Answer {
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failing: Vec<&'static str>,
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::Request;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    #[derive(Debug)]
    struct Checks(Vec<&'static str>);

    impl Readiness for Checks {
        fn failing(&self) -> Pin<Box<dyn Future<Output = Vec<&'static str>> + Send + '_>> {
            Box::pin(async { self.0.clone() })
        }
    }

    async fn ask(path: &str, failing: &[&'static str], draining: &Draining) -> (u16, String) {
        let checks = Arc::new(Checks(failing.to_vec()));
        let router = management(checks, draining.clone(), Arc::new(|| "up 1\n".to_owned()));
        let answer = router.oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn live_whatever_fails_ready_only_when_nothing_does() {
        let running = Draining::default();
        let live = (200, r#"{"status":"live"}"#.to_owned());
        assert_eq!(ask("/live", &["database"], &running).await, live);
        assert_eq!(ask("/ready", &[], &running).await, (200, r#"{"status":"ready"}"#.to_owned()));
        assert_eq!(
            ask("/ready", &["database", "keys"], &running).await,
            (503, r#"{"status":"not ready","failing":["database","keys"]}"#.to_owned())
        );
        assert_eq!(ask("/metrics", &[], &running).await, (200, "up 1\n".to_owned()));
        running.begin();
        assert_eq!(ask("/live", &[], &running).await, live);
        assert_eq!(
            ask("/ready", &[], &running).await,
            (503, r#"{"status":"not ready","failing":["draining"]}"#.to_owned())
        );
    }

    #[tokio::test]
    async fn metrics_are_not_public() {
        let probes = probes(Arc::new(Checks(Vec::new())), Draining::default());
        let request = Request::get("/metrics").body(Body::empty()).unwrap();
        assert_eq!(probes.oneshot(request).await.unwrap().status(), StatusCode::NOT_FOUND);
    }
}
