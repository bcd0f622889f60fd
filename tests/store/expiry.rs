//! Expiry.

use std::time::Duration;

use doorward::{
    identity::lockout::Attempts,
    protocol::{
        client_auth::AssertionUse,
        grant::{Grant, RevocationReason, refresh_token::RefreshFamily},
    },
    store::{
        self,
        expiry::{Retention, Swept, Walked, sweep, walk},
    },
    types::{FamilyId, GrantId, TokenHash, change::Change},
};

use crate::{
    engine::TestDb,
    samples::{NOW, assertion, at, code, family, grant, granted, hash, secret, session},
};

both![
    nothing_goes_before_its_time,
    everything_goes_in_its_time,
    a_grant_stays_while_something_hangs_from_it,
    many_rows_go_in_batches,
    families_that_nobody_uses_go_before_their_end,
    families_go_at_their_end,
    grants_go_in_their_time,
    a_walk_comes_by_every_row,
    the_newest_change_stays,
];

const KEEP: Retention = Retention {
    code: Duration::from_secs(100_000),
    longest_access_token: Duration::from_mins(5),
    revoked_token: Duration::from_secs(90),
    client_assertion: Duration::from_secs(10),
    session: Duration::from_secs(50),
    api_key: Duration::from_secs(50),
    sign_in_attempt: Duration::from_secs(500),
    change: Duration::from_secs(700),
};

/// One row of every table that expires; the latest lives until 10,000 seconds from now.
async fn one_of_each(db: &TestDb) {
    let (user, client, grant) = granted(db).await;
    let (code, family) = (code(&grant, 1), family(&grant, 1));
    let (session, mut secret) = (session(&user, 1), secret(1));
    secret.expires_at = Some(at(200));
    let attempts = Attempts { failures: 1, blocked_until: NOW, updated_at: NOW };
    commit!(db, [], |tx| async {
        store::authorization_code::insert(tx, &code).await?;
        store::refresh_family::insert(tx, &family).await?;
        store::session::insert(tx, &session).await?;
        store::client_secret::insert(tx, &client.id, &secret, NOW).await?;
        store::revoked_token::insert(tx, &hash(1), at(300), NOW).await?;
        store::client_assertion::consume(tx, assertion(at(60)), NOW).await?;
        store::bootstrap::insert(tx, &hash(1), at(60), NOW).await?;
        store::sign_in_attempt::compare_and_set(tx, &hash(1), None, Some(&attempts)).await
    })
    .unwrap();
}

fn names(swept: &Swept) -> Vec<&'static str> {
    swept.rows.iter().filter(|(_, count)| *count > 0).map(|(table, _)| *table).collect()
}

async fn nothing_goes_before_its_time(db: TestDb) {
    one_of_each(&db).await;
    assert_eq!(sweep(&db, at(59), &KEEP).await.unwrap().total(), 0);
}

async fn everything_goes_in_its_time(db: TestDb) {
    one_of_each(&db).await;
    let mut seen = Vec::new();
    for (moment, expected) in [
        (60, vec!["bootstrap_links"]),
        (69, vec![]),
        (70, vec!["client_assertions"]),
        (200, vec!["client_secrets"]),
        (389, vec![]),
        (390, vec!["revoked_tokens"]),
        (500, vec!["sign_in_attempts"]),
        (700, vec!["change_log"]),
        (1_049, vec![]),
        (1_050, vec!["sessions"]),
        (100_059, vec![]),
        (100_060, vec!["authorization_codes"]),
    ] {
        let swept = sweep(&db, at(moment), &KEEP).await.unwrap();
        assert_eq!(names(&swept), expected, "at {moment}");
        assert!(!swept.again());
        seen.extend(expected);
    }
    assert_eq!(seen.len(), 8, "every table");
}

async fn a_grant_stays_while_something_hangs_from_it(db: TestDb) {
    let grant = granted(&db).await.2;
    let (id, code) = (grant.id, code(&grant, 1));
    let quick = Retention { code: Duration::ZERO, longest_access_token: Duration::ZERO, ..KEEP };
    commit!(db, [code], |tx| store::authorization_code::insert(tx, &code)).unwrap();
    commit!(db, [], |tx| store::grant::revoke(tx, id, RevocationReason::Client, at(1))).unwrap();
    for (moment, stays) in [(59, true), (60, false)] {
        sweep(&db, at(moment), &quick).await.unwrap();
        walk(&db, Walked::Grants, None, at(moment), &quick).await.unwrap();
        let grant = read!(db, |conn| store::grant::find(conn, id)).unwrap();
        assert_eq!(grant.is_some(), stays, "at {moment}");
    }
}

