//! Access tokens of both forms: what must live for them to live.

use doorward::{
    protocol::grant::{Grant, RevocationReason},
    store::{self, Db, StoreError, access_token as verb, revoked_token::JwtStanding},
    types::{Status, TokenHash, change::Change},
};

use crate::{
    change::changes_after,
    engine::TestDb,
    samples::{NOW, access_token, at, granted, hash},
};

both![
    what_goes_in_comes_out,
    a_client_that_acts_for_itself_has_no_grant,
    a_token_dies_by_itself,
    a_token_dies_with_its_grant,
    a_token_dies_with_its_user,
    a_token_dies_with_its_client,
    a_jwt_is_revoked_alone,
    a_token_of_nobody_is_refused,
];

/// Stores a token and asserts that it and a JWT under the same grant are alive.
async fn alive(db: &Db) -> Grant {
    let grant = granted(db).await.2;
    let token = access_token(&grant, 1);
    commit!(db, [token], |tx| verb::insert(tx, &token)).unwrap();
    let found = read!(db, |conn| verb::find_active(conn, &hash(1), at(299))).unwrap();
    assert_eq!(found, Some((token, Some(grant.clone()))));
    assert_eq!(standing(db, &grant).await, JwtStanding::Live(Some(Box::new(grant.clone()))));
    grant
}

async fn standing(db: &Db, grant: &Grant) -> JwtStanding {
    read!(db, |conn| store::revoked_token::standing(conn, &hash(50), Some(grant.id))).unwrap()
}

async fn assert_dead(db: &Db, grant: &Grant) {
    assert_eq!(read!(db, |conn| verb::find_active(conn, &hash(1), at(1))), Ok(None));
    assert_eq!(standing(db, grant).await, JwtStanding::Dead);
}

async fn what_goes_in_comes_out(db: TestDb) {
    let grant = alive(&db).await;
    let stored = read!(db, |conn| verb::find(conn, &hash(1)));
    assert_eq!(stored, Ok(Some(access_token(&grant, 1))));
    assert_eq!(read!(db, |conn| verb::find(conn, &hash(2))), Ok(None));
}

async fn a_client_that_acts_for_itself_has_no_grant(db: TestDb) {
    let mut token = access_token(&granted(&db).await.2, 1);
    (token.grant_id, token.user_id) = (None, None);
    commit!(db, [token], |tx| verb::insert(tx, &token)).unwrap();
    let found = read!(db, |conn| verb::find_active(conn, &hash(1), NOW));
    assert_eq!(found, Ok(Some((token, None))));
    let jwt = read!(db, |conn| store::revoked_token::standing(conn, &hash(1), None));
    assert_eq!(jwt, Ok(JwtStanding::Live(None)));
}

async fn a_token_dies_by_itself(db: TestDb) {
    alive(&db).await;
    assert_eq!(read!(db, |conn| verb::find_active(conn, &hash(1), at(300))), Ok(None));
    let before = read!(db, |conn| store::change_log::head(conn)).unwrap();
    assert_eq!(commit!(db, [], |tx| verb::revoke(tx, &hash(1), at(1))), Ok(true));
    assert_eq!(commit!(db, [], |tx| verb::revoke(tx, &hash(1), at(1))), Ok(false));
    assert_eq!(commit!(db, [], |tx| verb::revoke(tx, &hash(2), at(1))), Ok(false));
    assert_eq!(read!(db, |conn| verb::find_active(conn, &hash(1), at(1))), Ok(None));
    assert_eq!(changes_after(&db, before).await, [Change::AccessToken(hash(1))]);
}

async fn a_token_dies_with_its_grant(db: TestDb) {
    let grant = alive(&db).await;
    let id = grant.id;
    commit!(db, [], |tx| store::grant::revoke(tx, id, RevocationReason::Client, at(1))).unwrap();
    assert_dead(&db, &grant).await;
}

async fn a_token_dies_with_its_user(db: TestDb) {
    let grant = alive(&db).await;
    let id = grant.user_id;
    commit!(db, [], |tx| store::user::set_status(tx, id, Status::Disabled, at(1))).unwrap();
    assert_dead(&db, &grant).await;
    commit!(db, [], |tx| store::user::delete(tx, id, at(1))).unwrap();
    assert_dead(&db, &grant).await;
}

async fn a_token_dies_with_its_client(db: TestDb) {
    let grant = alive(&db).await;
    let id = grant.client_id.clone();
    commit!(db, [id], |tx| store::client::set_status(tx, &id, Status::Disabled, at(1))).unwrap();
    assert_dead(&db, &grant).await;
}

async fn a_jwt_is_revoked_alone(db: TestDb) {
    let grant = alive(&db).await;
    let before = read!(db, |conn| store::change_log::head(conn)).unwrap();
    let revoke = async |jti: TokenHash| {
        commit!(db, [], |tx| store::revoked_token::insert(tx, &jti, at(300), at(1))).unwrap()
    };
    assert!(revoke(hash(50)).await);
    assert!(!revoke(hash(50)).await);
    assert_eq!(standing(&db, &grant).await, JwtStanding::Dead);
    let alone = read!(db, |conn| store::revoked_token::standing(conn, &hash(50), None));
    assert_eq!(alone, Ok(JwtStanding::Dead));
    let other = read!(db, |conn| store::revoked_token::standing(conn, &hash(51), Some(grant.id)));
    assert!(matches!(other, Ok(JwtStanding::Live(Some(_)))));
    assert_eq!(changes_after(&db, before).await, [Change::AccessToken(hash(50))]);
}

async fn a_token_of_nobody_is_refused(db: TestDb) {
    let mut token = access_token(&granted(&db).await.2, 1);
    token.grant_id = Some(doorward::types::GrantId::new(NOW, [9; 10]));
    let refused = commit!(db, [token], |tx| verb::insert(tx, &token));
    assert_eq!(refused, Err(StoreError::MissingReference));
}
