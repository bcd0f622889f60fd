//! Browser sessions.

use doorward::{
    store::{self, Db, session as verb, session::SessionTouch},
    types::{SessionId, Status},
};

use crate::{
    engine::TestDb,
    samples::{NOW, at, hash, session, user},
};

both![
    a_live_session_opens_with_its_user,
    what_is_not_live_does_not_open,
    a_renewed_session_opens_by_its_new_cookie_alone,
    touching_never_goes_back,
    all_sessions_but_one_end,
    the_oldest_sessions_end,
];

async fn stored(db: &Db, count: u8) {
    let owner = user(1);
    commit!(db, [owner], |tx| store::user::insert(tx, &owner, "one")).unwrap();
    for number in 1..=count {
        let session = session(&owner, number);
        commit!(db, [session], |tx| verb::insert(tx, &session)).unwrap();
    }
}

fn id(number: u8) -> SessionId {
    session(&user(1), number).id
}

async fn a_live_session_opens_with_its_user(db: TestDb) {
    stored(&db, 1).await;
    let found = read!(db, |conn| verb::find_live(conn, &hash(1), at(1))).unwrap();
    assert_eq!(found, Some((session(&user(1), 1), user(1))));
    assert_eq!(read!(db, |conn| verb::find(conn, id(1))), Ok(Some(session(&user(1), 1))));
}

async fn what_is_not_live_does_not_open(db: TestDb) {
    stored(&db, 2).await;
    let opens = async |number, moment| {
        read!(db, |conn| verb::find_live(conn, &hash(number), at(moment))).unwrap().is_some()
    };
    assert!(!opens(9, 1).await, "unknown");
    assert!(opens(1, 999).await);
    assert!(!opens(1, 1_000).await, "idle for too long");
    let touch = SessionTouch { id: id(1), last_seen_at: at(900), idle_expires_at: at(99_999) };
    commit!(db, [], |tx| verb::touch(tx, &[touch])).unwrap();
    assert!(opens(1, 9_999).await);
    assert!(!opens(1, 10_000).await, "too old");
    assert_eq!(commit!(db, [], |tx| verb::end(tx, id(1), at(1))), Ok(true));
    assert_eq!(commit!(db, [], |tx| verb::end(tx, id(1), at(1))), Ok(false));
    assert!(!opens(1, 2).await, "ended");
    let owner = user(1).id;
    commit!(db, [], |tx| store::user::set_status(tx, owner, Status::Disabled, at(1))).unwrap();
    assert!(!opens(2, 2).await, "its user is disabled");
}

async fn a_renewed_session_opens_by_its_new_cookie_alone(db: TestDb) {
    stored(&db, 1).await;
    let mut renewed = session(&user(1), 1);
    renewed.token_hash = hash(7);
    renewed.authentication.auth_time = at(50);
    renewed.expires_at = at(20_000);
    assert_eq!(commit!(db, [renewed], |tx| verb::renew(tx, &renewed)), Ok(true));
    assert_eq!(read!(db, |conn| verb::find(conn, id(1))), Ok(Some(renewed.clone())));
    assert_eq!(read!(db, |conn| verb::find_live(conn, &hash(1), at(1))), Ok(None));
    assert!(read!(db, |conn| verb::find_live(conn, &hash(7), at(1))).unwrap().is_some());
    let mut foreign = renewed.clone();
    foreign.user_id = user(2).id;
    assert_eq!(commit!(db, [foreign], |tx| verb::renew(tx, &foreign)), Ok(false));
    commit!(db, [], |tx| verb::end(tx, id(1), at(60))).unwrap();
    assert_eq!(commit!(db, [renewed], |tx| verb::renew(tx, &renewed)), Ok(false));
}

async fn touching_never_goes_back(db: TestDb) {
    stored(&db, 2).await;
    let touches = [(1, 50), (2, 60), (1, 40)].map(|(number, moment)| SessionTouch {
        id: id(number),
        last_seen_at: at(moment),
        idle_expires_at: at(moment + 1_000),
    });
    commit!(db, [], |tx| verb::touch(tx, &touches)).unwrap();
    let live = read!(db, |conn| verb::list_live(conn, user(1).id, at(1_020))).unwrap();
    let seen: Vec<_> = live.iter().map(|session| (session.id, session.last_seen_at)).collect();
    assert_eq!(seen, [(id(2), at(60)), (id(1), at(50))]);
}

async fn all_sessions_but_one_end(db: TestDb) {
    stored(&db, 3).await;
    let owner = user(1).id;
    let mut ended = commit!(db, [], |tx| verb::end_all(tx, owner, Some(id(2)), at(1))).unwrap();
    ended.sort_unstable();
    assert_eq!(ended, [id(1), id(3)]);
    assert_eq!(commit!(db, [], |tx| verb::end_all(tx, owner, None, at(1))), Ok(vec![id(2)]));
    assert_eq!(commit!(db, [], |tx| verb::end_all(tx, owner, None, at(1))), Ok(vec![]));
    assert_eq!(read!(db, |conn| verb::list_live(conn, owner, NOW)), Ok(vec![]));
}

async fn the_oldest_sessions_end(db: TestDb) {
    stored(&db, 4).await;
    let owner = user(1).id;
    let mut ended = commit!(db, [], |tx| verb::end_oldest(tx, owner, id(4), 2, at(5))).unwrap();
    ended.sort_unstable();
    assert_eq!(ended, [id(1), id(2)]);
    assert_eq!(commit!(db, [], |tx| verb::end_oldest(tx, owner, id(4), 2, at(5))), Ok(vec![]));
    // The newest stays, whatever the order of the others says.
    let ended = commit!(db, [], |tx| verb::end_oldest(tx, owner, id(3), 1, at(5)));
    assert_eq!(ended, Ok(vec![id(4)]));
}
