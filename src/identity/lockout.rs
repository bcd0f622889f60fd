//! Limits on guessing passwords. NIST SP 800-63B-4 §3.2.2, OWASP ASVS 6.3.1.
//!
//! An attempt is counted **before** its hash is computed: [`reserve`] yields the state to write, by a
//! conditional statement on the state it was read with, and only who wrote it may hash. So a thousand
//! attempts in parallel compute no more hashes than a thousand in a row. A success deletes the counter,
//! and an attempt that was shed without hashing is given back with [`Attempts::give_back`].
//!
//! **Ladder.** Four failures in a row cost nothing; the fifth makes the next wait 15 s, then 30, 60, 120,
//! 240 and from the tenth on 300 s. The hundredth locks the counter. Refused attempts change nothing:
//! knocking does not lengthen the wait.
//!
//! **End of a lock.** A success from a known device, an operator's reset, or 24 h without a counted
//! attempt, after which every counter starts anew. A stranger has at most 100 guesses a day against a
//! user, which is nothing against a password that takes 10⁸ guesses.
//!
//! **Counters** ([`keys`]). A known device (one that carries the cookie of an earlier success of this
//! user) counts by itself and nowhere else, so that strangers cannot lock it out, and it has the same
//! ladder. Everybody else counts against the user (or against the canonical typed name when there is no
//! such user: same path, same answers), the network (an IPv4 address, an IPv6 /64) and all together.
//! The last two are token buckets; a success gives its token back, so that they count failures.

use std::net::IpAddr;
use std::time::Duration;

use super::rate::Rate;
use crate::types::digest::sha256;
use crate::types::{Timestamp, TokenHash, UserId};

/// The figures of the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockoutPolicy {
    /// The failure in a row from which on there is a wait.
    pub patience: u32,
    /// The first wait; each further one is twice as long.
    pub first_wait: Duration,
    /// The longest wait.
    pub longest_wait: Duration,
    /// The most failures in a row.
    pub most: u32,
    /// The time without a counted attempt after which a counter starts anew.
    pub quiet: Duration,
    /// The limit of one network.
    pub network: Rate,
    /// The limit of all strangers together.
    pub global: Rate,
}

impl Default for LockoutPolicy {
    fn default() -> Self {
        Self {
            patience: 5,
            first_wait: Duration::from_secs(15),
            longest_wait: Duration::from_mins(5),
            most: 100,
            quiet: Duration::from_hours(24),
            // An office behind one address: a hundred mistakes at once, then twenty a minute.
            network: Rate { burst: 100, interval: Duration::from_secs(3) },
            // Far above the mistakes of honest users, far below what spraying needs.
            global: Rate { burst: 1_000, interval: Duration::from_millis(100) },
        }
    }
}

/// The failures in a row of one counter, attempts that are still being hashed included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    /// How many.
    pub failures: u32,
    /// No attempt is allowed before this moment.
    pub blocked_until: Timestamp,
    /// When the last one was counted.
    pub updated_at: Timestamp,
}

/// Whether an attempt may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reservation {
    /// Yes, once this state is written in place of the one that was read.
    Proceed(Attempts),
    /// Not before this time has passed: 429 with `Retry-After`.
    Wait(Duration),
    /// Not before the counter is cleared; the time is the longest that this can take.
    Locked(Duration),
}

/// Counts an attempt before its hash is computed. `attempts` is the row of the counter, if there is one.
#[must_use]
pub fn reserve(attempts: Option<&Attempts>, policy: &LockoutPolicy, now: Timestamp) -> Reservation {
    let Some(attempts) = attempts.filter(|attempts| !attempts.is_over(policy, now)) else {
        return Reservation::Proceed(Attempts::counted(1, policy, now));
    };
    if attempts.failures >= policy.most {
        let left = attempts.updated_at.plus(policy.quiet).since(now).min(policy.quiet);
        return Reservation::Locked(left);
    }
    // A clock that was set back must not make the wait longer than the longest.
    let wait = attempts.blocked_until.since(now).min(policy.longest_wait);
    if wait > Duration::ZERO {
        return Reservation::Wait(wait);
    }
    Reservation::Proceed(Attempts::counted(attempts.failures.saturating_add(1), policy, now))
}

impl Attempts {
    /// The counter without an attempt that was reserved and shed before its hash was computed, to be
    /// written in place of the current state; `None` when the row is to be deleted.
    #[must_use]
    pub fn give_back(&self, policy: &LockoutPolicy) -> Option<Self> {
        match self.failures.saturating_sub(1) {
            0 => None,
            failures => Some(Self::counted(failures, policy, self.updated_at)),
        }
    }

    /// Whether the counter says no more than a missing row: it may be deleted.
    #[must_use]
    pub fn is_over(&self, policy: &LockoutPolicy, now: Timestamp) -> bool {
        now.since(self.updated_at) >= policy.quiet
    }

    fn counted(failures: u32, policy: &LockoutPolicy, now: Timestamp) -> Self {
        Self { failures, blocked_until: now.plus(wait_after(failures, policy)), updated_at: now }
    }
}

