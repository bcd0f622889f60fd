//! Access tokens of either form: what must live for them to live.

use doorward::{
    protocol::grant::{Grant, RevocationReason},
    store::{self, Db, revoked_token as verb, revoked_token::Standing},
    types::{Status, change::Change},
};

use crate::{
    change::changes_after,
    engine::TestDb,
    samples::{NOW, at, granted, hash},
};

both![
    a_token_lives_with_its_grant,
    a_client_that_acts_for_itself_has_no_grant,
    a_token_dies_with_its_grant,
    a_token_dies_with_its_user,
    a_token_dies_with_its_client,
    a_token_is_revoked_alone,
    a_token_of_no_grant_is_dead,
];

/// A grant whose tokens live.
async fn alive(db: &Db) -> Grant {
    let grant = granted(db).await.2;
    assert_eq!(standing(db, &grant).await, Standing::Live(Some(Box::new(grant.clone()))));
    grant
}

async fn standing(db: &Db, grant: &Grant) -> Standing {
    read!(db, |conn| verb::standing(conn, &hash(1), Some(grant.id))).unwrap()
}

async fn a_token_lives_with_its_grant(db: TestDb) {
    alive(&db).await;
}

async fn a_client_that_acts_for_itself_has_no_grant(db: TestDb) {
    let alone = read!(db, |conn| verb::standing(conn, &hash(1), None));
    assert_eq!(alone, Ok(Standing::Live(None)));
}

async fn a_token_dies_with_its_grant(db: TestDb) {
    let grant = alive(&db).await;
    let id = grant.id;
    commit!(db, [], |tx| store::grant::revoke(tx, id, RevocationReason::Client, at(1))).unwrap();
    assert_eq!(standing(&db, &grant).await, Standing::Dead);
}

async fn a_token_dies_with_its_user(db: TestDb) {
    let grant = alive(&db).await;
    let id = grant.user_id;
    commit!(db, [], |tx| store::user::set_status(tx, id, Status::Disabled, at(1))).unwrap();
    assert_eq!(standing(&db, &grant).await, Standing::Dead);
    commit!(db, [], |tx| store::user::delete(tx, id, at(1))).unwrap();
    assert_eq!(standing(&db, &grant).await, Standing::Dead);
}

async fn a_token_dies_with_its_client(db: TestDb) {
    let grant = alive(&db).await;
    let id = grant.client_id.clone();
    commit!(db, [id], |tx| store::client::set_status(tx, &id, Status::Disabled, at(1))).unwrap();
    assert_eq!(standing(&db, &grant).await, Standing::Dead);
    commit!(db, [id], |tx| store::client::delete(tx, &id, at(1))).unwrap();
    assert_eq!(standing(&db, &grant).await, Standing::Dead);
}

async fn a_token_is_revoked_alone(db: TestDb) {
    let grant = alive(&db).await;
    let before = read!(db, |conn| store::change_log::head(conn)).unwrap();
    for expected in [true, false] {
        let revoked = commit!(db, [], |tx| verb::insert(tx, &hash(1), at(300), at(1)));
        assert_eq!(revoked, Ok(expected));
    }
    assert_eq!(standing(&db, &grant).await, Standing::Dead);
    let alone = read!(db, |conn| verb::standing(conn, &hash(1), None));
    assert_eq!(alone, Ok(Standing::Dead));
    let other = read!(db, |conn| verb::standing(conn, &hash(2), Some(grant.id)));
    assert!(matches!(other, Ok(Standing::Live(Some(_)))));
    assert_eq!(changes_after(&db, before).await, [Change::AccessToken(hash(1))]);
}

async fn a_token_of_no_grant_is_dead(db: TestDb) {
    let nowhere = doorward::types::GrantId::new(NOW, [9; 10]);
    let dead = read!(db, |conn| verb::standing(conn, &hash(1), Some(nowhere)));
    assert_eq!(dead, Ok(Standing::Dead));
}
