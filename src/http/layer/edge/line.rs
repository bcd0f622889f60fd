//! What is said of each request: in the metrics always, in the log at level `debug`.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use axum::extract::MatchedPath;
use http::{Method, StatusCode};
use metrics::{Counter, Histogram};

/// The counters of requests, by what they are labelled with. They are looked up in the recorder once
/// for each kind of request, since that allocates each label and hashes them all.
#[derive(Default)]
pub(super) struct Traffic(RwLock<HashMap<String, OfRoute>>);

/// The requests of one route.
struct OfRoute {
    duration: Histogram,
    requests: HashMap<(&'static str, StatusCode), Counter>,
}

impl Traffic {
    /// Counts a request.
    fn count(&self, route: &str, method: &'static str, status: StatusCode, seconds: f64) {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let of_route = known.get(route);
        if let Some((of_route, requests)) =
            of_route.and_then(|of| Some((of, of.requests.get(&(method, status))?)))
        {
            requests.increment(1);
            of_route.duration.record(seconds);
            return;
        }
        drop(known);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let of_route = known.entry(route.to_owned()).or_insert_with(|| OfRoute::new(route));
        of_route.duration.record(seconds);
        of_route
            .requests
            .entry((method, status))
            .or_insert_with(|| requests(route, method, status))
            .increment(1);
    }
}

impl std::fmt::Debug for Traffic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Traffic")
    }
}

impl OfRoute {
    fn new(route: &str) -> Self {
        let duration = metrics::histogram!(
            "doorward_http_request_duration_seconds",
            "route" => route.to_owned()
        );
        Self { duration, requests: HashMap::new() }
    }
}

fn requests(route: &str, method: &'static str, status: StatusCode) -> Counter {
    metrics::counter!(
        "doorward_http_requests_total",
        "route" => route.to_owned(),
        "method" => method,
        "status" => status.as_str().to_owned(),
    )
}

/// Everything that the request log and the request metrics ever say about a request. The route is
/// the pattern that matched, never the path or the query, which may hold codes and tokens.
pub(super) struct Line {
    pub(super) method: &'static str,
    pub(super) route: Option<MatchedPath>,
    pub(super) request_id: String,
    pub(super) address: Option<IpAddr>,
}

impl Line {
    /// Counts the request and, at level `debug`, logs it; a server error is logged always. A 503
    /// is no error of ours but a decision, and a flood must not become a flood of lines.
    pub(super) fn write(&self, traffic: &Traffic, status: StatusCode, duration: Duration) {
        let route = self.route.as_ref().map_or("unmatched", MatchedPath::as_str);
        let seconds = duration.as_secs_f64();
        traffic.count(route, self.method, status, seconds);
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
pub(super) fn method_label(method: &Method) -> &'static str {
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
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    #[test]
    fn labels_are_few_whatever_is_sent() {
        assert_eq!(method_label(&Method::from_bytes(b"BREW").unwrap()), "other");
        assert_eq!(method_label(&Method::POST), "POST");
    }

    #[test]
    fn each_kind_of_request_is_counted_by_itself() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let text = metrics::with_local_recorder(&recorder, || {
            let traffic = Traffic::default();
            for (method, status) in [("GET", 200), ("GET", 200), ("GET", 404), ("POST", 200)] {
                traffic.count("/a", method, StatusCode::from_u16(status).unwrap(), 0.5);
            }
            traffic.count("/b", "GET", StatusCode::OK, 0.5);
            recorder.handle().render()
        });
        let requests = |route, method, status, count: u8| {
            let name = "doorward_http_requests_total";
            format!("{name}{{route=\"{route}\",method=\"{method}\",status=\"{status}\"}} {count}\n")
        };
        for line in [
            requests("/a", "GET", 200, 2),
            requests("/a", "GET", 404, 1),
            requests("/a", "POST", 200, 1),
            requests("/b", "GET", 200, 1),
            "doorward_http_request_duration_seconds_count{route=\"/a\"} 4\n".to_owned(),
            "doorward_http_request_duration_seconds_count{route=\"/b\"} 1\n".to_owned(),
        ] {
            assert!(text.contains(&line), "{line}{text}");
        }
    }
}
