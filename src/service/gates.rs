//! One sign-in at a time under one counter, on one node.
//!
//! An attempt counts as a failure until its success is written. Without turns, a person with several
//! tabs would look like somebody who guesses. With them, honest attempts follow each other and all
//! succeed, and those who guess get no more than the counter allows. So a turn lasts until the counter is
//! cleared, not only until the password is known to be right.

use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::identity::lockout::CounterKey;

/// More than there are sign-ins at the same moment; two counters that share a gate only wait.
const GATES: usize = 1024;

/// The gates of this node: their number is fixed, whatever comes.
#[derive(Debug)]
pub struct Gates(Vec<Arc<Mutex<()>>>);

/// A turn, until it is dropped.
#[derive(Debug)]
#[must_use = "the next attempt has its turn when this is dropped"]
pub struct Turn {
    _held: Option<OwnedMutexGuard<()>>,
}

impl Default for Gates {
    fn default() -> Self {
        Self(std::iter::repeat_with(Arc::default).take(GATES).collect())
    }
}

impl Gates {
    /// Waits for a turn under `key`.
    pub async fn turn(&self, key: &CounterKey) -> Turn {
        let [first, second, ..] = key.as_bytes();
        let place = usize::from(u16::from_be_bytes([*first, *second])) % GATES;
        let held = match self.0.get(place) {
            Some(gate) => Some(Arc::clone(gate).lock_owned().await),
            None => None,
        };
        Turn { _held: held }
    }
}
