//! Authorization codes.

use doorward::{
    protocol::grant::authorization_code::MAX_FAILURES,
    store::{StoreError, Unique, authorization_code as verb},
    types::Redeemed,
};

use crate::{
    engine::TestDb,
    samples::{at, code, granted, hash},
};

both![
    what_goes_in_comes_out,
    a_request_yields_one_code,
    a_code_is_redeemed_once_and_in_time,
    wrong_verifiers_are_counted,
];

async fn what_goes_in_comes_out(db: TestDb) {
    let grant = granted(&db).await.2;
    let code = code(&grant, 1);
    commit!(db, [code], |tx| verb::insert(tx, &code)).unwrap();
    assert_eq!(read!(db, |conn| verb::find(conn, &hash(1))), Ok(Some((code, grant))));
    assert_eq!(read!(db, |conn| verb::find(conn, &hash(2))), Ok(None));
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
    let grant = granted(&db).await.2;
    let (first, late) = (code(&grant, 1), code(&grant, 2));
    for code in [&first, &late] {
        commit!(db, [code], |tx| verb::insert(tx, &code)).unwrap();
    }
    let taken = commit!(db, [], |tx| verb::redeem(tx, &hash(1), at(59))).unwrap();
    let mut expected = first;
    expected.consumed_at = Some(at(59));
    assert_eq!(taken.map(Redeemed::into_taken), Some(expected));
    for (number, moment) in [(1, 59), (2, 60), (3, 1)] {
        let none = commit!(db, [], |tx| verb::redeem(tx, &hash(number), at(moment))).unwrap();
        assert!(none.is_none(), "{number}");
    }
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
