//! Measurements: many workers for a short time, then the figures of that time.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use tokio::{
    task::{JoinError, LocalSet},
    time::{Instant, timeout},
};

use super::{
    operation::Operation,
    subject::Subject,
    worker::{self, Progress, Worker},
};

/// Operations before the measurement, on each connection.
const WARM_UP: u32 = 20;
/// The same for codes, of which there are not that many.
const WARM_UP_CODE: u32 = 1;
/// The most operations of one measurement.
const MOST: usize = 200_000;
/// A worker gives up after so many failures.
const MOST_FAILURES: u32 = 20;
/// Codes that are prepared for one measurement.
const CODES: usize = 3_000;
/// What preparing and measuring may take beyond the span itself.
const GRACE: Duration = Duration::from_mins(2);

/// The size of one measurement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) connections: u16,
    pub(crate) span: Duration,
}

/// The figures of one measurement, or the medians of several.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Figures {
    pub(crate) per_second: f64,
    /// Microseconds.
    pub(crate) p50: f64,
    /// Microseconds.
    pub(crate) p99: f64,
    /// Microseconds of the server for one operation.
    pub(crate) cpu: f64,
}

/// One measurement.
#[derive(Debug, Default)]
pub(crate) struct Sample {
    figures: Figures,
    /// How often each thing went wrong.
    failures: BTreeMap<String, u32>,
}

/// What the workers of one measurement found.
#[derive(Default)]
struct Tally {
    micros: Vec<u32>,
    failures: BTreeMap<String, u32>,
}

/// Everything that was measured.
#[derive(Default)]
pub(crate) struct Results {
    samples: HashMap<(&'static str, Operation, u16), Vec<Sample>>,
    password_hashes: Vec<f64>,
}

impl Results {
    /// Adds a measurement.
    pub(crate) fn add(&mut self, on: &'static str, op: Operation, connections: u16, found: Sample) {
        self.samples.entry((on, op, connections)).or_default().push(found);
    }

    /// Adds what a password hash cost, in microseconds.
    pub(crate) fn add_password_hash(&mut self, micros: f64) {
        self.password_hashes.push(micros);
    }

    /// What a password hash costs, in microseconds: the median.
    pub(crate) fn password_hash(&self) -> f64 {
        median(self.password_hashes.iter().copied())
    }

