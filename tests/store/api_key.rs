//! API keys: kept by hash, succeeded once, revoked once, gone with their owner.

use doorward::{
    identity::{
        AddressList,
        api_key::{ApiKey, Owner},
    },
    store::{self, StoreError, api_key as verb},
    types::{ApiKeyId, ClientId, UserId, change::Change},
};

use crate::{
    change::changes_after,
    engine::TestDb,
    samples::{NOW, at, client, hash, scope, user},
};

both![
    a_key_goes_in_and_comes_out,
    a_key_needs_an_owner,
    a_key_is_revoked_once,
    a_key_is_succeeded_once,
    only_live_keys_count,
    lists_come_in_pages,
    the_latest_use_stays,
    keys_go_with_their_owner,
    dead_keys_go_in_their_time,
];

fn key(owner: Owner, number: u8) -> ApiKey {
    ApiKey {
        id: ApiKeyId::new(at(i64::from(number)), [number; 10]),
        owner,
        hash: hash(number),
        name: "Nightly \"backup\"".to_owned(),
        permissions: scope("notes:read roles"),
        addresses: AddressList::parse("10.0.0.0/8 fd00::1").unwrap(),
        created_at: NOW,
        expires_at: at(1_000),
        last_used_at: None,
        revoked_at: None,
        successor: None,
    }
}

/// A user and a client.
async fn owners(db: &TestDb) -> (Owner, Owner) {
    let (user, client) = (user(1), client("batch"));
    let (user_id, client_id) = (user.id, client.id.clone());
    commit!(db, [user], |tx| store::user::insert(tx, &user, "user001")).unwrap();
    commit!(db, [client], |tx| store::client::insert(tx, &client)).unwrap();
    (Owner::User(user_id), Owner::Client(client_id))
}

async fn kept(db: &TestDb, owner: &Owner, number: u8) -> ApiKey {
    let key = key(owner.clone(), number);
    commit!(db, [key], |tx| verb::insert(tx, &key)).unwrap();
    key
}

async fn found(db: &TestDb, id: ApiKeyId) -> Option<ApiKey> {
    read!(db, |conn| verb::find(conn, id)).unwrap()
}

async fn a_key_goes_in_and_comes_out(db: TestDb) {
    let (user, client) = owners(&db).await;
    for (number, owner) in [(1, &user), (2, &client)] {
        let key = kept(&db, owner, number).await;
        assert_eq!(found(&db, key.id).await, Some(key));
    }
    assert_eq!(found(&db, ApiKeyId::new(NOW, [9; 10])).await, None);
}

async fn a_key_needs_an_owner(db: TestDb) {
    let nobody = Owner::User(UserId::new(NOW, [9; 10]));
    let no_client = Owner::Client(ClientId::parse("nobody").unwrap());
    for owner in [nobody, no_client] {
        let key = key(owner.clone(), 1);
        let kept = commit!(db, [key], |tx| verb::insert(tx, &key));
        assert_eq!(kept, Err(StoreError::MissingReference));
        let count = commit!(db, [owner], |tx| verb::count_alone(tx, &owner, NOW));
        assert_eq!(count, Ok(None));
    }
}

async fn a_key_is_revoked_once(db: TestDb) {
    let (user, _) = owners(&db).await;
    let id = kept(&db, &user, 1).await.id;
    let head = read!(db, |conn| store::change_log::head(conn)).unwrap();
    assert_eq!(commit!(db, [], |tx| verb::revoke(tx, id, at(5))), Ok(true));
    assert_eq!(commit!(db, [], |tx| verb::revoke(tx, id, at(6))), Ok(false));
    assert_eq!(found(&db, id).await.unwrap().revoked_at, Some(at(5)));
    assert_eq!(changes_after(&db, head).await, [Change::ApiKey(id)], "told once");
    let other = kept(&db, &user, 2).await.id;
    let late = commit!(db, [], |tx| verb::revoke(tx, other, at(1_000)));
    assert_eq!(late, Ok(false), "it is dead already");
}

