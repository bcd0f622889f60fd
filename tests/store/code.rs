//! Authorization codes.

use doorward::{
    protocol::grant::{RevocationReason, authorization_code::MAX_FAILURES},
    store::{self, StoreError, Unique, authorization_code as verb, behind::Behind},
    types::{Redeemed, Status},
};

use crate::{
    engine::TestDb,
    samples::{NOW, at, code, family, grant, granted, granted_in_session, hash, session},
};

both![
    what_goes_in_comes_out,
    a_request_yields_one_code,
    a_code_is_redeemed_once_and_in_time,
    a_code_of_a_revoked_grant_is_not_redeemed,
    a_code_of_a_disabled_user_is_not_redeemed,
    a_code_of_a_session_that_is_over_is_not_redeemed,
    wrong_verifiers_are_counted,
    what_stands_behind_a_code_is_read_with_it,
    an_exchange_adds_the_family_that_is_given,
    an_exchange_that_is_declined_adds_nothing,
    a_code_and_its_grant_are_issued_together,
    no_code_is_issued_in_a_session_that_has_ended,
    a_request_that_comes_twice_leaves_no_second_grant,
];

async fn what_goes_in_comes_out(db: TestDb) {
    let (user, _, grant) = granted(&db).await;
    let (first, mut bare) = (code(&grant, 1), code(&grant, 2));
    (bare.redirect_uri, bare.code_challenge) = (None, None);
    let behind = Behind { grant: grant.into(), user: user.into(), session: None };
    for (number, code) in [(1, first), (2, bare)] {
        commit!(db, [code], |tx| verb::insert(tx, &code)).unwrap();
        let found = read!(db, |conn| verb::find(conn, &hash(number)));
        assert_eq!(found, Ok(Some((code, behind.clone()))));
    }
    assert_eq!(read!(db, |conn| verb::find(conn, &hash(3))), Ok(None));
}

async fn a_request_yields_one_code(db: TestDb) {
    let grant = granted(&db).await.2;
    let (first, mut second) = (code(&grant, 1), code(&grant, 2));
    second.flow_id = first.flow_id;
    commit!(db, [first], |tx| verb::insert(tx, &first)).unwrap();
    let refused = commit!(db, [second], |tx| verb::insert(tx, &second));
    assert_eq!(refused, Err(StoreError::Conflict(Unique::Flow)));
}

async fn a_code_is_redeemed_once_and_in_time(db: TestDb) {
    let grant = granted_in_session(&db).await.2;
    for code in [code(&grant, 1), code(&grant, 2)] {
        commit!(db, [code], |tx| verb::insert(tx, &code)).unwrap();
    }
    let taken = commit!(db, [], |tx| verb::redeem(tx, &hash(1), at(59))).unwrap();
    assert_eq!(taken.map(Redeemed::into_taken), Some(hash(1)));
    let (code, _) = read!(db, |conn| verb::find(conn, &hash(1))).unwrap().unwrap();
    assert_eq!(code.consumed_at, Some(at(59)));
    for (number, moment) in [(1, 59), (2, 60), (3, 1)] {
        let none = commit!(db, [], |tx| verb::redeem(tx, &hash(number), at(moment))).unwrap();
        assert!(none.is_none(), "{number}");
    }
}

/// Even when the grant was revoked after the code was read.
async fn a_code_of_a_revoked_grant_is_not_redeemed(db: TestDb) {
    let grant = granted_in_session(&db).await.2;
    let (code, id) = (code(&grant, 1), grant.id);
    commit!(db, [code], |tx| verb::insert(tx, &code)).unwrap();
    let why = RevocationReason::SignOut;
    assert!(commit!(db, [], |tx| store::grant::revoke(tx, id, why, at(1))).unwrap());
    assert!(commit!(db, [], |tx| verb::redeem(tx, &hash(1), at(2))).unwrap().is_none());
    let exchanged = commit!(db, [], |tx| verb::exchange(tx, &hash(1), at(2), None)).unwrap();
    assert!(exchanged.is_none());
    let (code, _) = read!(db, |conn| verb::find(conn, &hash(1))).unwrap().unwrap();
    assert_eq!(code.consumed_at, None);
}

/// Whatever was believed of the user when it was decided.
async fn a_code_of_a_disabled_user_is_not_redeemed(db: TestDb) {
    let (user, _, grant) = granted_in_session(&db).await;
    let code = code(&grant, 1);
    commit!(db, [code], |tx| verb::insert(tx, &code)).unwrap();
    let set = async |status| {
        assert!(commit!(db, [], |tx| store::user::set_status(tx, user.id, status, NOW)).unwrap());
    };
    set(Status::Disabled).await;
    assert!(commit!(db, [], |tx| verb::redeem(tx, &hash(1), at(2))).unwrap().is_none());
    set(Status::Enabled).await;
    assert!(commit!(db, [], |tx| verb::redeem(tx, &hash(1), at(2))).unwrap().is_some());
}

async fn a_code_of_a_session_that_is_over_is_not_redeemed(db: TestDb) {
    let grant = granted_in_session(&db).await.2;
    let (mut late, code, id) = (code(&grant, 1), code(&grant, 2), grant.session_id);
    late.expires_at = at(20_000);
    commit!(db, [late, code], |tx| async {
        verb::insert(tx, &late).await?;
        verb::insert(tx, &code).await
    })
    .unwrap();
    assert!(commit!(db, [], |tx| verb::redeem(tx, &hash(1), at(10_000))).unwrap().is_none());
    assert!(commit!(db, [], |tx| store::session::end(tx, id, at(1))).unwrap());
    assert!(commit!(db, [], |tx| verb::redeem(tx, &hash(2), at(2))).unwrap().is_none());
}

