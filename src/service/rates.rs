//! The rate limits of strangers: per network and over all. One node's own, in bounded memory.
//!
//! The counters of failures in a row are in the database, shared and durable; these buckets only slow
//! a flood down, and a node that starts anew slows it down again within seconds.

use std::{
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use moka::sync::Cache;

use crate::{
    identity::{
        lockout::{CounterKey, Keys, LockoutPolicy},
        rate::{Bucket, Rate},
    },
    types::{Timestamp, origin::Origin},
};

/// The buckets of this node.
#[derive(Debug)]
pub struct Rates {
    buckets: Mutex<Cache<CounterKey, Bucket>>,
    clients: Mutex<Cache<IpAddr, Bucket>>,
}

/// What an attempt took out of the buckets.
#[derive(Debug, Clone, Copy)]
pub struct Charge {
    network: Option<CounterKey>,
    global: Option<CounterKey>,
}

impl Rates {
    /// Full buckets for at most `networks` networks; those that are used least give way.
    #[must_use]
    pub fn new(networks: u64) -> Self {
        Self {
            buckets: Mutex::new(Cache::new(networks)),
            clients: Mutex::new(Cache::new(networks)),
        }
    }

    /// Whether the network of `origin` may still try to authenticate as a client.
    ///
    /// # Errors
    /// The time to wait.
    pub fn check_clients(
        &self,
        origin: &Origin,
        policy: &LockoutPolicy,
        now: Timestamp,
    ) -> Result<(), Duration> {
        let Some(network) = origin.network() else { return Ok(()) };
        let buckets = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(bucket) = buckets.get(&network) else { return Ok(()) };
        policy.network.take(Some(bucket), now).map(|_| ())
    }

    /// Notes that a client authentication from the network of `origin` failed.
    pub fn count_client_failure(&self, origin: &Origin, policy: &LockoutPolicy, now: Timestamp) {
        let Some(network) = origin.network() else { return };
        let buckets = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(bucket) = policy.network.take(buckets.get(&network), now) {
            buckets.insert(network, bucket);
        }
    }

    /// Takes one attempt from the buckets that `keys` names.
    ///
    /// # Errors
    /// The time to wait when one of them is empty; nothing is taken then.
    pub fn charge(
        &self,
        keys: &Keys,
        policy: &LockoutPolicy,
        now: Timestamp,
    ) -> Result<Charge, Duration> {
        let charge = Charge { network: keys.network, global: keys.global };
        let buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = Vec::with_capacity(2);
        for (key, rate) in charge.named(policy) {
            taken.push((key, rate.take(buckets.get(&key), now)?));
        }
        for (key, bucket) in taken {
            buckets.insert(key, bucket);
        }
        Ok(charge)
    }

    /// Puts back what an attempt took that succeeded, or was shed.
    pub fn give_back(&self, charge: &Charge, policy: &LockoutPolicy) {
        let buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, rate) in charge.named(policy) {
            if let Some(bucket) = buckets.get(&key) {
                buckets.insert(key, rate.give_back(bucket));
            }
        }
    }
}

impl Charge {
    fn named(self, policy: &LockoutPolicy) -> impl Iterator<Item = (CounterKey, Rate)> {
        let network = self.network.map(|key| (key, policy.network));
        let global = self.global.map(|key| (key, policy.global));
        network.into_iter().chain(global)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::lockout::{Source, Target, keys};

    const NOW: Timestamp = Timestamp::from_unix(1_000);

    fn from(address: &str) -> Keys {
        keys(Target::Unknown("somebody"), Source::Stranger(Some(address.parse().unwrap())))
    }

    #[test]
    fn a_network_that_spent_its_bucket_waits_and_others_do_not() {
        let (rates, policy) = (Rates::new(10), LockoutPolicy::default());
        for _ in 0..policy.network.burst {
            rates.charge(&from("192.0.2.1"), &policy, NOW).unwrap();
        }
        assert!(rates.charge(&from("192.0.2.1"), &policy, NOW).is_err());
        assert!(rates.charge(&from("192.0.2.2"), &policy, NOW).is_ok());
    }

    #[test]
    fn a_success_costs_nothing() {
        let (rates, policy) = (Rates::new(10), LockoutPolicy::default());
        for _ in 0..policy.network.burst * 2 {
            let charge = rates.charge(&from("192.0.2.1"), &policy, NOW).unwrap();
            rates.give_back(&charge, &policy);
        }
    }
}