    /// The numbers of connections that were measured, in order.
    pub(crate) fn connections(&self) -> Vec<u16> {
        let mut all: Vec<u16> =
            self.samples.keys().map(|(_, _, connections)| *connections).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The median figures of `op` on the subject `on`.
    pub(crate) fn figures(&self, on: &'static str, op: Operation, n: u16) -> Option<Figures> {
        let samples = self.samples.get(&(on, op, n))?;
        let of = |figure: fn(&Figures) -> f64| median(samples.iter().map(|s| figure(&s.figures)));
        Some(Figures {
            per_second: of(|figures| figures.per_second),
            p50: of(|figures| figures.p50),
            p99: of(|figures| figures.p99),
            cpu: of(|figures| figures.cpu),
        })
    }

    /// Everything that went wrong, and how often: subject, operation, what.
    pub(crate) fn failures(&self) -> BTreeMap<(&'static str, &'static str, &str), u32> {
        let mut all = BTreeMap::new();
        for ((on, op, _), samples) in &self.samples {
            for (what, times) in samples.iter().flat_map(|sample| &sample.failures) {
                *all.entry((*on, op.title(), what.as_str())).or_default() += times;
            }
        }
        all
    }
}

/// Measures `operation` on `subject` once.
pub(crate) async fn sample(
    subject: &Subject,
    operation: Operation,
    window: Window,
) -> anyhow::Result<Sample> {
    let measured = timeout(window.span + GRACE, attempt(subject, operation, window)).await;
    let failed = match measured {
        Ok(Ok(sample)) => return Ok(sample),
        Ok(Err(error)) => format!("cannot begin: {error:#}"),
        Err(_) => "took too long".to_owned(),
    };
    Ok(Sample { failures: BTreeMap::from([(failed, 1)]), ..Sample::default() })
}

async fn attempt(
    subject: &Subject,
    operation: Operation,
    window: Window,
) -> anyhow::Result<Sample> {
    let (server, target) = subject.serving();
    let session = worker::session(&target, operation).await?;
    let supply = worker::supply(&target, operation, &session, CODES).await?;
    let mut workers = Vec::new();
    for number in 0..window.connections {
        let target = Arc::clone(&target);
        let mut worker = Worker::new(target, operation, &session, &supply, number).await?;
        for _ in 0..warm_up(operation) {
            worker.once().await?;
        }
        workers.push(worker);
    }
    let tally = Rc::new(RefCell::new(Tally::default()));
    let mut storm = Vec::new();
    for number in 0..operation.storm() {
        let (target, sign_in) = (Arc::clone(&target), Operation::SignIn);
        storm.push(Worker::new(target, sign_in, &session, &supply, number).await?);
    }
    let set = LocalSet::new();
    let (before, begun) = (server.cpu_times(), Instant::now());
    let end = begun + window.span;
    let is_calm = storm.is_empty();
    for worker in storm {
        // Only who is in the storm is counted. What is refused in it comes back later.
        set.spawn_local(work(worker, end, Rc::default()));
    }
    let workers = workers.into_iter().map(|worker| work(worker, end, Rc::clone(&tally)));
    let workers: Vec<_> = workers.map(|worker| set.spawn_local(worker)).collect();
    let (spent, took) = set
        .run_until(async {
            for worker in workers {
                worker.await?;
            }
            Ok::<_, JoinError>((server.cpu_times().micros_since(&before), begun.elapsed()))
        })
        .await?;
    // Whoever is about to sign in finishes: a sign-in that is broken off counts as one that failed.
    set.await;
    // Most of what a storm costs is the storm's own.
    let spent = if is_calm { spent } else { 0 };
    Ok(tally.take().sample(spent, took))
}

/// Repeats until `end`, or until there is nothing more to do.
async fn work(mut worker: Worker, end: Instant, tally: Rc<RefCell<Tally>>) {
    let mut failures = 0;
    loop {
        let begun = Instant::now();
        if begun >= end || failures >= MOST_FAILURES || tally.borrow().micros.len() >= MOST {
            return;
        }
        match worker.once().await {
            Ok(Progress::Done) => {
                let micros = u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX);
                tally.borrow_mut().micros.push(micros);
            }
            Ok(Progress::UsedUp) => return,
            Err(error) => {
                failures += 1;
                *tally.borrow_mut().failures.entry(format!("{error:#}")).or_default() += 1;
            }
        }
    }
}

/// Few for what is slow or limited in number.
const fn warm_up(operation: Operation) -> u32 {
    match operation {
        // Preparing one is a sign-in already.
        Operation::SignIn | Operation::SignInAgain => 0,
        Operation::Code | Operation::CodeWithIdToken => WARM_UP_CODE,
        Operation::Discovery
        | Operation::Jwks
        | Operation::ClientCredentialsJwt
        | Operation::ClientCredentialsOpaque
        | Operation::Refresh
        | Operation::IntrospectJwt
        | Operation::IntrospectOpaque
        | Operation::IntrospectInStorm
        | Operation::IntrospectApiKey
        | Operation::ExchangeApiKey
        | Operation::ExchangeWithRoles
        | Operation::UserInfo => WARM_UP,
    }
}

impl Tally {
    #[expect(clippy::cast_precision_loss, reason = "counts and microseconds of a few seconds")]
    fn sample(mut self, cpu_micros: u64, took: Duration) -> Sample {
        self.micros.sort_unstable();
        let count = self.micros.len().max(1) as f64;
        let figures = Figures {
            per_second: self.micros.len() as f64 / took.as_secs_f64(),
            p50: percentile(&self.micros, 50),
            p99: percentile(&self.micros, 99),
            cpu: cpu_micros as f64 / count,
        };
        Sample { figures, failures: self.failures }
    }
}

fn percentile(sorted: &[u32], percent: usize) -> f64 {
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().map_or(0.0, f64::from)
}

/// The middle value, or the mean of the two in the middle.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let (low, high) = (values.len().saturating_sub(1) / 2, values.len() / 2);
    match (values.get(low), values.get(high)) {
        (Some(low), Some(high)) => f64::midpoint(*low, *high),
        (_, None) | (None, _) => 0.0,
    }
}
