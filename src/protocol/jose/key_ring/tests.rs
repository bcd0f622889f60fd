use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{super::jwk::PublicKey, *};

const POLICY: RotationPolicy = RotationPolicy {
    key_lifetime: Duration::from_secs(10_000),
    jwks_max_age: Duration::from_secs(100),
    longest_token_lifetime: Duration::from_secs(1_000),
};

const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(seconds)
}

/// A distinct key for each `number`; its algorithm in the record may be another, which no rule sees.
fn public(number: u64) -> Jwk {
    let seed: [u8; 32] = std::array::from_fn(|i| if i < 8 { number.to_be_bytes()[i] } else { 1 });
    let pair = aws_lc_rs::signature::Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
    let point = aws_lc_rs::signature::KeyPair::public_key(&pair).as_ref().try_into().unwrap();
    Jwk::new(super::super::Alg::EdDSA, PublicKey::Ed25519(point)).unwrap()
}

/// A ring as a store would keep it.
#[derive(Debug, Default)]
struct Ring {
    keys: Vec<KeyRecord>,
    made: u64,
}

impl Ring {
    fn find(&mut self, kid: &Kid) -> &mut KeyRecord {
        self.keys.iter_mut().find(|key| &key.kid == kid).unwrap()
    }

    fn apply(&mut self, steps: Vec<KeyStep>, now: Timestamp) {
        for step in steps {
            match step {
                KeyStep::Create(alg, first) => {
                    self.made += 1;
                    self.keys.push(KeyRecord::new(public(self.made), alg, first, now));
                }
                KeyStep::Activate(kid) => assert!(self.find(&kid).advance(KeyState::Active, now)),
                KeyStep::Retire(kid) => assert!(self.find(&kid).advance(KeyState::Retiring, now)),
                KeyStep::Remove(kid) => assert!(self.find(&kid).advance(KeyState::Removed, now)),
            }
        }
    }

    fn rotate(&mut self, now: Timestamp) {
        let steps = rotation(&self.keys, &POLICY, now);
        self.apply(steps, now);
    }

    fn states(&self, alg: SigningAlg) -> Vec<KeyState> {
        self.keys.iter().filter(|key| key.alg == alg).map(|key| key.state).collect()
    }
}

#[test]
fn an_empty_ring_signs_at_once_and_then_gets_a_standby() {
    let mut ring = Ring::default();
    ring.rotate(at(0));
    for alg in SigningAlg::ALL {
        assert_eq!(ring.states(alg), [KeyState::Active]);
    }
    ring.rotate(at(1));
    for alg in SigningAlg::ALL {
        assert_eq!(ring.states(alg), [KeyState::Active, KeyState::Pending]);
    }
    assert_eq!(rotation(&ring.keys, &POLICY, at(2)), []);
}

#[test]
fn a_key_retires_when_its_life_is_over_and_goes_when_its_tokens_are_dead() {
    let mut ring = Ring::default();
    ring.rotate(at(0));
    ring.rotate(at(0));
    ring.rotate(at(9_999));
    assert_eq!(ring.states(SigningAlg::ES256), [KeyState::Active, KeyState::Pending]);
    ring.rotate(at(10_000));
    assert_eq!(ring.states(SigningAlg::ES256), [KeyState::Retiring, KeyState::Active]);
    ring.rotate(at(11_100));
    assert_eq!(ring.states(SigningAlg::ES256)[0], KeyState::Retiring);
    ring.rotate(at(11_101));
    assert_eq!(ring.states(SigningAlg::ES256)[0], KeyState::Removed);
}

/// KEY-02: a request for a new key does not make an unknown key sign.
#[test]
fn a_requested_rotation_waits_for_the_publication() {
    let mut ring = Ring::default();
    ring.rotate(at(0));
    ring.rotate(at(0));
    assert_eq!(rotation_on_request(&ring.keys, SigningAlg::RS256, &POLICY, at(199)), []);
    let steps = rotation_on_request(&ring.keys, SigningAlg::RS256, &POLICY, at(200));
    ring.apply(steps, at(200));
    assert_eq!(ring.states(SigningAlg::RS256), [KeyState::Retiring, KeyState::Active]);
    assert_eq!(ring.states(SigningAlg::ES256), [KeyState::Active, KeyState::Pending]);
}

/// KEY-03: a revoked key is out of the JWKS and checks nothing; the standby signs.
#[test]
fn a_revoked_key_is_gone_at_once() {
    let mut ring = Ring::default();
    ring.rotate(at(0));
    ring.rotate(at(0));
    let revoked = signing_key(&ring.keys, SigningAlg::ES256).unwrap().kid.clone();
    assert!(ring.find(&revoked).advance(KeyState::Revoked, at(500)));
    assert!(published(&ring.keys).keys().iter().all(|key| key.kid() != Some(&revoked)));
    for checked_as in [CheckedAs::Token, CheckedAs::Hint] {
        let keys = verifying_keys(&ring.keys, checked_as);
        assert!(keys.find(&revoked, SigningAlg::ES256.alg()).is_none());
    }
    assert!(signing_key(&ring.keys, SigningAlg::ES256).is_none());
    ring.rotate(at(500));
    assert_eq!(ring.states(SigningAlg::ES256), [KeyState::Revoked, KeyState::Active]);
}