async fn a_key_is_succeeded_once(db: TestDb) {
    let (user, _) = owners(&db).await;
    let (old, new) = (kept(&db, &user, 1).await.id, kept(&db, &user, 2).await.id);
    let head = read!(db, |conn| store::change_log::head(conn)).unwrap();
    assert_eq!(commit!(db, [], |tx| verb::succeed(tx, old, new, at(60), at(1))), Ok(true));
    assert_eq!(commit!(db, [], |tx| verb::succeed(tx, old, new, at(90), at(2))), Ok(false));
    let rotated = found(&db, old).await.unwrap();
    assert_eq!((rotated.expires_at, rotated.successor), (at(60), Some(new)));
    assert_eq!(changes_after(&db, head).await, [Change::ApiKey(old)], "told once");
    let long = commit!(db, [], |tx| verb::succeed(tx, new, old, at(9_000), at(1)));
    assert_eq!(long, Ok(true));
    assert_eq!(found(&db, new).await.unwrap().expires_at, at(1_000), "no longer than before");
    for number in [3, 4] {
        let dead = kept(&db, &user, number).await.id;
        if number == 3 {
            commit!(db, [], |tx| verb::revoke(tx, dead, at(1))).unwrap();
        }
        let late = at(if number == 3 { 2 } else { 1_000 });
        let taken = commit!(db, [], |tx| verb::succeed(tx, dead, new, late, late));
        assert_eq!(taken, Ok(false), "{number}");
    }
}

async fn only_live_keys_count(db: TestDb) {
    let (user, client) = owners(&db).await;
    kept(&db, &user, 1).await;
    let revoked = kept(&db, &user, 2).await.id;
    kept(&db, &client, 3).await;
    commit!(db, [], |tx| verb::revoke(tx, revoked, at(1))).unwrap();
    for (owner, moment, count) in [(&user, 2, 1), (&client, 2, 1), (&user, 1_000, 0)] {
        let now = at(moment);
        let counted = commit!(db, [owner], |tx| verb::count_alone(tx, &owner, now));
        assert_eq!(counted, Ok(Some(count)), "{owner:?} at {moment}");
    }
}

async fn lists_come_in_pages(db: TestDb) {
    let (user, client) = owners(&db).await;
    for (owner, numbers) in [(&user, [1, 2]), (&client, [3, 4])] {
        let [first, second] =
            [kept(&db, owner, numbers[0]).await, kept(&db, owner, numbers[1]).await];
        let page = |after, limit| {
            let db = &db;
            async move { read!(db, |conn| verb::list(conn, owner, after, limit)).unwrap() }
        };
        assert_eq!(page(None, 1).await, std::slice::from_ref(&first));
        assert_eq!(page(Some(first.id), 9).await, std::slice::from_ref(&second));
        assert_eq!(page(None, 9).await, [first, second]);
    }
}

async fn the_latest_use_stays(db: TestDb) {
    let (user, _) = owners(&db).await;
    let (first, second) = (kept(&db, &user, 1).await.id, kept(&db, &user, 2).await.id);
    for (moment, seen) in [(5, 5), (9, 9), (7, 9)] {
        let now = at(moment);
        commit!(db, [], |tx| async { verb::touch(tx, &[(second, now), (first, now)]).await })
            .unwrap();
        for id in [first, second] {
            assert_eq!(found(&db, id).await.unwrap().last_used_at, Some(at(seen)));
        }
    }
}

async fn keys_go_with_their_owner(db: TestDb) {
    let (user, client) = owners(&db).await;
    let (of_user, of_client) = (kept(&db, &user, 1).await.id, kept(&db, &client, 2).await.id);
    let (Owner::User(user), Owner::Client(client)) = (user, client) else { panic!("two kinds") };
    commit!(db, [], |tx| store::user::delete(tx, user, at(1))).unwrap();
    commit!(db, [client], |tx| store::client::delete(tx, &client, at(1))).unwrap();
    assert_eq!((found(&db, of_user).await, found(&db, of_client).await), (None, None));
    let owner = Owner::Client(client);
    assert_eq!(commit!(db, [owner], |tx| verb::count_alone(tx, &owner, at(2))), Ok(None));
}

async fn dead_keys_go_in_their_time(db: TestDb) {
    let (user, _) = owners(&db).await;
    let (revoked, expired) = (kept(&db, &user, 1).await.id, kept(&db, &user, 2).await.id);
    commit!(db, [], |tx| verb::revoke(tx, revoked, at(5))).unwrap();
    let keep = store::expiry::Retention {
        api_key: std::time::Duration::from_secs(50),
        ..store::expiry::Retention::default()
    };
    for (moment, stay) in
        [(54, [true, true]), (55, [false, true]), (1_049, [false, true]), (1_050, [false, false])]
    {
        store::expiry::sweep(&db, at(moment), &keep).await.unwrap();
        let there = [found(&db, revoked).await.is_some(), found(&db, expired).await.is_some()];
        assert_eq!(there, stay, "at {moment}");
    }
}