async fn wrong_verifiers_are_counted(db: TestDb) {
    let grant = granted(&db).await.2;
    let code = code(&grant, 1);
    commit!(db, [code], |tx| verb::insert(tx, &code)).unwrap();
    for count in 1..=MAX_FAILURES {
        let counted = commit!(db, [], |tx| verb::record_failure(tx, &hash(1), at(1)));
        assert_eq!(counted, Ok(Some(count)));
    }
    assert_eq!(commit!(db, [], |tx| verb::record_failure(tx, &hash(1), at(1))), Ok(None));
    assert!(commit!(db, [], |tx| verb::redeem(tx, &hash(1), at(1))).unwrap().is_none());
}

async fn what_stands_behind_a_code_is_read_with_it(db: TestDb) {
    let (user, _, grant) = granted(&db).await;
    let (code, mut session) = (code(&grant, 1), session(&user, 1));
    commit!(db, [code], |tx| verb::insert(tx, &code)).unwrap();
    commit!(db, [session], |tx| store::session::insert(tx, &session)).unwrap();
    let id = session.id;
    commit!(db, [], |tx| store::session::end(tx, id, at(3))).unwrap();
    session.ended_at = Some(at(3));
    let behind = Behind { grant: grant.into(), user: user.into(), session: Some(session) };
    assert_eq!(read!(db, |conn| verb::find(conn, &hash(1))), Ok(Some((code, behind))));
}

async fn an_exchange_adds_the_family_that_is_given(db: TestDb) {
    let grant = granted_in_session(&db).await.2;
    for (number, has_family) in [(1, true), (2, false)] {
        let (code, family) = (code(&grant, number), family(&grant, number));
        commit!(db, [code], |tx| verb::insert(tx, &code)).unwrap();
        let given = has_family.then(|| family.clone());
        let taken = commit_plain!(db, [given], |tx| verb::exchange(
            tx,
            &hash(number),
            at(1),
            given.as_ref()
        ));
        assert_eq!(taken.unwrap().map(Redeemed::into_taken), Some(hash(number)));
        let (code, _) = read!(db, |conn| verb::find(conn, &hash(number))).unwrap().unwrap();
        assert_eq!(code.consumed_at, Some(at(1)));
        let stored = read!(db, |conn| store::refresh_family::find(conn, family.id)).unwrap();
        assert_eq!(stored.map(|(family, _)| family), has_family.then_some(family));
    }
}

async fn an_exchange_that_is_declined_adds_nothing(db: TestDb) {
    let grant = granted_in_session(&db).await.2;
    let code = code(&grant, 1);
    commit!(db, [code], |tx| verb::insert(tx, &code)).unwrap();
    commit!(db, [], |tx| verb::redeem(tx, &hash(1), at(1))).unwrap();
    let family = family(&grant, 5);
    let taken =
        commit_plain!(db, [family], |tx| verb::exchange(tx, &hash(1), at(2), Some(&family)));
    assert!(taken.unwrap().is_none());
    assert_eq!(read!(db, |conn| store::refresh_family::find(conn, family.id)), Ok(None));
}

async fn a_code_and_its_grant_are_issued_together(db: TestDb) {
    let (user, client, _) = granted(&db).await;
    let session = session(&user, 1);
    commit!(db, [session], |tx| store::session::insert(tx, &session)).unwrap();
    let grant = grant(&user, &client, 2);
    let code = code(&grant, 2);
    let issued = commit_plain!(db, [grant, code], |tx| verb::issue(tx, &grant, &code));
    assert_eq!(issued, Ok(true));
    let behind = Behind { grant: grant.into(), user: user.into(), session: Some(session) };
    assert_eq!(read!(db, |conn| verb::find(conn, &hash(2))), Ok(Some((code, behind))));
}

async fn no_code_is_issued_in_a_session_that_has_ended(db: TestDb) {
    let (user, client, _) = granted(&db).await;
    let session = session(&user, 1);
    let grant = grant(&user, &client, 2);
    let code = code(&grant, 2);
    let issue = async || commit_plain!(db, [grant, code], |tx| verb::issue(tx, &grant, &code));
    assert_eq!(issue().await, Ok(false), "unknown");
    commit!(db, [session], |tx| store::session::insert(tx, &session)).unwrap();
    let id = session.id;
    commit!(db, [], |tx| store::session::end(tx, id, at(1))).unwrap();
    assert_eq!(issue().await, Ok(false), "ended");
    assert_eq!(read!(db, |conn| verb::find(conn, &hash(2))), Ok(None));
    assert_eq!(read!(db, |conn| store::grant::find(conn, grant.id)), Ok(None));
}

async fn a_request_that_comes_twice_leaves_no_second_grant(db: TestDb) {
    let (user, client, _) = granted(&db).await;
    let session = session(&user, 1);
    commit!(db, [session], |tx| store::session::insert(tx, &session)).unwrap();
    let issue = async |number, flow| {
        let grant = grant(&user, &client, number);
        let mut code = code(&grant, number);
        code.flow_id = hash(flow);
        commit_plain!(db, [grant, code], |tx| verb::issue(tx, &grant, &code))
    };
    assert_eq!(issue(2, 200).await, Ok(true));
    assert_eq!(issue(3, 200).await, Err(StoreError::Conflict(Unique::Flow)));
    let second = grant(&user, &client, 3).id;
    assert_eq!(read!(db, |conn| store::grant::find(conn, second)), Ok(None));
    assert_eq!(issue(4, 201).await, Ok(true), "the others are none the worse");
}
