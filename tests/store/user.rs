//! Users.

use doorward::{
    store::{Conn, StoreError, Unique, user as verb},
    types::{Status, change::Change},
};

use sqlx::Executor;

use crate::{
    change::changes_after,
    engine::TestDb,
    samples::{at, granted, user},
};

both![
    what_goes_in_comes_out,
    names_skeletons_and_addresses_are_unique,
    users_are_listed_in_pages,
    an_update_leaves_the_password_and_the_status,
    a_password_is_set_and_rehashed,
    who_is_disabled_or_has_another_password_is_not_held,
    a_status_changes_once,
    deleting_takes_everything_along,
    what_cannot_be_read_is_corrupt,
];

async fn what_goes_in_comes_out(db: TestDb) {
    let mut plain = user(2);
    (plain.email, plain.password_hash, plain.password_changed_at) = (None, None, None);
    plain.roles.clear();
    for user in [user(1), plain] {
        commit!(db, [user], |tx| verb::insert(tx, &user, &user.username)).unwrap();
        let by_id = read!(db, |conn| verb::find(conn, user.id)).unwrap();
        let by_name = read!(db, |conn| verb::find_by_username(conn, &user.username)).unwrap();
        assert_eq!(by_id.as_ref(), Some(&user));
        assert_eq!(by_name.as_ref(), Some(&user));
        if let Some(email) = &user.email {
            let by_email = read!(db, |conn| verb::find_by_email(conn, email)).unwrap();
            assert_eq!(by_email.as_ref(), Some(&user));
        }
    }
    assert_eq!(read!(db, |conn| verb::find(conn, user(3).id)), Ok(None));
    assert_eq!(read!(db, |conn| verb::find_by_username(conn, "USER001")), Ok(None));
    assert_eq!(read!(db, |conn| verb::find_by_email(conn, "' OR 1=1 --")), Ok(None));
    assert_eq!(read!(db, |conn| verb::count(conn)), Ok(2));
}

async fn who_is_disabled_or_has_another_password_is_not_held(db: TestDb) {
    let user = user(1);
    commit!(db, [user], |tx| verb::insert(tx, &user, "skeleton")).unwrap();
    let hash = user.password_hash.clone().unwrap();
    assert_eq!(commit!(db, [hash], |tx| verb::hold(tx, user.id, &hash)), Ok(true));
    assert_eq!(commit!(db, [], |tx| verb::hold(tx, user.id, "another")), Ok(false));
    assert_eq!(read!(db, |conn| verb::find(conn, user.id)), Ok(Some(user.clone())), "unchanged");
    commit!(db, [], |tx| verb::set_status(tx, user.id, Status::Disabled, at(1))).unwrap();
    assert_eq!(commit!(db, [hash], |tx| verb::hold(tx, user.id, &hash)), Ok(false));
}

async fn names_skeletons_and_addresses_are_unique(db: TestDb) {
    let first = user(1);
    commit!(db, [first], |tx| verb::insert(tx, &first, "skeleton")).unwrap();
    let mut same_name = user(2);
    same_name.username.clone_from(&first.username);
    let mut same_email = user(3);
    same_email.email.clone_from(&first.email);
    for (other, skeleton, unique) in [
        (same_name, "other", Unique::Username),
        (user(4), "skeleton", Unique::UsernameSkeleton),
        (same_email, "third", Unique::Email),
    ] {
        let refused = commit!(db, [other], |tx| verb::insert(tx, &other, skeleton));
        assert_eq!(refused, Err(StoreError::Conflict(unique)));
    }
    let second = user(5);
    commit!(db, [second], |tx| verb::insert(tx, &second, "fifth")).unwrap();
    let refused = commit!(db, [second], |tx| verb::update(tx, &second, "skeleton"));
    assert_eq!(refused, Err(StoreError::Conflict(Unique::UsernameSkeleton)));
}

async fn users_are_listed_in_pages(db: TestDb) {
    for number in [3, 1, 2] {
        let user = user(number);
        commit!(db, [user], |tx| verb::insert(tx, &user, &user.username)).unwrap();
    }
    let first = read!(db, |conn| verb::list(conn, None, 2)).unwrap();
    assert_eq!(first, [user(1), user(2)]);
    let rest = read!(db, |conn| verb::list(conn, Some(&first[1].username), 2)).unwrap();
    assert_eq!(rest, [user(3)]);
}

