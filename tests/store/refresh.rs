//! Refresh token families.

use doorward::{
    protocol::grant::RevocationReason,
    store::{self, Db, behind::Behind, refresh_family as verb, refresh_family::FamilyUse},
    types::{FamilyId, Redeemed, Status, change::Change},
};

use crate::{
    change::changes_after,
    engine::TestDb,
    samples::{NOW, at, family, granted},
};

both![
    what_goes_in_comes_out,
    a_rotation_leaves_one_generation_for_the_next,
    a_dead_family_does_not_move,
    a_family_of_a_disabled_user_does_not_move,
    retries_are_counted_within_a_generation,
    a_family_that_does_not_rotate_is_touched,
    a_use_changes_the_family_as_it_says,
    a_use_that_is_declined_changes_nothing,
];

async fn stored(db: &Db) -> FamilyId {
    let family = family(&granted(db).await.2, 1);
    commit!(db, [family], |tx| verb::insert(tx, &family)).unwrap();
    family.id
}

async fn what_goes_in_comes_out(db: TestDb) {
    let (user, _, grant) = granted(&db).await;
    let family = family(&grant, 1);
    commit!(db, [family], |tx| verb::insert(tx, &family)).unwrap();
    let by_grant = read!(db, |conn| verb::find_by_grant(conn, grant.id));
    assert_eq!(by_grant, Ok(Some(family.clone())));
    let behind = Behind { grant: grant.into(), user: user.into(), session: None };
    assert_eq!(read!(db, |conn| verb::find(conn, family.id)), Ok(Some((family, behind))));
    assert_eq!(read!(db, |conn| verb::find(conn, FamilyId::new(NOW, [9; 10]))), Ok(None));
}

async fn a_rotation_leaves_one_generation_for_the_next(db: TestDb) {
    let id = stored(&db).await;
    let rotate = async |from, moment| {
        commit!(db, [], |tx| verb::rotate(tx, id, from, at(moment), at(moment + 1_000)))
            .unwrap()
            .map(Redeemed::into_taken)
    };
    assert_eq!(rotate(0, 5).await, Some(id));
    let first = read!(db, |conn| verb::find(conn, id)).unwrap().unwrap().0;
    assert_eq!((first.generation, first.rotated_at, first.retries), (1, at(5), 0));
    assert_eq!(first.idle_expires_at, at(1_005));
    assert!(rotate(0, 6).await.is_none(), "left before");
    assert!(rotate(2, 6).await.is_none(), "not there yet");
    assert_eq!(rotate(1, 6).await, Some(id));
}

async fn a_dead_family_does_not_move(db: TestDb) {
    let id = stored(&db).await;
    let moves = async |moment| {
        commit!(db, [], |tx| async {
            let touched = verb::touch(tx, id, at(moment), at(1_000)).await?;
            let retried = verb::count_retry(tx, id, 0, 10, at(moment)).await?;
            let rotated = verb::rotate(tx, id, 0, at(moment), at(1_000)).await?.is_some();
            assert!(touched == retried && retried == rotated);
            Ok(rotated)
        })
        .unwrap()
    };
    assert!(!moves(1_000).await, "idle for too long");
    assert!(!moves(10_000).await, "too old");
    let before = read!(db, |conn| store::change_log::head(conn)).unwrap();
    let reason = RevocationReason::RefreshReuse;
    let grant_id = read!(db, |conn| verb::find(conn, id)).unwrap().unwrap().1.grant.id;
    commit!(db, [], |tx| verb::revoke(tx, id, reason, at(2))).unwrap();
    assert!(!moves(3).await, "revoked");
    let (family, behind) = read!(db, |conn| verb::find(conn, id)).unwrap().unwrap();
    assert_eq!(family.revoked.map(|revoked| revoked.reason), Some(reason));
    assert_eq!(behind.grant.revoked, None);
    assert_eq!(changes_after(&db, before).await, [Change::Grant(grant_id)]);
}

