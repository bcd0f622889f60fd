//! A clock that the test turns, and randomness that repeats.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use doorward::types::{
    digest::sha256,
    random::Random,
    time::{Clock, Timestamp},
};

/// The moment at which every test begins: 2026-01-01T00:00:00Z.
pub(crate) const START: i64 = 1_767_225_600;

/// A clock that stands still until it is turned: milliseconds since [`START`].
#[derive(Debug, Default)]
pub(crate) struct MockClock(AtomicI64);

impl MockClock {
    /// Lets `seconds` pass.
    pub(crate) fn advance(&self, seconds: i64) {
        self.advance_millis(seconds * 1_000);
    }

    /// Lets `milliseconds` pass.
    pub(crate) fn advance_millis(&self, milliseconds: i64) {
        self.0.fetch_add(milliseconds, Ordering::SeqCst);
    }
}

impl Clock for MockClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(START + self.0.load(Ordering::SeqCst).div_euclid(1_000))
    }

    fn uptime(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::SeqCst).unsigned_abs())
    }
}

/// Bytes that look random and are the same in every run: a hash chain.
#[derive(Debug)]
pub(crate) struct SeededRandom(Mutex<[u8; 32]>);

impl SeededRandom {
    /// The chain that starts from `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(sha256(&seed.to_be_bytes())))
    }
}

impl Random for SeededRandom {
    fn fill(&self, out: &mut [u8]) {
        let mut state = self.0.lock().unwrap();
        for chunk in out.chunks_mut(32) {
            *state = sha256(state.as_slice());
            let block = sha256(&[state.as_slice(), b"out"].concat());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}
