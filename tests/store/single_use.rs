//! What works once works once: fifty tasks race for each single-use thing, and one wins.

use std::{future::Future, sync::Arc};

use doorward::{
    identity::lockout::Attempts,
    protocol::{
        grant::RevocationReason,
        jose::key_ring::{FirstState, KeyState},
    },
    store::{self, Db, refresh_family::FamilyUse},
};
use tokio::sync::Barrier;

use crate::{
    engine::TestDb,
    samples::{NOW, assertion, at, code, family, granted, granted_in_session, hash, session, user},
};

both![
    an_authorization_code_is_redeemed_once,
    a_code_is_exchanged_once_and_yields_one_family,
    a_refresh_generation_is_left_once,
    a_refresh_generation_is_used_once,
    a_client_assertion_is_consumed_once,
    a_bootstrap_link_is_redeemed_once,
    a_grant_is_revoked_once,
    a_family_is_revoked_once,
    a_session_ends_once,
    a_jwt_is_revoked_once,
    a_signing_key_moves_once,
    a_count_of_failures_is_written_once,
    a_new_count_of_failures_is_written_once,
    retries_are_counted_to_the_limit,
    a_code_survives_four_wrong_verifiers_and_no_more,
    one_of_many_users_gets_the_name,
    one_of_many_values_is_set,
    an_expired_assertion_is_replaced_once,
];

/// Starts fifty tasks at one moment; how many of them won.
async fn winners<F, R>(db: &Db, attempt: F) -> usize
where
    F: Fn(Db, u8) -> R,
    R: Future<Output = bool> + Send + 'static,
{
    let barrier = Arc::new(Barrier::new(50));
    let tasks: Vec<_> = (0..50)
        .map(|number| {
            let (barrier, attempt) = (barrier.clone(), attempt(db.clone(), number));
            tokio::spawn(async move {
                barrier.wait().await;
                attempt.await
            })
        })
        .collect();
    let mut winners = 0;
    for task in tasks {
        winners += usize::from(task.await.unwrap());
    }
    winners
}

/// Asserts that exactly one of fifty runs of a verb answers `true`.
macro_rules! one_winner {
    ($db:expr, |$tx:ident| $verb:expr, $won:expr) => {
        let count = winners(&$db, |db, _| async move {
            let taken = commit!(db, [], |$tx| $verb).unwrap();
            $won(taken)
        });
        assert_eq!(count.await, 1);
    };
}

async fn an_authorization_code_is_redeemed_once(db: TestDb) {
    let (_, _, grant) = granted_in_session(&db).await;
    let code = code(&grant, 7);
    commit!(db, [code], |tx| store::authorization_code::insert(tx, &code)).unwrap();
    one_winner!(db, |tx| store::authorization_code::redeem(tx, &hash(7), at(1)), |r: Option<_>| r
        .is_some());
}

async fn a_code_is_exchanged_once_and_yields_one_family(db: TestDb) {
    let (_, _, grant) = granted_in_session(&db).await;
    let code = code(&grant, 7);
    commit!(db, [code], |tx| store::authorization_code::insert(tx, &code)).unwrap();
    let count = winners(&db, |db, number| {
        let family = family(&grant, number);
        async move {
            let (hash, now) = (hash(7), at(1));
            commit_plain!(db, [family], |tx| store::authorization_code::exchange(
                tx,
                &hash,
                now,
                Some(&family)
            ))
            .unwrap()
            .is_some()
        }
    });
    assert_eq!(count.await, 1);
    let mut families = 0;
    for number in 0..50 {
        let id = family(&grant, number).id;
        let found = read!(db, |conn| store::refresh_family::find(conn, id)).unwrap();
        families += usize::from(found.is_some());
    }
    assert_eq!(families, 1);
}

async fn a_refresh_generation_is_used_once(db: TestDb) {
    let (_, _, grant) = granted(&db).await;
    let family = family(&grant, 7);
    let id = family.id;
    commit!(db, [family], |tx| store::refresh_family::insert(tx, &family)).unwrap();
    let how = FamilyUse::Rotate { from: 0, idle_expires_at: at(99) };
    let count = winners(&db, |db, _| async move {
        commit_plain!(db, [], |tx| store::refresh_family::carry_out(tx, id, how, at(1))).unwrap()
    });
    assert_eq!(count.await, 1);
    let family = read!(db, |conn| store::refresh_family::find(conn, id)).unwrap().unwrap().0;
    assert_eq!(family.generation, 1);
}

async fn a_refresh_generation_is_left_once(db: TestDb) {
    let (_, _, grant) = granted(&db).await;
    let family = family(&grant, 7);
    let id = family.id;
    commit!(db, [family], |tx| store::refresh_family::insert(tx, &family)).unwrap();
    for generation in 0..3 {
        let count = winners(&db, |db, _| async move {
            commit!(db, [], |tx| store::refresh_family::rotate(tx, id, generation, at(1), at(99)))
                .unwrap()
                .is_some()
        });
        assert_eq!(count.await, 1);
    }
}

async fn a_client_assertion_is_consumed_once(db: TestDb) {
    one_winner!(
        db,
        |tx| store::client_assertion::consume(tx, assertion(at(60)), NOW),
        |r: Option<_>| r.is_some()
    );
}

