//! Metrics, in the text format of Prometheus.

use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use super::process::{self, Usage};

/// Seconds: from a cached answer to the request timeout.
const DURATIONS: [f64; 14] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];

/// How often what was measured is folded into its histogram.
const UPKEEP: Duration = Duration::from_secs(5);

/// The metrics of this process.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// Begins to measure: from now on the macros of the `metrics` crate count. Once in the life of
    /// a process.
    ///
    /// # Errors
    /// [`BuildError`] the second time.
    pub fn install() -> Result<Self, BuildError> {
        let handle = builder()?.install_recorder()?;
        describe();
        Ok(Self(handle))
    }

    /// Everything that was measured, and the memory and CPU time of the process.
    #[must_use]
    pub fn render(&self) -> String {
        if let Some(Usage { resident_bytes, cpu_seconds, threads }) = process::usage() {
            metrics::gauge!("process_resident_memory_bytes").set(resident_bytes);
            metrics::gauge!("process_cpu_seconds_total").set(cpu_seconds);
            metrics::gauge!("process_threads").set(threads);
        }
        self.0.render()
    }

    /// [`Metrics::render`] as `http::ops` takes it.
    #[must_use]
    pub fn renderer(&self) -> Arc<dyn Fn() -> String + Send + Sync> {
        let metrics = self.clone();
        Arc::new(move || metrics.render())
    }

    /// Folds measurements into their histograms for ever, so that memory does not grow while
    /// nobody asks for them. To be spawned.
    pub async fn upkeep(self) {
        let mut ticks = tokio::time::interval(UPKEEP);
        loop {
            ticks.tick().await;
            self.0.run_upkeep();
        }
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

/// Every name that ends in `_seconds` is a histogram of durations.
fn builder() -> Result<PrometheusBuilder, BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &DURATIONS)
}

fn describe() {
    use metrics::Unit;
    metrics::describe_counter!("doorward_http_requests_total", "Requests that were answered.");
    metrics::describe_counter!("doorward_panics_total", "Requests that ended in a panic.");
    metrics::describe_counter!(
        "doorward_log_lines_dropped_total",
        "Log lines that nobody took in time."
    );
    metrics::describe_counter!(
        "doorward_connections_refused_total",
        "Connections that were closed because there were too many, or because TLS failed."
    );
    metrics::describe_histogram!(
        "doorward_http_request_duration_seconds",
        Unit::Seconds,
        "Time from the headers of a request to its answer."
    );
    metrics::describe_gauge!("process_resident_memory_bytes", Unit::Bytes, "Resident memory.");
    metrics::describe_gauge!("process_cpu_seconds_total", Unit::Seconds, "CPU time used.");
    metrics::describe_gauge!("process_threads", "Threads.");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_histograms_and_the_process_is_measured() {
        let recorder = builder().unwrap().build_recorder();
        let text = ::metrics::with_local_recorder(&recorder, || {
            ::metrics::histogram!("doorward_http_request_duration_seconds").record(0.003);
            Metrics(recorder.handle()).render()
        });
        let bucket = "doorward_http_request_duration_seconds_bucket{le=\"0.005\"} 1";
        assert!(text.contains(bucket), "{text}");
        assert!(text.contains("process_resident_memory_bytes"), "{text}");
    }
}