/// The wait that `failures` in a row make.
fn wait_after(failures: u32, policy: &LockoutPolicy) -> Duration {
    match failures.checked_sub(policy.patience) {
        None => Duration::ZERO,
        Some(doublings) => policy
            .first_wait
            .saturating_mul(2_u32.saturating_pow(doublings))
            .min(policy.longest_wait),
    }
}

/// Whom an attempt is made against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// A user, found by the canonical name.
    User(UserId),
    /// No user has this canonical name ([`super::LoginName::canonical`]).
    Unknown(&'a str),
}

/// Where an attempt comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A browser with the device cookie of an earlier success of this very user.
    KnownDevice(UserId, TokenHash),
    /// Any other browser, by its network ([`crate::types::origin::Origin::network`]); `None` when the
    /// address is not known.
    Stranger(Option<IpAddr>),
}

/// The name of a counter: a SHA-256, so that rows have one size and show no typed name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CounterKey([u8; 32]);

impl CounterKey {
    /// The 32 bytes to bind to SQL.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn of(kind: &str, parts: &[&[u8]]) -> Self {
        let mut text = format!("lockout:{kind}:").into_bytes();
        for part in parts {
            text.extend((part.len() as u64).to_be_bytes());
            text.extend_from_slice(part);
        }
        Self(sha256(&text))
    }
}

/// The counters that one attempt goes through. All must let it pass before a hash is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keys {
    /// The counter of failures in a row: [`reserve`].
    pub attempts: CounterKey,
    /// The bucket of the network, limited by [`LockoutPolicy::network`].
    pub network: Option<CounterKey>,
    /// The bucket of all strangers, limited by [`LockoutPolicy::global`].
    pub global: Option<CounterKey>,
}

/// The counters of an attempt from `source` against `target`.
///
/// A device that is known to another user than the target is a stranger without a network: the caller
/// passes [`Source::KnownDevice`] only after it looked the cookie up, and this function does not trust it.
#[must_use]
pub fn keys(target: Target<'_>, source: Source) -> Keys {
    if let (Target::User(user), Source::KnownDevice(owner, device)) = (target, source)
        && user == owner
    {
        let attempts = CounterKey::of("device", &[user.uuid().as_bytes(), device.as_bytes()]);
        return Keys { attempts, network: None, global: None };
    }
    let network = match source {
        Source::Stranger(network) => network,
        Source::KnownDevice(_, _) => None,
    };
    Keys {
        attempts: user_key(target),
        network: network
            .map(|address| CounterKey::of("network", &[address.to_string().as_bytes()])),
        global: Some(CounterKey::of("global", &[])),
    }
}

