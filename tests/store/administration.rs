//! Who administers the server, and that the question has one answer at a time.

use std::sync::Arc;

use doorward::{
    store::{
        self, StoreError, administration as verb,
        role_assignment::{self as assignments, Holder},
    },
    types::{GroupId, Status, UserId},
};
use tokio::sync::Barrier;

use crate::{
    engine::TestDb,
    samples::{NOW, at, user},
};

both![who_holds_a_role_directly_or_through_a_group, the_last_holder_stays_under_a_race,];

async fn who_holds_a_role_directly_or_through_a_group(db: TestDb) {
    let (mut direct, mut member, other) = (user(1), user(2), user(3));
    direct.roles = ["admin".to_owned()].into();
    member.roles.clear();
    for user in [&direct, &member, &other] {
        commit!(db, [user], |tx| store::user::insert(tx, &user, &user.username)).unwrap();
    }
    let has = async || read!(db, |conn| verb::has_holder(conn, "admin")).unwrap();
    assert!(has().await);
    commit!(db, [], |tx| store::user::set_status(tx, direct.id, Status::Disabled, at(1))).unwrap();
    assert!(!has().await, "a disabled user administers nothing");
    let group = doorward::identity::group::Group {
        id: GroupId::new(NOW, [1; 10]),
        name: doorward::identity::role::Name::parse("staff").unwrap(),
        description: String::new(),
        roles: std::collections::BTreeSet::new(),
        created_at: NOW,
        updated_at: NOW,
    };
    commit!(db, [group], |tx| store::group::insert(tx, &group)).unwrap();
    commit!(db, [], |tx| store::group::add_member(tx, group.id, member.id, at(1))).unwrap();
    let admin = read!(db, |conn| store::role::find(conn, "admin")).unwrap().unwrap().id;
    let holder = Holder::Group(group.id);
    commit!(db, [holder], |tx| assignments::grant(tx, admin, &holder, at(1))).unwrap();
    assert!(has().await);
    let holders = read!(db, |conn| verb::holders(conn, "admin", None, 10)).unwrap();
    assert_eq!(holders, [member.id]);
    let rest = read!(db, |conn| verb::holders(conn, "admin", Some(member.id), 10)).unwrap();
    assert_eq!(rest, Vec::<UserId>::new());
    assert!(!read!(db, |conn| verb::has_holder(conn, "nobody")).unwrap());
}

/// Twenty holders are taken the role at one moment, each unless it is the last.
async fn the_last_holder_stays_under_a_race(db: TestDb) {
    let users: Vec<_> = (0..20)
        .map(|number| {
            let mut user = user(number);
            user.roles = ["admin".to_owned()].into();
            user
        })
        .collect();
    for user in &users {
        commit!(db, [user], |tx| store::user::insert(tx, &user, &user.username)).unwrap();
    }
    let admin = read!(db, |conn| store::role::find(conn, "admin")).unwrap().unwrap().id;
    let barrier = Arc::new(Barrier::new(users.len()));
    let tasks: Vec<_> = users
        .iter()
        .map(|user| {
            let (db, barrier, holder) = (db.clone(), barrier.clone(), Holder::User(user.id));
            tokio::spawn(async move {
                barrier.wait().await;
                db.write::<_, _, StoreError>(move |tx| {
                    Box::pin(async move {
                        verb::lock(tx).await?;
                        assignments::revoke(tx, admin, &holder, at(1)).await?;
                        if verb::has_holder(tx, "admin").await? {
                            return Ok(());
                        }
                        Err(StoreError::Refused("the last one".to_owned()))
                    })
                })
                .await
            })
        })
        .collect();
    let mut refused = 0;
    for task in tasks {
        refused += usize::from(task.await.unwrap().is_err());
    }
    assert_eq!(refused, 1);
    let left = read!(db, |conn| verb::holders(conn, "admin", None, 50)).unwrap();
    assert_eq!(left.len(), 1);
}
