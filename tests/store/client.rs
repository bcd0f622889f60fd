//! Clients and their secrets.

use doorward::{
    store::{self, StoreError, Unique, client as verb, client_secret},
    types::{Status, change::Change},
};

use crate::{
    change::changes_after,
    engine::TestDb,
    samples::{NOW, at, client, granted, hash, secret},
};

both![
    what_goes_in_comes_out,
    clients_are_listed_with_their_live_secrets,
    metadata_and_status_are_written,
    secrets_only_ever_expire_earlier,
    a_deleted_client_takes_its_grants_along_and_keeps_its_id,
];

async fn what_goes_in_comes_out(db: TestDb) {
    let mut client = client("a client/with:signs");
    client.secrets = vec![secret(1), secret(2)];
    commit!(db, [client], |tx| verb::insert(tx, &client)).unwrap();
    let stored = read!(db, |conn| verb::find(conn, &client.id, NOW)).unwrap().unwrap();
    assert_eq!(stored.metadata, client.metadata);
    assert_eq!((stored.status, stored.created_at), (client.status, client.created_at));
    let hashes: Vec<_> = stored.secrets.iter().map(|secret| secret.hash).collect();
    assert_eq!(hashes, [hash(1), hash(2)]);
    assert_eq!(stored.secrets[0].sealed.as_deref(), Some([1; 60].as_slice()));
    assert!(read!(db, |conn| verb::find(conn, &self::client("b").id, NOW)).unwrap().is_none());
    assert_eq!(changes_after(&db, 0).await, [Change::Client(client.id)]);
}

async fn clients_are_listed_with_their_live_secrets(db: TestDb) {
    for (number, id) in (1..).zip(["c", "a", "B"]) {
        let mut client = client(id);
        client.secrets = vec![secret(number), secret(number + 10)];
        client.secrets[1].expires_at = Some(at(100));
        commit!(db, [client], |tx| verb::insert(tx, &client)).unwrap();
    }
    let ids = |page: &[doorward::protocol::client::Client]| {
        page.iter().map(|client| client.id.to_string()).collect::<Vec<_>>()
    };
    let first = read!(db, |conn| verb::list(conn, None, 2, at(100))).unwrap();
    assert_eq!(ids(&first), ["B", "a"]);
    assert!(first.iter().all(|client| client.secrets.len() == 1));
    let rest = read!(db, |conn| verb::list(conn, Some(&first[1].id), 2, at(99))).unwrap();
    assert_eq!(ids(&rest), ["c"]);
    assert_eq!(rest[0].secrets.len(), 2);
    assert_eq!(rest[0].secrets[0].hash, hash(1));
}

async fn metadata_and_status_are_written(db: TestDb) {
    let mut client = client("notes");
    commit!(db, [client], |tx| verb::insert(tx, &client)).unwrap();
    client.metadata.client_name = Some("Better notes".to_owned());
    let written = commit!(db, [client], |tx| verb::update(tx, &client.id, &client.metadata, at(5)));
    assert_eq!(written, Ok(true));
    for expected in [true, false] {
        let changed =
            commit!(db, [client], |tx| verb::set_status(tx, &client.id, Status::Disabled, at(6)));
        assert_eq!(changed, Ok(expected));
    }
    let stored = read!(db, |conn| verb::find(conn, &client.id, NOW)).unwrap().unwrap();
    assert_eq!(stored.metadata, client.metadata);
    assert_eq!((stored.status, stored.updated_at), (Status::Disabled, at(6)));
    client.id = self::client("nobody").id;
    let written = commit!(db, [client], |tx| verb::update(tx, &client.id, &client.metadata, at(5)));
    assert_eq!(written, Ok(false));
}

async fn secrets_only_ever_expire_earlier(db: TestDb) {
    let mut client = client("notes");
    client.secrets = vec![secret(1)];
    let id = client.id.clone();
    commit!(db, [client], |tx| verb::insert(tx, &client)).unwrap();
    commit!(db, [id], |tx| client_secret::insert(tx, &id, &secret(2), at(1))).unwrap();
    let newest = secret(2).id;
    let expired =
        commit!(db, [id], |tx| client_secret::expire_others(tx, &id, newest, at(60), at(1)));
    assert_eq!(expired, Ok(1));
    let oldest = secret(1).id;
    for (until, expected) in [(70, false), (50, true)] {
        let expired =
            commit!(db, [id], |tx| client_secret::expire(tx, &id, oldest, at(until), at(1)));
        assert_eq!(expired, Ok(expected));
    }
    for (moment, live) in [(49, 2), (50, 1)] {
        let secrets = read!(db, |conn| client_secret::list(conn, &id, at(moment))).unwrap();
        assert_eq!(secrets.len(), live);
    }
    let nobody = self::client("nobody").id;
    let refused = commit!(db, [nobody], |tx| client_secret::insert(tx, &nobody, &secret(3), NOW));
    assert_eq!(refused, Err(StoreError::MissingReference));
}

async fn a_deleted_client_takes_its_grants_along_and_keeps_its_id(db: TestDb) {
    let (_, client, grant) = granted(&db).await;
    for expected in [true, false] {
        assert_eq!(commit!(db, [client], |tx| verb::delete(tx, &client.id, at(1))), Ok(expected));
    }
    assert!(read!(db, |conn| verb::find(conn, &client.id, NOW)).unwrap().is_none());
    assert!(read!(db, |conn| verb::list(conn, None, 10, NOW)).unwrap().is_empty());
    assert_eq!(read!(db, |conn| store::grant::find(conn, grant.id)), Ok(None));
    let enabled =
        commit!(db, [client], |tx| verb::set_status(tx, &client.id, Status::Enabled, at(2)));
    assert_eq!(enabled, Ok(false));
    let again = commit!(db, [client], |tx| verb::insert(tx, &client));
    assert_eq!(again, Err(StoreError::Conflict(Unique::ClientId)));
}