/// Whatever was believed of the user when it was decided.
async fn a_family_of_a_disabled_user_does_not_move(db: TestDb) {
    let id = stored(&db).await;
    let owner = read!(db, |conn| verb::find(conn, id)).unwrap().unwrap().1.user.id;
    let set = async |status| {
        assert!(commit!(db, [], |tx| store::user::set_status(tx, owner, status, NOW)).unwrap());
    };
    set(Status::Disabled).await;
    for how in uses(0) {
        let used = commit_plain!(db, [], |tx| verb::carry_out(tx, id, how, at(1)));
        assert_eq!(used, Ok(false), "{how:?}");
    }
    set(Status::Enabled).await;
    for how in uses(0) {
        let used = commit_plain!(db, [], |tx| verb::carry_out(tx, id, how, at(1)));
        assert_eq!(used, Ok(true), "{how:?}");
    }
}

async fn retries_are_counted_within_a_generation(db: TestDb) {
    let id = stored(&db).await;
    let retry = async |generation| {
        commit!(db, [], |tx| verb::count_retry(tx, id, generation, 2, at(1))).unwrap()
    };
    assert!(retry(0).await && retry(0).await);
    assert!(!retry(0).await, "two were allowed");
    assert!(!retry(1).await, "not the current generation");
    commit!(db, [], |tx| verb::rotate(tx, id, 0, at(1), at(1_000))).unwrap();
    assert!(retry(1).await, "counted anew");
    let grant_id = read!(db, |conn| verb::find(conn, id)).unwrap().unwrap().1.grant.id;
    let reason = RevocationReason::Operator;
    commit!(db, [], |tx| store::grant::revoke(tx, grant_id, reason, at(1))).unwrap();
    assert!(!retry(1).await, "the grant is revoked");
    let rotated = commit!(db, [], |tx| verb::rotate(tx, id, 1, at(1), at(1_000))).unwrap();
    assert!(rotated.is_none(), "the grant is revoked");
}

async fn a_family_that_does_not_rotate_is_touched(db: TestDb) {
    let id = stored(&db).await;
    assert_eq!(commit!(db, [], |tx| verb::touch(tx, id, at(900), at(1_900))), Ok(true));
    let family = read!(db, |conn| verb::find(conn, id)).unwrap().unwrap().0;
    assert_eq!((family.generation, family.idle_expires_at), (0, at(1_900)));
}

/// Every way to use a family whose generation is `current`.
fn uses(current: u64) -> [FamilyUse; 3] {
    [
        FamilyUse::Touch { idle_expires_at: at(2_000) },
        FamilyUse::CountRetry { generation: current, limit: 9 },
        FamilyUse::Rotate { from: current, idle_expires_at: at(3_000) },
    ]
}

async fn a_use_changes_the_family_as_it_says(db: TestDb) {
    let id = stored(&db).await;
    let mut family = read!(db, |conn| verb::find(conn, id)).unwrap().unwrap().0;
    for how in uses(family.generation) {
        let used = commit_plain!(db, [], |tx| verb::carry_out(tx, id, how, at(5)));
        assert_eq!(used, Ok(true), "{how:?}");
        match how {
            FamilyUse::Touch { idle_expires_at } => family.idle_expires_at = idle_expires_at,
            FamilyUse::CountRetry { .. } => family.retries += 1,
            FamilyUse::Rotate { idle_expires_at, .. } => {
                family.generation += 1;
                (family.rotated_at, family.retries) = (at(5), 0);
                family.idle_expires_at = idle_expires_at;
            }
        }
        let now = read!(db, |conn| verb::find(conn, id)).unwrap().unwrap().0;
        assert_eq!(now, family, "{how:?}");
    }
}

async fn a_use_that_is_declined_changes_nothing(db: TestDb) {
    let id = stored(&db).await;
    let (family, behind) = read!(db, |conn| verb::find(conn, id)).unwrap().unwrap();
    let declined = async |how, moment| {
        let used = commit_plain!(db, [], |tx| verb::carry_out(tx, id, how, at(moment)));
        assert_eq!(used, Ok(false), "{how:?}");
        let now = read!(db, |conn| verb::find(conn, id)).unwrap().unwrap().0;
        assert_eq!(now, family, "{how:?}");
    };
    for how in uses(0) {
        declined(how, 1_000).await;
    }
    for how in &uses(1)[1..] {
        declined(*how, 1).await;
    }
    let (grant_id, reason) = (behind.grant.id, RevocationReason::Operator);
    commit!(db, [], |tx| store::grant::revoke(tx, grant_id, reason, at(1))).unwrap();
    for how in uses(0) {
        declined(how, 1).await;
    }
}