async fn an_expired_assertion_is_replaced_once(db: TestDb) {
    commit!(db, [], |tx| store::client_assertion::consume(tx, assertion(at(60)), NOW)).unwrap();
    one_winner!(
        db,
        |tx| store::client_assertion::consume(tx, assertion(at(200)), at(60)),
        |r: Option<_>| r.is_some()
    );
}

async fn a_bootstrap_link_is_redeemed_once(db: TestDb) {
    commit!(db, [], |tx| store::bootstrap::insert(tx, &hash(1), at(60), NOW)).unwrap();
    one_winner!(db, |tx| store::bootstrap::redeem(tx, &hash(1), at(1)), |r: Option<_>| r.is_some());
}

async fn a_grant_is_revoked_once(db: TestDb) {
    let id = granted(&db).await.2.id;
    one_winner!(
        db,
        |tx| store::grant::revoke(tx, id, RevocationReason::CodeReuse, at(1)),
        |now: bool| now
    );
}

async fn a_family_is_revoked_once(db: TestDb) {
    let family = family(&granted(&db).await.2, 7);
    let id = family.id;
    commit!(db, [family], |tx| store::refresh_family::insert(tx, &family)).unwrap();
    one_winner!(
        db,
        |tx| store::refresh_family::revoke(tx, id, RevocationReason::RefreshReuse, at(1)),
        |now: bool| now
    );
}

async fn a_session_ends_once(db: TestDb) {
    let session = session(&granted(&db).await.0, 1);
    let id = session.id;
    commit!(db, [session], |tx| store::session::insert(tx, &session)).unwrap();
    one_winner!(db, |tx| store::session::end(tx, id, at(1)), |now: bool| now);
}

async fn a_jwt_is_revoked_once(db: TestDb) {
    one_winner!(db, |tx| store::revoked_token::insert(tx, &hash(1), at(60), NOW), |now: bool| now);
}

async fn a_signing_key_moves_once(db: TestDb) {
    let key = crate::installation::key(1, FirstState::Pending);
    let mut record = key.record.clone();
    record.advance(KeyState::Active, at(1));
    commit!(db, [key], |tx| store::signing_key::insert(tx, &key)).unwrap();
    let count = winners(&db, |db, _| {
        let record = record.clone();
        async move {
            commit!(db, [], |tx| {
                store::signing_key::advance(tx, &record, KeyState::Pending, at(1))
            })
            .unwrap()
        }
    });
    assert_eq!(count.await, 1);
}

async fn a_count_of_failures_is_written_once(db: TestDb) {
    let one = Attempts { failures: 1, blocked_until: NOW, updated_at: NOW };
    let two = Attempts { failures: 2, blocked_until: at(5), updated_at: at(1) };
    commit!(db, [], |tx| store::sign_in_attempt::compare_and_set(tx, &hash(1), None, Some(&one)))
        .unwrap();
    one_winner!(
        db,
        |tx| store::sign_in_attempt::compare_and_set(tx, &hash(1), Some(&one), Some(&two)),
        |written: bool| written
    );
}

async fn a_new_count_of_failures_is_written_once(db: TestDb) {
    let one = Attempts { failures: 1, blocked_until: NOW, updated_at: NOW };
    one_winner!(
        db,
        |tx| store::sign_in_attempt::compare_and_set(tx, &hash(1), None, Some(&one)),
        |written: bool| written
    );
}

async fn retries_are_counted_to_the_limit(db: TestDb) {
    let family = family(&granted(&db).await.2, 7);
    let id = family.id;
    commit!(db, [family], |tx| store::refresh_family::insert(tx, &family)).unwrap();
    let counted = winners(&db, |db, _| async move {
        commit!(db, [], |tx| store::refresh_family::count_retry(tx, id, 0, 10, at(1))).unwrap()
    });
    assert_eq!(counted.await, 10);
}

async fn a_code_survives_four_wrong_verifiers_and_no_more(db: TestDb) {
    let code = code(&granted(&db).await.2, 7);
    commit!(db, [code], |tx| store::authorization_code::insert(tx, &code)).unwrap();
    let counted = winners(&db, |db, _| async move {
        commit!(db, [], |tx| store::authorization_code::record_failure(tx, &hash(7), at(1)))
            .unwrap()
            .is_some()
    });
    assert_eq!(counted.await, 5);
    let dead =
        commit!(db, [], |tx| store::authorization_code::redeem(tx, &hash(7), at(1))).unwrap();
    assert!(dead.is_none());
}

async fn one_of_many_users_gets_the_name(db: TestDb) {
    let count = winners(&db, |db, number| async move {
        let mut user = user(number);
        user.username = "alice".to_owned();
        commit!(db, [user], |tx| store::user::insert(tx, &user, &user.email.clone().unwrap()))
            .is_ok()
    });
    assert_eq!(count.await, 1);
}

async fn one_of_many_values_is_set(db: TestDb) {
    let count = winners(&db, |db, number| async move {
        let stands = commit!(db, [], |tx| store::meta::set_if_absent(tx, "epoch", &[number]));
        stands.unwrap() == [number]
    });
    assert_eq!(count.await, 1);
}