async fn many_rows_go_in_batches(db: TestDb) {
    commit!(db, [], |tx| async {
        for number in 0..501_u16 {
            let mut bytes = [0; 32];
            bytes[..2].copy_from_slice(&number.to_be_bytes());
            let used = AssertionUse { hash: TokenHash::from_bytes(bytes), expires_at: at(1) };
            store::client_assertion::consume(tx, used, NOW).await?;
        }
        Ok(())
    })
    .unwrap();
    let first = sweep(&db, at(11), &KEEP).await.unwrap();
    assert_eq!(first.total(), 500);
    assert!(first.again());
    let second = sweep(&db, at(11), &KEEP).await.unwrap();
    assert_eq!(second.total(), 1);
    assert!(!second.again());
}

async fn families_that_nobody_uses_go_before_their_end(db: TestDb) {
    let grant = granted(&db).await.2;
    let (idle, used) =
        (family(&grant, 1), RefreshFamily { idle_expires_at: at(2_000), ..family(&grant, 2) });
    let (gone, stays) = (idle.id, used.id);
    commit!(db, [], |tx| async {
        store::refresh_family::insert(tx, &idle).await?;
        store::refresh_family::insert(tx, &used).await
    })
    .unwrap();
    let is_there =
        async |id| read!(db, |conn| store::refresh_family::find(conn, id)).unwrap().is_some();
    let walk = async |after, moment| {
        walk(&db, Walked::RefreshFamilies, after, at(moment), &KEEP).await.unwrap()
    };
    assert_eq!(walk(None, 1_299).await, Some(stays.uuid()));
    assert!(is_there(gone).await, "before its time");
    assert_eq!(walk(None, 1_300).await, Some(stays.uuid()));
    assert!(!is_there(gone).await && is_there(stays).await);
    assert_eq!(walk(Some(stays.uuid()), 1_300).await, None);
}

/// However long they were told that they may be idle.
async fn families_go_at_their_end(db: TestDb) {
    let family = RefreshFamily { idle_expires_at: at(90_000), ..family(&granted(&db).await.2, 1) };
    let id = family.id;
    commit!(db, [family], |tx| store::refresh_family::insert(tx, &family)).unwrap();
    for (moment, stays) in [(10_299, true), (10_300, false)] {
        walk(&db, Walked::RefreshFamilies, None, at(moment), &KEEP).await.unwrap();
        let found = read!(db, |conn| store::refresh_family::find(conn, id)).unwrap();
        assert_eq!(found.is_some(), stays, "at {moment}");
    }
}

/// A grant outlives the last access token that it can have, and what hangs from it.
async fn grants_go_in_their_time(db: TestDb) {
    let (_, _, grant) = granted(&db).await;
    let (id, family) = (grant.id, family(&grant, 1));
    let keep = Retention { code: Duration::ZERO, ..KEEP };
    commit!(db, [family], |tx| store::refresh_family::insert(tx, &family)).unwrap();
    let is_there = async || read!(db, |conn| store::grant::find(conn, id)).unwrap().is_some();
    let walk = async |through, moment| walk(&db, through, None, at(moment), &keep).await.unwrap();
    walk(Walked::Grants, 5_000).await;
    assert!(is_there().await, "a family hangs from it");
    walk(Walked::RefreshFamilies, 5_000).await;
    walk(Walked::Grants, 299).await;
    assert!(is_there().await, "a token can live");
    walk(Walked::Grants, 300).await;
    assert!(!is_there().await);
}

async fn a_walk_comes_by_every_row(db: TestDb) {
    let (user, client, first) = granted(&db).await;
    let id = first.id;
    commit!(db, [], |tx| async {
        for number in 0..1_001_u16 {
            let mut random = [0; 10];
            random[8..].copy_from_slice(&number.to_be_bytes());
            let family = RefreshFamily { id: FamilyId::new(NOW, random), ..family(&first, 1) };
            store::refresh_family::insert(tx, &family).await?;
            if number > 0 {
                let id = GrantId::new(at(-1), random);
                store::grant::insert(tx, &Grant { id, ..grant(&user, &client, 1) }).await?;
            }
        }
        Ok(())
    })
    .unwrap();
    for through in [Walked::RefreshFamilies, Walked::Grants] {
        let (mut last, mut batches) = (None, 0);
        loop {
            last = walk(&db, through, last, at(500_000), &KEEP).await.unwrap();
            if last.is_none() {
                break;
            }
            batches += 1;
        }
        assert_eq!(batches, 3, "{through:?}");
        assert_eq!(walk(&db, through, None, NOW, &KEEP).await.unwrap(), None, "{through:?}");
    }
    assert_eq!(read!(db, |conn| store::refresh_family::find_by_grant(conn, id)), Ok(None));
}

/// A node that was away for longer than changes are kept finds a number that does not follow on its own,
/// and knows that it missed something.
async fn the_newest_change_stays(db: TestDb) {
    for _ in 0..3 {
        commit!(db, [], |tx| async {
            store::change_log::append(tx, Change::SigningKeys, NOW);
            Ok(())
        })
        .unwrap();
    }
    sweep(&db, at(1_000_000), &KEEP).await.unwrap();
    let tail = read!(db, |conn| store::change_log::tail(conn, 0, 10)).unwrap();
    assert_eq!(tail, [(3, Change::SigningKeys)]);
}
