//! One sign-in at a time under one counter, on one node.
//!
//! An attempt counts as a failure until its hash says otherwise. Without turns, a person with several
//! tabs would look like somebody who guesses. With them, honest attempts follow each other and all
//! succeed, and those who guess get no more than the counter allows.

use tokio::sync::{Mutex, MutexGuard};

use crate::identity::lockout::CounterKey;

/// More than there are sign-ins at the same moment; two counters that share a gate only wait.
const GATES: usize = 1024;

/// The gates of this node: their number is fixed, whatever comes.
#[derive(Debug)]
pub struct Gates(Vec<Mutex<()>>);

/// A turn, until it is dropped.
#[derive(Debug)]
pub struct Turn<'a> {
    _held: Option<MutexGuard<'a, ()>>,
}

impl Default for Gates {
    fn default() -> Self {
        Self(std::iter::repeat_with(Mutex::default).take(GATES).collect())
    }
}

impl Gates {
    /// Waits for a turn under `key`.
    pub async fn turn(&self, key: &CounterKey) -> Turn<'_> {
        let [first, second, ..] = key.as_bytes();
        let place = usize::from(u16::from_be_bytes([*first, *second])) % GATES;
        let held = match self.0.get(place) {
            Some(gate) => Some(gate.lock().await),
            None => None,
        };
        Turn { _held: held }
    }
}
