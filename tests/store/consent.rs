//! Consent.

use std::sync::Arc;

use doorward::{
    store::{StoreError, consent as verb},
    types::UserId,
};
use tokio::sync::Barrier;

use crate::{
    engine::TestDb,
    samples::{NOW, at, granted, scope},
};

both![
    consent_only_widens,
    concurrent_consents_add_up,
    consent_is_listed_and_forgotten,
    nobody_consents_to_nothing,
];

async fn consent_only_widens(db: TestDb) {
    let (user, client, _) = granted(&db).await;
    let (user, client) = (user.id, client.id);
    for (seconds, asked, claims, expected, updated) in [
        (1, "openid", vec!["b".to_owned()], "openid", 1),
        (2, "email", vec!["a".to_owned()], "email openid", 2),
        (3, "openid", vec![], "email openid", 2),
    ] {
        let asked = scope(asked);
        let consent = commit!(db, [client, asked, claims], |tx| {
            verb::widen(tx, user, &client, &asked, &claims, at(seconds))
        })
        .unwrap();
        assert_eq!(consent.scope, scope(expected));
        assert_eq!((consent.granted_at, consent.updated_at), (at(1), at(updated)));
        assert_eq!(read!(db, |conn| verb::find(conn, user, &client)), Ok(Some(consent)));
    }
    let stored = read!(db, |conn| verb::find(conn, user, &client)).unwrap().unwrap();
    assert_eq!(stored.claims, ["a", "b"]);
}

async fn concurrent_consents_add_up(db: TestDb) {
    let (user, client, _) = granted(&db).await;
    let barrier = Arc::new(Barrier::new(20));
    let tasks: Vec<_> = (0..20)
        .map(|number| {
            let (db, client, barrier) = (db.clone(), client.id.clone(), barrier.clone());
            let (user, asked) = (user.id, scope(&format!("s{number}")));
            tokio::spawn(async move {
                barrier.wait().await;
                commit!(db, [], |tx| verb::widen(tx, user, &client, &asked, &[], NOW)).unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let consent = read!(db, |conn| verb::find(conn, user.id, &client.id)).unwrap().unwrap();
    assert_eq!(consent.scope.iter().count(), 20);
}

async fn consent_is_listed_and_forgotten(db: TestDb) {
    let (user, client, _) = granted(&db).await;
    let (user, id, asked) = (user.id, client.id, scope("openid"));
    commit!(db, [id, asked], |tx| verb::widen(tx, user, &id, &asked, &[], NOW)).unwrap();
    let listed = read!(db, |conn| verb::list(conn, user)).unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((&listed[0].0.client_id, &listed[0].1), (&id, &client.metadata));
    for expected in [true, false] {
        assert_eq!(commit!(db, [id], |tx| verb::delete(tx, user, &id)), Ok(expected));
    }
    assert_eq!(read!(db, |conn| verb::list(conn, user)), Ok(vec![]));
}

async fn nobody_consents_to_nothing(db: TestDb) {
    let id = granted(&db).await.1.id;
    let nobody = UserId::new(NOW, [9; 10]);
    let refused = commit!(db, [id], |tx| verb::widen(tx, nobody, &id, &scope("openid"), &[], NOW));
    assert_eq!(refused, Err(StoreError::MissingReference));
}
