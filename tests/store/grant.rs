//! Grants.

use doorward::{
    protocol::grant::{Access, Grant, Revocation, RevocationReason},
    store::{self, Db, grant as verb},
    types::{GrantId, SessionId, change::Change},
};

use crate::{
    change::changes_after,
    engine::TestDb,
    samples::{NOW, at, client, grant, user},
};

both![
    what_goes_in_comes_out,
    revoking_is_remembered_with_its_reason,
    grants_are_revoked_by_session_user_and_client,
];

const WHY: RevocationReason = RevocationReason::Operator;

/// Two users, two clients, a grant of each user to each client, the last one offline.
async fn stored(db: &Db) -> Vec<Grant> {
    let mut grants = Vec::new();
    for name in ["a", "b"] {
        let client = client(name);
        commit!(db, [client], |tx| store::client::insert(tx, &client)).unwrap();
    }
    for number in 1..=2 {
        let user = user(number);
        commit!(db, [user], |tx| store::user::insert(tx, &user, &user.username)).unwrap();
        for name in ["a", "b"] {
            let mut grant = grant(&user, &client(name), u8::try_from(grants.len()).unwrap());
            grant.session_id = SessionId::new(NOW, [number; 10]);
            grants.push(grant);
        }
    }
    grants[3].access = Access::Offline;
    for grant in &grants {
        commit!(db, [grant], |tx| verb::insert(tx, &grant)).unwrap();
    }
    grants
}

fn sorted(mut ids: Vec<GrantId>) -> Vec<GrantId> {
    ids.sort_unstable();
    ids
}

async fn what_goes_in_comes_out(db: TestDb) {
    for grant in stored(&db).await {
        assert_eq!(read!(db, |conn| verb::find(conn, grant.id)), Ok(Some(grant)));
    }
    assert_eq!(read!(db, |conn| verb::find(conn, GrantId::new(NOW, [9; 10]))), Ok(None));
}

async fn revoking_is_remembered_with_its_reason(db: TestDb) {
    let id = stored(&db).await[0].id;
    let before = read!(db, |conn| store::change_log::head(conn)).unwrap();
    assert_eq!(commit!(db, [], |tx| verb::revoke(tx, id, WHY, at(7))), Ok(true));
    let again = commit!(db, [], |tx| verb::revoke(tx, id, RevocationReason::Client, at(8)));
    assert_eq!(again, Ok(false));
    let grant = read!(db, |conn| verb::find(conn, id)).unwrap().unwrap();
    assert_eq!(grant.revoked, Some(Revocation { at: at(7), reason: WHY }));
    assert_eq!(changes_after(&db, before).await, [Change::Grant(id)]);
}

async fn grants_are_revoked_by_session_user_and_client(db: TestDb) {
    let grants = stored(&db).await;
    let ids: Vec<_> = grants.iter().map(|grant| grant.id).collect();
    let (user, client) = (grants[0].user_id, grants[0].client_id.clone());
    let session = grants[3].session_id;
    let online = commit!(db, [], |tx| verb::revoke_by_session(tx, session, WHY, at(1))).unwrap();
    assert_eq!(online, [ids[2]], "the offline grant outlives the session");
    let pair = commit!(db, [client], |tx| {
        verb::revoke_by_user_and_client(tx, user, &client, WHY, at(1))
    });
    assert_eq!(pair.unwrap(), [ids[0]]);
    let of_user = commit!(db, [], |tx| verb::revoke_by_user(tx, user, WHY, at(1))).unwrap();
    assert_eq!(of_user, [ids[1]]);
    let client = grants[3].client_id.clone();
    let of_client =
        commit!(db, [client], |tx| verb::revoke_by_client(tx, &client, WHY, at(1))).unwrap();
    assert_eq!(sorted(of_client), [ids[3]]);
}
