//! A rate limit as one number: the generic cell rate algorithm (ITU-T I.371, appendix).
//!
//! The state is the moment at which the bucket would be full again. It fits a column, needs no
//! refilling, and a state of the past is the same as none, so that rows can be deleted.

use std::time::Duration;

use crate::types::Timestamp;

/// So many at once, and one more every so often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many may come at once. Zero counts as one.
    pub burst: u32,
    /// The time after which one more may come, in whole milliseconds.
    pub interval: Duration,
}

/// The state of one limit: the moment, in milliseconds since the epoch, at which it is unused again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bucket(i64);

impl Bucket {
    /// The state that a database column holds.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch, for a database column.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whether the state says no more than a missing row: it may be deleted.
    #[must_use]
    pub const fn is_spent(self, now: Timestamp) -> bool {
        self.0 <= millis_of(now)
    }
}

impl Rate {
    /// Takes one from the bucket: its state afterwards.
    ///
    /// # Errors
    /// The time to wait, in whole seconds and at least one, when the bucket is empty.
    pub fn take(self, bucket: Option<Bucket>, now: Timestamp) -> Result<Bucket, Duration> {
        let now = millis_of(now);
        let next = self.current(bucket, now).saturating_add(self.step());
        let excess = next.saturating_sub(now.saturating_add(self.span()));
        if excess > 0 {
            let seconds = u64::try_from(excess).unwrap_or(u64::MAX).div_ceil(1000);
            return Err(Duration::from_secs(seconds));
        }
        Ok(Bucket(next))
    }

    /// Puts one back that was taken and not used.
    #[must_use]
    pub fn give_back(self, bucket: Bucket) -> Bucket {
        Bucket(bucket.0.saturating_sub(self.step()))
    }

    /// The state, no earlier than now, and no later than a full burst allows: a clock that was wrong
    /// yesterday blocks nobody for longer than an honest flood.
    fn current(self, bucket: Option<Bucket>, now: i64) -> i64 {
        bucket.map_or(now, |bucket| bucket.0.clamp(now, now.saturating_add(self.span())))
    }

    fn step(self) -> i64 {
        i64::try_from(self.interval.as_millis()).unwrap_or(i64::MAX)
    }

    fn span(self) -> i64 {
        self.step().saturating_mul(i64::from(self.burst.max(1)))
    }
}

const fn millis_of(now: Timestamp) -> i64 {
    now.unix().saturating_mul(1000)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RATE: Rate = Rate { burst: 3, interval: Duration::from_millis(500) };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(seconds)
    }

    #[test]
    fn a_burst_then_one_an_interval() {
        let mut bucket = None;
        for _ in 0..3 {
            bucket = Some(RATE.take(bucket, at(100)).unwrap());
        }
        assert_eq!(RATE.take(bucket, at(100)), Err(Duration::from_secs(1)));
        bucket = Some(RATE.take(bucket, at(101)).unwrap());
        bucket = Some(RATE.take(bucket, at(101)).unwrap());
        assert!(RATE.take(bucket, at(101)).is_err());
        assert!(bucket.unwrap().is_spent(at(103)));
    }

    #[test]
    fn what_is_given_back_can_be_taken() {
        let mut bucket = None;
        for _ in 0..1_000 {
            let taken = RATE.take(bucket, at(100)).unwrap();
            bucket = Some(RATE.give_back(taken));
        }
    }

    #[test]
    fn a_clock_set_back_blocks_for_a_burst_at_most() {
        let future = RATE.take(None, at(1_000_000)).unwrap();
        assert_eq!(RATE.take(Some(future), at(100)), Err(Duration::from_secs(1)));
    }

    #[test]
    fn extremes_saturate() {
        let endless = Rate { burst: u32::MAX, interval: Duration::MAX };
        for now in [i64::MIN, 0, i64::MAX] {
            let _ = endless.take(Some(Bucket(i64::MAX)), at(now));
            let _ = endless.take(Some(Bucket(i64::MIN)), at(now));
        }
        assert!(Rate { burst: 0, ..RATE }.take(None, at(1)).is_ok());
    }

    proptest! {
        /// Whatever the times, no window takes more than its burst and what flows in.
        #[test]
        fn never_more_than_burst_and_flow(gaps in prop::collection::vec(0_i64..4, 1..200)) {
            let (mut now, mut bucket, mut taken) = (1_000_i64, None, 0_i64);
            for gap in gaps {
                now += gap;
                if let Ok(next) = RATE.take(bucket, at(now)) {
                    bucket = Some(next);
                    taken += 1;
                }
                prop_assert!(taken <= 3 + (now - 1_000) * 2);
            }
        }
    }
}
