//! The real clock of an API.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::types::{Timestamp, time::Clock};

/// The wall clock of this machine, and beside it one that never goes back.
#[derive(Debug, Clone, Copy)]
pub(super) struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose uptime begins now.
    #[expect(clippy::disallowed_methods, reason = "an API has no other source of time")]
    pub(super) fn start() -> Self {
        Self { started: Instant::now() }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "an API has no other source of time")]
    fn now(&self) -> Timestamp {
        // Before 1970 there are no tokens: everything is refused as issued in the future.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_unix(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
    }

    fn uptime(&self) -> Duration {
        self.started.elapsed()
    }
}
