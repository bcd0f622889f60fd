//! A new epoch: what ends with the one before, what lives on, and that no table was forgotten.

use std::collections::BTreeSet;

use doorward::{
    store::{self, StoreError, bootstrap, change_log, epoch as verb},
    types::{change::Change, epoch::DatabaseEpoch},
};

use crate::{
    change::changes_after,
    engine::TestDb,
    samples::{NOW, at, code, family, granted, hash, session},
};

both![
    the_first_epoch_has_no_beginning,
    what_could_be_revived_is_gone,
    what_is_undone_begins_nothing,
    a_follower_of_the_old_log_finds_a_gap,
    a_beginning_that_cannot_be_read_is_no_first_epoch,
];

/// What a new epoch does to each table. A new table is a decision: whatever works once, or could have
/// been taken back after the backup, does not come back to life.
const TABLES: &[(&str, Fate)] = &[
    ("_sqlx_migrations", Fate::LivesOn),
    ("audit_events", Fate::LivesOn),
    ("audit_head", Fate::LivesOn),
    ("authorization_codes", Fate::Deleted),
    ("bootstrap_links", Fate::Deleted),
    ("change_head", Fate::LivesOn),
    ("change_log", Fate::LivesOn),
    // Assertions from before are refused by their time.
    ("client_assertions", Fate::LivesOn),
    ("client_secrets", Fate::LivesOn),
    ("clients", Fate::LivesOn),
    ("consents", Fate::LivesOn),
    ("grants", Fate::LivesOn),
    // They stand in the backup beside what was done under them.
    ("idempotency_keys", Fate::LivesOn),
    ("meta", Fate::LivesOn),
    // Those that rotate are refused by their time.
    ("refresh_families", Fate::LivesOn),
    ("revoked_tokens", Fate::LivesOn),
    ("sessions", Fate::Ended),
    ("sign_in_attempts", Fate::LivesOn),
    ("signing_keys", Fate::LivesOn),
    ("apis", Fate::LivesOn),
    // Like client secrets: whoever restores a backup revokes again what was revoked since.
    ("api_keys", Fate::LivesOn),
    ("api_permissions", Fate::LivesOn),
    ("roles", Fate::LivesOn),
    ("role_permissions", Fate::LivesOn),
    ("role_contains", Fate::LivesOn),
    ("groups", Fate::LivesOn),
    ("group_members", Fate::LivesOn),
    ("role_users", Fate::LivesOn),
    ("role_groups", Fate::LivesOn),
    ("role_clients", Fate::LivesOn),
    ("administration_head", Fate::LivesOn),
    ("users", Fate::LivesOn),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Deleted,
    Ended,
    LivesOn,
}

#[tokio::test]
async fn no_table_was_forgotten() {
    let db = TestDb::sqlite().await;
    let path = db.options.url.strip_prefix("sqlite://").unwrap();
    let conn = rusqlite::Connection::open(path).unwrap();
    let mut query = conn.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").unwrap();
    let tables = query.query_map([], |row| row.get(0)).unwrap();
    let tables: BTreeSet<String> = tables.map(Result::unwrap).collect();
    let decided: BTreeSet<String> = TABLES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(tables, decided, "decide in tests/store/epoch.rs what a restore does to each table");
}

async fn the_first_epoch_has_no_beginning(db: TestDb) {
    assert_eq!(read!(db, |conn| verb::find(conn)), Ok(DatabaseEpoch::FIRST));
}

async fn what_could_be_revived_is_gone(db: TestDb) {
    let (user, _, grant) = granted(&db).await;
    let (session, code) = (session(&user, 1), code(&grant, 2));
    let family = family(&grant, 4);
    commit!(db, [session], |tx| store::session::insert(tx, &session)).unwrap();
    commit!(db, [code], |tx| store::authorization_code::insert(tx, &code)).unwrap();
    commit!(db, [family], |tx| store::refresh_family::insert(tx, &family)).unwrap();
    commit!(db, [], |tx| bootstrap::insert(tx, &hash(5), at(60), NOW)).unwrap();

    let ended = commit!(db, [], |tx| verb::begin(tx, at(1), at(2))).unwrap();
    assert_eq!(ended, verb::Ended { sessions: 1, codes: 1 });
    assert_eq!(read!(db, |conn| verb::find(conn)), Ok(DatabaseEpoch::since(at(1))));
    let found = read!(db, |conn| store::session::find_live(conn, &session.token_hash, at(3)));
    assert_eq!(found, Ok(None));
    let kept = read!(db, |conn| store::session::find(conn, session.id)).unwrap().unwrap();
    assert_eq!(kept.ended_at, Some(at(2)));
    assert_eq!(read!(db, |conn| store::authorization_code::find(conn, &hash(2))), Ok(None));
    assert_eq!(read!(db, |conn| bootstrap::is_live(conn, &hash(5), at(3))), Ok(false));
    let stays = read!(db, |conn| store::refresh_family::find(conn, family.id)).unwrap();
    assert_eq!(stays.map(|(family, behind)| (family, behind.grant)), Some((family, grant.into())));

    let again = commit!(db, [], |tx| verb::begin(tx, at(9), at(9))).unwrap();
    assert_eq!(again, verb::Ended::default());
    assert_eq!(read!(db, |conn| verb::find(conn)), Ok(DatabaseEpoch::since(at(9))));
}

async fn what_is_undone_begins_nothing(db: TestDb) {
    let (user, ..) = granted(&db).await;
    let session = session(&user, 1);
    commit!(db, [session], |tx| store::session::insert(tx, &session)).unwrap();
    let undone = db.write::<_, (), StoreError>(move |tx| {
        Box::pin(async move {
            verb::begin(tx, at(1), at(1)).await?;
            Err(StoreError::MissingReference)
        })
    });
    undone.await.unwrap_err();
    assert_eq!(read!(db, |conn| verb::find(conn)), Ok(DatabaseEpoch::FIRST));
    let kept = read!(db, |conn| store::session::find(conn, session.id)).unwrap().unwrap();
    assert_eq!(kept.ended_at, None);
}

/// A node that had followed the log further than the backup goes must not take the numbers that come
/// next for ones that it has seen.
async fn a_follower_of_the_old_log_finds_a_gap(db: TestDb) {
    commit!(db, [], |tx| async {
        change_log::append(tx, Change::SigningKeys, NOW);
        Ok(())
    })
    .unwrap();
    let before = read!(db, |conn| change_log::head(conn)).unwrap();
    commit!(db, [], |tx| verb::begin(tx, at(1), at(1))).unwrap();
    let further = before + 1_000_000;
    let tail = read!(db, |conn| change_log::tail(conn, further, 10)).unwrap();
    let [(seq, Change::Epoch)] = tail.as_slice() else { panic!("{tail:?}") };
    assert!(*seq > further + 1, "{seq} follows {further} at once");
    assert_eq!(read!(db, |conn| change_log::head(conn)), Ok(*seq));
    assert_eq!(changes_after(&db, before).await, [Change::Epoch]);
}

async fn a_beginning_that_cannot_be_read_is_no_first_epoch(db: TestDb) {
    commit!(db, [], |tx| store::meta::set(tx, "epoch", b"soon")).unwrap();
    let found = read!(db, |conn| verb::find(conn));
    assert_eq!(found, Err(StoreError::Corrupt("meta.value".to_owned())));
}
