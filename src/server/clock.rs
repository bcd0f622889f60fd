//! The real clock.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::types::{Timestamp, time::Clock};

/// The wall clock of this machine, and beside it a clock that never goes back.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose uptime begins now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the home of the real clock")]
    pub fn start() -> Self {
        Self { started: Instant::now() }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the home of the real clock")]
    fn now(&self) -> Timestamp {
        // A machine whose clock is before 1970 is refused by everything that it signs.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_unix(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
    }

    fn uptime(&self) -> Duration {
        self.started.elapsed()
    }
}
