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

use super::hourly::Hourly;
use crate::{
    identity::{
        lockout::{CounterKey, Keys, LockoutPolicy},
        rate::{Bucket, Rate},
    },
    types::{Timestamp, origin::Origin},
};

/// How many networks are told of: strangers have many, and what is told stays in the audit log.
const TELLING: Rate = Rate { burst: 60, interval: Duration::from_mins(1) };

/// The buckets of this node.
#[derive(Debug)]
pub struct Rates {
    buckets: Mutex<Cache<CounterKey, Bucket>>,
    clients: Mutex<Cache<IpAddr, Bucket>>,
    told: Hourly<Told>,
    telling: Mutex<Option<Bucket>>,
}

/// Whose attempts are limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Those of one network.
    Network,
    /// Those of all networks together.
    Everybody,
}

/// A limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limited {
    /// The time to wait.
    pub wait: Duration,
    /// Whose.
    pub limit: Limit,
    /// Whether it is to be told of: it was not in the last hour, nor were many others.
    pub is_news: bool,
    told: Told,
}

/// What was told of lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Told {
    Attempts(CounterKey),
    Clients(IpAddr),
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
            told: Hourly::new(networks),
            telling: Mutex::new(None),
        }
    }

    fn limited(&self, told: Told, limit: Limit, wait: Duration, now: Timestamp) -> Limited {
        let is_news = !self.told.is_known(&told)
            && (limit == Limit::Everybody || self.may_tell(now))
            && self.told.is_news(told);
        Limited { wait, limit, is_news, told }
    }

    fn may_tell(&self, now: Timestamp) -> bool {
        let mut bucket = self.telling.lock().unwrap_or_else(PoisonError::into_inner);
        match TELLING.take(*bucket, now) {
            Ok(taken) => {
                *bucket = Some(taken);
                true
            }
            Err(_) => false,
        }
    }

    /// Notes that it could not be told of: the next time is news again.
    pub fn untold(&self, limited: &Limited) {
        self.told.forget(&limited.told);
    }

    /// Whether the network of `origin` may still try to authenticate as a client.
    ///
    /// # Errors
    /// [`Limited`] when it may not.
    pub fn check_clients(
        &self,
        origin: &Origin,
        policy: &LockoutPolicy,
        now: Timestamp,
    ) -> Result<(), Limited> {
        let Some(network) = origin.network() else { return Ok(()) };
        let buckets = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(bucket) = buckets.get(&network) else { return Ok(()) };
        let taken = policy.network.take(Some(bucket), now).map(|_| ());
        taken.map_err(|wait| self.limited(Told::Clients(network), Limit::Network, wait, now))
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
    /// [`Limited`] when one of them is empty; nothing is taken then.
    pub fn charge(
        &self,
        keys: &Keys,
        policy: &LockoutPolicy,
        now: Timestamp,
    ) -> Result<Charge, Limited> {
        let charge = Charge { network: keys.network, global: keys.global };
        let buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = Vec::with_capacity(2);
        for (limit, key, rate) in charge.named(policy) {
            let bucket = rate.take(buckets.get(&key), now);
            let limited = |wait| self.limited(Told::Attempts(key), limit, wait, now);
            taken.push((key, bucket.map_err(limited)?));
        }
        for (key, bucket) in taken {
            buckets.insert(key, bucket);
        }
        Ok(charge)
    }

    /// Puts back what an attempt took that succeeded, or was shed.
    pub fn give_back(&self, charge: &Charge, policy: &LockoutPolicy) {
        let buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, key, rate) in charge.named(policy) {
            if let Some(bucket) = buckets.get(&key) {
                buckets.insert(key, rate.give_back(bucket));
            }
        }
    }
}

impl Charge {
    fn named(self, policy: &LockoutPolicy) -> impl Iterator<Item = (Limit, CounterKey, Rate)> {
        let network = self.network.map(|key| (Limit::Network, key, policy.network));
        let global = self.global.map(|key| (Limit::Everybody, key, policy.global));
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
        for is_news in [true, false] {
            let limited = rates.charge(&from("192.0.2.1"), &policy, NOW).unwrap_err();
            assert_eq!((limited.limit, limited.is_news), (Limit::Network, is_news));
        }
        assert!(rates.charge(&from("192.0.2.2"), &policy, NOW).is_ok());
    }

    /// The networks among the first `count` that are news.
    fn news(rates: &Rates, count: u8, now: Timestamp) -> usize {
        let mut policy = LockoutPolicy::default();
        policy.network.burst = 1;
        let limited = |number| {
            let address = format!("198.51.100.{number}").parse().unwrap();
            let origin = Origin { address: Some(address), ..Origin::command_line(String::new()) };
            rates.count_client_failure(&origin, &policy, now);
            rates.check_clients(&origin, &policy, now).unwrap_err()
        };
        (0..count).filter(|number| limited(*number).is_news).count()
    }

    /// DOS-04: whoever has many networks fills no audit log with them.
    #[test]
    fn dos_04_of_many_networks_some_are_told_of() {
        let rates = Rates::new(1_000);
        assert_eq!(news(&rates, 200, NOW), 60);
        assert_eq!(news(&rates, 200, NOW), 0);
        assert_eq!(news(&rates, 200, NOW.plus(Duration::from_mins(2))), 2);
    }

    #[test]
    fn what_could_not_be_told_of_is_news_again() {
        let (rates, policy) = (Rates::new(10), LockoutPolicy::default());
        for _ in 0..policy.network.burst {
            rates.charge(&from("192.0.2.1"), &policy, NOW).unwrap();
        }
        let limited = || rates.charge(&from("192.0.2.1"), &policy, NOW).unwrap_err();
        let first = limited();
        assert!(first.is_news && !limited().is_news);
        rates.untold(&first);
        assert!(limited().is_news);
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