async fn an_update_leaves_the_password_and_the_status(db: TestDb) {
    let mut user = user(1);
    commit!(db, [user], |tx| verb::insert(tx, &user, "one")).unwrap();
    user.username = "alice".to_owned();
    user.roles = ["admin".to_owned()].into();
    user.profile.locale = Some("de".to_owned());
    user.updated_at = at(9);
    let mut written = user.clone();
    (written.password_hash, written.status) = (None, Status::Disabled);
    assert_eq!(commit!(db, [written], |tx| verb::update(tx, &written, "alice")), Ok(true));
    assert_eq!(read!(db, |conn| verb::find(conn, user.id)).unwrap(), Some(user));
    let unknown = crate::samples::user(9);
    assert_eq!(commit!(db, [unknown], |tx| verb::update(tx, &unknown, "nobody")), Ok(false));
}

async fn a_password_is_set_and_rehashed(db: TestDb) {
    let user = user(1);
    let id = user.id;
    commit!(db, [user], |tx| verb::insert(tx, &user, "one")).unwrap();
    assert_eq!(commit!(db, [], |tx| verb::set_password(tx, id, Some("new"), at(5))), Ok(true));
    let stored = read!(db, |conn| verb::find(conn, id)).unwrap().unwrap();
    assert_eq!(stored.password_hash.as_deref(), Some("new"));
    assert_eq!((stored.password_changed_at, stored.updated_at), (Some(at(5)), at(5)));
    let stale = commit!(db, [], |tx| verb::rehash_password(tx, id, "$argon2id$1", "stronger"));
    assert_eq!(stale, Ok(false));
    assert_eq!(commit!(db, [], |tx| verb::rehash_password(tx, id, "new", "stronger")), Ok(true));
    let stored = read!(db, |conn| verb::find(conn, id)).unwrap().unwrap();
    assert_eq!(stored.password_hash.as_deref(), Some("stronger"));
    assert_eq!(stored.password_changed_at, Some(at(5)));
}

async fn a_status_changes_once(db: TestDb) {
    let user = user(1);
    let id = user.id;
    commit!(db, [user], |tx| verb::insert(tx, &user, "one")).unwrap();
    for expected in [true, false] {
        let changed = commit!(db, [], |tx| verb::set_status(tx, id, Status::Disabled, at(1)));
        assert_eq!(changed, Ok(expected));
    }
    let stored = read!(db, |conn| verb::find(conn, id)).unwrap().unwrap();
    assert_eq!(stored.status, Status::Disabled);
    assert_eq!(changes_after(&db, 0).await, [Change::User(id), Change::User(id)]);
}

async fn deleting_takes_everything_along(db: TestDb) {
    let (user, _, grant) = granted(&db).await;
    let id = user.id;
    assert_eq!(commit!(db, [], |tx| verb::delete(tx, id, at(1))), Ok(true));
    assert_eq!(commit!(db, [], |tx| verb::delete(tx, id, at(1))), Ok(false));
    assert_eq!(read!(db, |conn| verb::find(conn, id)), Ok(None));
    assert_eq!(read!(db, |conn| doorward::store::grant::find(conn, grant.id)), Ok(None));
    assert_eq!(changes_after(&db, 2).await, [Change::User(id)]);
}

/// A row that somebody else wrote is an error with the name of its column, not a user.
async fn what_cannot_be_read_is_corrupt(db: TestDb) {
    let user = user(1);
    commit!(db, [user], |tx| verb::insert(tx, &user, "one")).unwrap();
    for (sql, column) in [
        ("UPDATE users SET profile = '{'", "users.profile"),
        ("UPDATE users SET status = 'ENABLED', profile = '{}'", "users.status"),
    ] {
        let written = db.write::<_, _, StoreError>(move |tx| {
            Box::pin(async move {
                match &mut **tx {
                    Conn::Sqlite(conn) => conn.execute_batch(sql)?,
                    Conn::Postgres(conn) => conn.execute(sql).await.map(drop)?,
                }
                Ok(())
            })
        });
        written.await.unwrap();
        let found = read!(db, |conn| verb::find(conn, user.id));
        assert_eq!(found, Err(StoreError::Corrupt(column.to_owned())));
    }
}
