//! Time of one operation, in CPU time of this thread.

use std::{
    fs, io,
    time::{Duration, Instant},
};

/// Operations between two looks at the clock.
const BATCH: u32 = 200;

/// One row of the table.
#[derive(Debug)]
pub(crate) struct Row {
    /// What was measured.
    pub(crate) label: String,
    operations: u32,
    spent: Duration,
}

impl Row {
    /// Microseconds for one operation.
    pub(crate) fn micros(&self) -> f64 {
        self.spent.as_secs_f64() * 1e6 / f64::from(self.operations)
    }

    /// Operations in a second of one core.
    pub(crate) fn per_second(&self) -> f64 {
        f64::from(self.operations) / self.spent.as_secs_f64()
    }
}

/// Repeats `operation`, which must succeed, for `time`.
pub(crate) async fn each(
    label: &str,
    time: Duration,
    operation: impl AsyncFn() -> bool,
) -> io::Result<Row> {
    if !operation().await {
        return Err(io::Error::other(format!("{label}: the token was refused")));
    }
    let (started, mut operations, mut failures) = (Spent::now(), 0, 0_u32);
    while started.since() < time {
        for _ in 0..BATCH {
            failures += u32::from(!operation().await);
        }
        operations += BATCH;
    }
    if failures > 0 {
        return Err(io::Error::other(format!("{label}: {failures} tokens were refused")));
    }
    Ok(Row { label: label.to_owned(), operations, spent: started.since() })
}

/// The same for what does not wait.
pub(crate) fn sync(label: &str, time: Duration, operation: impl Fn() -> bool) -> Row {
    let (started, mut operations) = (Spent::now(), 0);
    while started.since() < time {
        for _ in 0..BATCH {
            std::hint::black_box(operation());
        }
        operations += BATCH;
    }
    Row { label: label.to_owned(), operations, spent: started.since() }
}

/// A moment by both clocks.
struct Spent {
    wall: Instant,
    cpu: Option<Duration>,
}

impl Spent {
    #[expect(clippy::disallowed_methods, reason = "a measurement")]
    fn now() -> Self {
        Self { wall: Instant::now(), cpu: cpu() }
    }

    fn since(&self) -> Duration {
        match (self.cpu, cpu()) {
            (Some(then), Some(now)) => now.saturating_sub(then),
            _ => self.wall.elapsed(),
        }
    }
}

/// CPU time of this thread, from the first number of its `schedstat`, in nanoseconds.
fn cpu() -> Option<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}