/// The counter of strangers against `target`. A success from anywhere, a new password and an operator's
/// reset delete it.
#[must_use]
pub fn user_key(target: Target<'_>) -> CounterKey {
    match target {
        Target::User(user) => CounterKey::of("user", &[user.uuid().as_bytes()]),
        Target::Unknown(name) => CounterKey::of("name", &[name.as_bytes()]),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(seconds)
    }

    fn proceed(attempts: Option<&Attempts>, now: i64) -> Attempts {
        match reserve(attempts, &LockoutPolicy::default(), at(now)) {
            Reservation::Proceed(next) => next,
            other @ (Reservation::Wait(_) | Reservation::Locked(_)) => panic!("{other:?}"),
        }
    }

    /// LOCK-01: the ladder.
    #[test]
    fn waits_grow_from_15_to_300_seconds() {
        let (mut now, mut state, mut waits) = (1_000, None, Vec::new());
        for _ in 0..12 {
            let next = proceed(state.as_ref(), now);
            waits.push(next.blocked_until.since(at(now)).as_secs());
            now = next.blocked_until.unix();
            state = Some(next);
        }
        assert_eq!(waits, [0, 0, 0, 0, 15, 30, 60, 120, 240, 300, 300, 300]);
    }

    #[test]
    fn the_wait_ends_at_its_second() {
        let policy = LockoutPolicy::default();
        let state = Attempts { failures: 5, blocked_until: at(1_015), updated_at: at(1_000) };
        let ask = |now| reserve(Some(&state), &policy, at(now));
        assert_eq!(ask(1_000), Reservation::Wait(Duration::from_secs(15)));
        assert_eq!(ask(1_014), Reservation::Wait(Duration::from_secs(1)));
        assert!(matches!(ask(1_015), Reservation::Proceed(Attempts { failures: 6, .. })));
        // A clock that was set back a year.
        assert_eq!(ask(-31_536_000), Reservation::Wait(Duration::from_mins(5)));
    }

    #[test]
    fn the_hundredth_failure_locks_for_a_day() {
        let policy = LockoutPolicy::default();
        let (mut now, mut state, mut counted) = (0, None, 0);
        while let Reservation::Proceed(next) = reserve(state.as_ref(), &policy, at(now)) {
            counted += 1;
            state = Some(next);
            now = next.blocked_until.unix();
        }
        assert_eq!(counted, 100);
        let last = state.unwrap().updated_at.unix();
        let day = 86_400;
        let ask = |now| reserve(state.as_ref(), &policy, at(now));
        assert_eq!(ask(last), Reservation::Locked(Duration::from_hours(24)));
        assert_eq!(ask(last + day - 1), Reservation::Locked(Duration::from_secs(1)));
        assert!(matches!(ask(last + day), Reservation::Proceed(Attempts { failures: 1, .. })));
    }

    #[test]
    fn a_quiet_day_starts_anew() {
        let state = Attempts { failures: 9, blocked_until: at(1_240), updated_at: at(1_000) };
        assert_eq!(proceed(Some(&state), 1_000 + 86_399).failures, 10);
        assert_eq!(proceed(Some(&state), 1_000 + 86_400).failures, 1);
    }

    #[test]
    fn what_was_shed_is_not_counted() {
        let policy = LockoutPolicy::default();
        let fifth = Attempts { failures: 5, blocked_until: at(1_015), updated_at: at(1_000) };
        let fourth = fifth.give_back(&policy).unwrap();
        assert_eq!((fourth.failures, fourth.blocked_until), (4, at(1_000)));
        let seventh = Attempts { failures: 7, blocked_until: at(1_060), updated_at: at(1_000) };
        assert_eq!(seventh.give_back(&policy).unwrap().blocked_until, at(1_030));
        let first = Attempts { failures: 1, blocked_until: at(1_000), updated_at: at(1_000) };
        assert_eq!(first.give_back(&policy), None);
    }

    fn user(seed: u8) -> UserId {
        UserId::new(at(1), [seed; 10])
    }

    /// Strangers and a known device have nothing in common.
    #[test]
    fn a_known_device_counts_by_itself() {
        let device = TokenHash::from_bytes([9; 32]);
        let stranger = keys(Target::User(user(1)), Source::Stranger("192.0.2.1".parse().ok()));
        let known = keys(Target::User(user(1)), Source::KnownDevice(user(1), device));
        assert_ne!(stranger.attempts, known.attempts);
        assert_eq!((known.network, known.global), (None, None));
        assert_eq!(stranger.attempts, user_key(Target::User(user(1))));
        // The device of another user opens no second counter.
        let other = keys(Target::User(user(1)), Source::KnownDevice(user(2), device));
        assert_eq!(other.attempts, stranger.attempts);
        assert_eq!(other.global, stranger.global);
    }

    /// ENUM-07: an unknown name goes the same way.
    #[test]
    fn unknown_names_have_the_same_counters() {
        let source = Source::Stranger("2001:db8::".parse().ok());
        let unknown = keys(Target::Unknown("nobody"), source);
        let known = keys(Target::User(user(1)), source);
        assert_eq!((unknown.network, unknown.global), (known.network, known.global));
        assert_ne!(unknown.attempts, known.attempts);
        assert_ne!(unknown.attempts, keys(Target::Unknown("nobody2"), source).attempts);
    }

    /// What a task of the simulation does next: begin (read the row), write, or finish.
    #[derive(Debug, Clone, Copy)]
    enum Step {
        Read(usize),
        Write(usize),
        Shed,
        Pass(i64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            4 => (0..8_usize).prop_map(Step::Read),
            4 => (0..8_usize).prop_map(Step::Write),
            1 => Just(Step::Shed),
            2 => (0..400_i64).prop_map(Step::Pass),
        ];
        prop::collection::vec(step, 1..600)
    }

    proptest! {
        /// LOCK-03: tasks read and write in any order; a write holds only on the state that was read.
        /// No wait is cut short, and no more than 100 hashes are computed in a row.
        #[test]
        fn hashes_never_exceed_the_limit(steps in steps()) {
            let policy = LockoutPolicy::default();
            let (mut now, mut row): (i64, Option<Attempts>) = (1_000, None);
            let mut read: [Option<(Option<Attempts>, Attempts)>; 8] = [None; 8];
            let (mut hashes, mut pending, mut free) = (0_u32, 0_u32, 0_u32);
            for step in steps {
                match step {
                    Step::Read(task) => {
                        read[task] = match reserve(row.as_ref(), &policy, at(now)) {
                            Reservation::Proceed(next) => Some((row, next)),
                            Reservation::Wait(_) | Reservation::Locked(_) => None,
                        };
                    }
                    Step::Write(task) => {
                        if let Some((seen, next)) = read[task].take() && seen == row {
                            row = Some(next);
                            pending += 1;
                            if now == 1_000 { free += 1; }
                        }
                    }
                    // The pool sheds one of the attempts that are waiting for their hash.
                    Step::Shed => if pending > 0 {
                        pending -= 1;
                        if now == 1_000 { free -= 1; }
                        row = row.and_then(|row| row.give_back(&policy));
                    },
                    Step::Pass(seconds) => {
                        hashes += pending;
                        pending = 0;
                        now += seconds;
                    }
                }
                prop_assert!(hashes + pending <= policy.most);
                prop_assert_eq!(hashes + pending, row.map_or(0, |row| row.failures));
                prop_assert!(free <= policy.patience);
            }
        }
    }
}
