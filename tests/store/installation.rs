//! What belongs to the installation: named values, signing keys, counters, the first link.

use doorward::{
    store::{
        StoreError, Unique, bootstrap, meta,
        sign_in_attempt::{self, SignInAttempts},
        signing_key::{self, SigningKeyRow},
    },
    types::change::Change,
};

use crate::{
    change::changes_after,
    engine::TestDb,
    samples::{NOW, at, hash},
};

both![
    a_value_is_set_once_or_for_good,
    keys_move_from_state_to_state,
    one_key_of_an_algorithm_is_active,
    failures_are_counted_and_forgotten,
    a_bootstrap_link_works_once_and_in_time,
    an_assertion_is_remembered_until_it_expires,
];

pub(crate) fn key(kid: &str, alg: &str, state: &str) -> SigningKeyRow {
    SigningKeyRow {
        kid: kid.to_owned(),
        alg: alg.to_owned(),
        state: state.to_owned(),
        public_jwk: "{}".to_owned(),
        sealed_private: vec![0, 1, 255],
        created_at: NOW,
        changed_at: NOW,
    }
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
    let key = key("k1", "ES256", "pending");
    commit!(db, [key], |tx| signing_key::insert(tx, &key)).unwrap();
    let set = async |from: &'static str, to: &'static str| {
        commit!(db, [], |tx| signing_key::set_state(tx, "k1", from, to, at(1))).unwrap()
    };
    assert!(!set("active", "retiring").await);
    assert!(set("pending", "active").await);
    let keys = read!(db, |conn| signing_key::list(conn)).unwrap();
    assert_eq!((keys[0].state.as_str(), keys[0].changed_at), ("active", at(1)));
    assert_eq!(keys[0].sealed_private, [0, 1, 255]);
    assert!(!format!("{:?}", keys[0]).contains("sealed"));
    for expected in [true, false] {
        assert_eq!(commit!(db, [], |tx| signing_key::delete(tx, "k1", at(2))), Ok(expected));
    }
    assert_eq!(changes_after(&db, 0).await, vec![Change::SigningKeys; 3]);
}

async fn one_key_of_an_algorithm_is_active(db: TestDb) {
    for key in [key("k1", "ES256", "active"), key("k2", "RS256", "active")] {
        commit!(db, [key], |tx| signing_key::insert(tx, &key)).unwrap();
    }
    let (second, pending) = (key("k3", "ES256", "active"), key("k4", "ES256", "pending"));
    let refused = commit!(db, [second], |tx| signing_key::insert(tx, &second));
    assert_eq!(refused, Err(StoreError::Conflict(Unique::ActiveSigningKey)));
    commit!(db, [pending], |tx| signing_key::insert(tx, &pending)).unwrap();
    let refused =
        commit!(db, [], |tx| signing_key::set_state(tx, "k4", "pending", "active", at(1)));
    assert_eq!(refused, Err(StoreError::Conflict(Unique::ActiveSigningKey)));
    let moved = commit!(db, [], |tx| async {
        signing_key::set_state(tx, "k1", "active", "retiring", at(1)).await?;
        signing_key::set_state(tx, "k4", "pending", "active", at(1)).await
    });
    assert_eq!(moved, Ok(true));
}

async fn failures_are_counted_and_forgotten(db: TestDb) {
    let count = |failures, blocked: Option<i64>| SignInAttempts {
        failures,
        blocked_until: blocked.map(at),
        updated_at: at(i64::from(failures)),
    };
    let write = async |expected: Option<SignInAttempts>, next: SignInAttempts| {
        let key = hash(1);
        commit!(db, [], |tx| {
            sign_in_attempt::compare_and_set(tx, &key, expected.as_ref(), &next)
        })
        .unwrap()
    };
    assert!(!write(Some(count(1, None)), count(2, None)).await, "nothing is there");
    assert!(write(None, count(1, None)).await);
    assert!(!write(None, count(1, None)).await, "something is there");
    assert!(!write(Some(count(1, Some(5))), count(2, None)).await, "another block");
    assert!(write(Some(count(1, None)), count(2, Some(9))).await);
    assert!(write(Some(count(2, Some(9))), count(3, Some(30))).await);
    let stored = read!(db, |conn| sign_in_attempt::find(conn, &hash(1)));
    assert_eq!(stored, Ok(Some(count(3, Some(30)))));
    for expected in [true, false] {
        assert_eq!(commit!(db, [], |tx| sign_in_attempt::clear(tx, &hash(1))), Ok(expected));
    }
    assert_eq!(read!(db, |conn| sign_in_attempt::find(conn, &hash(1))), Ok(None));
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
        let (jti, until) = (hash(1), at(60 + moment));
        let taken = commit!(db, [], |tx| {
            doorward::store::client_assertion::consume(tx, &jti, until, at(moment))
        });
        assert_eq!(taken.unwrap().is_some(), works, "at {moment}");
    }
}
