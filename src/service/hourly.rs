//! What the audit log is told of no more than once an hour, however often it happens.

use std::{hash::Hash, time::Duration};

use moka::sync::Cache;

/// What this node told of in the last hour.
#[derive(Debug)]
pub(super) struct Hourly<K: Eq + Hash + Send + Sync + 'static>(Cache<K, ()>);

impl<K: Eq + Hash + Send + Sync + 'static> Hourly<K> {
    /// Remembers `most` of it: beyond that some are told of again.
    pub(super) fn new(most: u64) -> Self {
        Self(Cache::builder().max_capacity(most).time_to_live(Duration::from_hours(1)).build())
    }

    /// Whether `what` was told of in the last hour.
    pub(super) fn is_known(&self, what: &K) -> bool {
        self.0.contains_key(what)
    }

    /// Whether `what` is to be told of now: it was not in the last hour. Of those who ask at the same moment, one
    /// is told so.
    pub(super) fn is_news(&self, what: K) -> bool {
        self.0.entry(what).or_insert(()).is_fresh()
    }

    /// Takes back that `what` was told of.
    pub(super) fn forget(&self, what: &K) {
        self.0.invalidate(what);
    }
}
