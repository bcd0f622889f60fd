//! What belongs to the installation: named values, signing keys, counters, the first link.

use doorward::{
    identity::lockout::Attempts,
    protocol::jose::{
        SigningAlg,
        jwk::Jwk,
        key_ring::{FirstState, KeyRecord, KeyState, StoredKey},
    },
    store::{StoreError, Unique, bootstrap, meta, sign_in_attempt, signing_key},
    types::change::Change,
};

use base64ct::Encoding;

use crate::{
    change::changes_after,
    engine::TestDb,
    samples::{NOW, assertion, at, hash},
};

both![
    a_value_is_set_once_or_for_good,
    keys_move_from_state_to_state,
    one_key_of_an_algorithm_is_active,
    failures_are_counted_and_forgotten,
    a_bootstrap_link_works_once_and_in_time,
    an_assertion_is_remembered_until_it_expires,
];

/// An Ed25519 key; another number makes another one.
pub(crate) fn key(number: u8, first: FirstState) -> StoredKey {
    let public: Jwk = serde_json::from_value(serde_json::json!({
        "kty": "OKP",
        "crv": "Ed25519",
        "alg": "EdDSA",
        "x": base64ct::Base64UrlUnpadded::encode_string(&[number; 32]),
    }))
    .unwrap();
    let record = KeyRecord::new(public, SigningAlg::EdDSA, first, NOW);
    StoredKey { record, sealed_private: vec![0, 1, 255] }
}

async fn a_value_is_set_once_or_for_good(db: TestDb) {
    assert_eq!(read!(db, |conn| meta::find(conn, "epoch")), Ok(None));
    for value in [b"1", b"2"] {
        let stands = commit!(db, [], |tx| meta::set_if_absent(tx, "epoch", value));
        assert_eq!(stands.as_deref(), Ok(b"1".as_slice()));
    }
    commit!(db, [], |tx| meta::set(tx, "epoch", b"3")).unwrap();
    assert_eq!(read!(db, |conn| meta::find(conn, "epoch")), Ok(Some(b"3".to_vec())));
}

async fn keys_move_from_state_to_state(db: TestDb) {
    let key = key(1, FirstState::Pending);
    commit!(db, [key], |tx| signing_key::insert(tx, &key)).unwrap();
    let stored = read!(db, |conn| signing_key::list(conn)).unwrap();
    assert_eq!((&stored[0].record, &stored[0].sealed_private), (&key.record, &key.sealed_private));
    let mut record = key.record.clone();
    assert!(record.advance(KeyState::Active, at(1)));
    for (from, expected) in
        [(KeyState::Retiring, false), (KeyState::Pending, true), (KeyState::Pending, false)]
    {
        let moved = commit!(db, [record], |tx| signing_key::advance(tx, &record, from, at(1)));
        assert_eq!(moved, Ok(expected));
    }
    assert!(record.advance(KeyState::Revoked, at(2)));
    let moved =
        commit!(db, [record], |tx| { signing_key::advance(tx, &record, KeyState::Active, at(2)) });
    assert_eq!(moved, Ok(true));
    let stored = read!(db, |conn| signing_key::list(conn)).unwrap();
    assert_eq!(stored[0].record, record);
    assert!(stored[0].sealed_private.is_empty(), "the private half is gone");
    assert_eq!(changes_after(&db, 0).await, vec![Change::SigningKeys; 3]);
}

async fn one_key_of_an_algorithm_is_active(db: TestDb) {
    let (first, second) = (key(1, FirstState::Active), key(2, FirstState::Active));
    commit!(db, [first], |tx| signing_key::insert(tx, &first)).unwrap();
    let refused = commit!(db, [second], |tx| signing_key::insert(tx, &second));
    assert_eq!(refused, Err(StoreError::Conflict(Unique::SigningKey)));
    let pending = key(3, FirstState::Pending);
    commit!(db, [pending], |tx| signing_key::insert(tx, &pending)).unwrap();
    let (mut old, mut new) = (first.record, pending.record);
    assert!(old.advance(KeyState::Retiring, at(1)) && new.advance(KeyState::Active, at(1)));
    let refused = commit!(db, [new], |tx| signing_key::advance(tx, &new, KeyState::Pending, at(1)));
    assert_eq!(refused, Err(StoreError::Conflict(Unique::SigningKey)));
    let moved = commit!(db, [old, new], |tx| async {
        signing_key::advance(tx, &old, KeyState::Active, at(1)).await?;
        signing_key::advance(tx, &new, KeyState::Pending, at(1)).await
    });
    assert_eq!(moved, Ok(true));
}

async fn failures_are_counted_and_forgotten(db: TestDb) {
    let count = |failures, blocked| Attempts {
        failures,
        blocked_until: at(blocked),
        updated_at: at(i64::from(failures)),
    };
    let write = async |expected: Option<Attempts>, next: Option<Attempts>| {
        let key = hash(1);
        commit!(db, [], |tx| {
            sign_in_attempt::compare_and_set(tx, &key, expected.as_ref(), next.as_ref())
        })
        .unwrap()
    };
    assert!(write(None, None).await, "nothing is there, as expected");
    assert!(!write(Some(count(1, 0)), Some(count(2, 0))).await, "nothing is there");
    assert!(write(None, Some(count(1, 0))).await);
    assert!(!write(None, Some(count(1, 0))).await, "something is there");
    assert!(!write(Some(count(1, 5)), Some(count(2, 0))).await, "another block");
    assert!(write(Some(count(1, 0)), Some(count(2, 9))).await);
    let stored = read!(db, |conn| sign_in_attempt::find(conn, &hash(1)));
    assert_eq!(stored, Ok(Some(count(2, 9))));
    assert!(!write(Some(count(1, 0)), None).await, "it moved on");
    assert!(write(Some(count(2, 9)), None).await);
    assert_eq!(read!(db, |conn| sign_in_attempt::find(conn, &hash(1))), Ok(None));
    assert!(write(None, Some(count(3, 30))).await);
    for expected in [true, false] {
        assert_eq!(commit!(db, [], |tx| sign_in_attempt::clear(tx, &hash(1))), Ok(expected));
    }
}

async fn a_bootstrap_link_works_once_and_in_time(db: TestDb) {
    for number in [1, 2] {
        commit!(db, [], |tx| bootstrap::insert(tx, &hash(number), at(60), NOW)).unwrap();
    }
    assert_eq!(read!(db, |conn| bootstrap::is_live(conn, &hash(1), at(59))), Ok(true));
    assert_eq!(read!(db, |conn| bootstrap::is_live(conn, &hash(1), at(60))), Ok(false));
    for (number, moment, works) in [(1, 1, true), (1, 2, false), (2, 60, false), (3, 1, false)] {
        let taken = commit!(db, [], |tx| bootstrap::redeem(tx, &hash(number), at(moment)));
        assert_eq!(taken.unwrap().is_some(), works, "{number} at {moment}");
    }
    assert_eq!(read!(db, |conn| bootstrap::is_live(conn, &hash(1), at(1))), Ok(false));
}

async fn an_assertion_is_remembered_until_it_expires(db: TestDb) {
    for (moment, works) in [(0, true), (1, false), (59, false), (60, true), (61, false)] {
        let used = assertion(at(60 + moment));
        let taken = commit!(db, [], |tx| {
            doorward::store::client_assertion::consume(tx, used, at(moment))
        });
        assert_eq!(taken.unwrap().is_some(), works, "at {moment}");
    }
}