#[test]
fn of_two_first_keys_one_signs_and_both_retire() {
    let mut ring = Ring::default();
    ring.rotate(at(0));
    let steps = rotation(&[], &POLICY, at(0));
    ring.apply(steps, at(0));
    assert_eq!(ring.states(SigningAlg::ES256), [KeyState::Active, KeyState::Active]);
    ring.rotate(at(0));
    ring.rotate(at(10_000));
    let retired = [KeyState::Retiring, KeyState::Retiring, KeyState::Active];
    assert_eq!(ring.states(SigningAlg::ES256), retired);
}

#[test]
fn states_only_go_forward() {
    for from in KeyState::ALL {
        assert_eq!(KeyState::parse(from.as_str()), Some(from));
        for to in KeyState::ALL {
            assert!(!from.can_become(to) || from < to, "{from:?} to {to:?}");
        }
    }
}

#[test]
fn a_hint_outlives_its_key() {
    let mut record = KeyRecord::new(public(1), SigningAlg::EdDSA, FirstState::Active, at(0));
    let kid = record.kid.clone();
    assert!(record.advance(KeyState::Retiring, at(1)));
    assert!(record.advance(KeyState::Removed, at(2)));
    let find = |record: &KeyRecord, checked_as| {
        verifying_keys(std::slice::from_ref(record), checked_as)
            .find(&kid, super::super::Alg::EdDSA)
            .is_some()
    };
    assert!(find(&record, CheckedAs::Hint));
    assert!(!find(&record, CheckedAs::Token));
    assert!(record.advance(KeyState::Revoked, at(3)));
    assert!(!find(&record, CheckedAs::Hint));
}

/// What can happen to a ring.
#[derive(Debug, Clone)]
enum Event {
    Wait(u16),
    Rotate,
    Request(usize),
    Revoke(usize),
    ClockBack(u16),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        4 => (0_u16..12_000).prop_map(Event::Wait),
        4 => (0_u16..300).prop_map(Event::Wait),
        8 => Just(Event::Rotate),
        2 => (0_usize..4).prop_map(Event::Request),
        1 => (0_usize..8).prop_map(Event::Revoke),
        1 => (0_u16..3_600).prop_map(Event::ClockBack),
    ];
    prop::collection::vec(event, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// No order of operations signs with a key that was not published long enough, unless there was
    /// no other to sign with; and every key with a live token is published, unless it was revoked.
    #[test]
    fn no_order_of_operations_signs_with_an_unpublished_key(events in events()) {
        let mut ring = Ring::default();
        let (mut clock, mut latest) = (1_000_000_i64, 1_000_000_i64);
        // When each key last signed, and the keys that were forced to begin early.
        let mut signed: BTreeMap<Kid, i64> = BTreeMap::new();
        for event in events {
            let orphaned: Vec<_> = SigningAlg::ALL
                .into_iter()
                .filter(|alg| signing_key(&ring.keys, *alg).is_none())
                .collect();
            match event {
                Event::Wait(seconds) => clock += i64::from(seconds),
                Event::ClockBack(seconds) => clock -= i64::from(seconds),
                Event::Rotate => ring.rotate(at(clock)),
                Event::Request(index) => {
                    let steps = rotation_on_request(
                        &ring.keys, SigningAlg::ALL[index], &POLICY, at(clock));
                    ring.apply(steps, at(clock));
                }
                Event::Revoke(index) => {
                    if let Some(key) = ring.keys.get_mut(index) {
                        key.advance(KeyState::Revoked, at(clock));
                    }
                }
            }
            latest = latest.max(clock);
            for alg in SigningAlg::ALL {
                let Some(key) = signing_key(&ring.keys, alg) else { continue };
                let activated = key.activated_at.unwrap();
                if !signed.contains_key(&key.kid) {
                    let known = activated.since(key.created_at) >= Duration::from_secs(200);
                    prop_assert!(known || orphaned.contains(&alg), "{key:?}");
                }
                signed.insert(key.kid.clone(), clock);
            }
            for key in &ring.keys {
                let last = signed.get(&key.kid).copied();
                let alive = last.is_some_and(|last| clock >= last && clock <= last + 1_000);
                if alive && key.state != KeyState::Revoked && clock == latest {
                    prop_assert!(key.state.is_published(), "{key:?} at {clock}");
                }
            }
            let mut kids: Vec<_> = ring.keys.iter().map(|key| &key.kid).collect();
            kids.sort_unstable();
            kids.dedup();
            prop_assert_eq!(kids.len(), ring.keys.len());
        }
    }
}
