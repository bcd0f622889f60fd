//! The change log: in the order of the commits, with nothing missing.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Waker},
    time::Duration,
};

use doorward::{
    store::{self, Db, StoreError, Wake, change_log as verb},
    types::{UserId, change::Change},
};

use crate::{
    engine::TestDb,
    samples::{NOW, client, hash},
};

both![changes_come_out_as_they_went_in, what_is_undone_is_not_told, a_reader_never_skips_a_change,];

/// The changes after the one of that number.
pub(crate) async fn changes_after(db: &Db, after: i64) -> Vec<Change> {
    let tail = read!(db, |conn| verb::tail(conn, after, 100)).unwrap();
    tail.into_iter().map(|(_, change)| change).collect()
}

fn user(number: u16) -> Change {
    let mut random = [0; 10];
    random[8..].copy_from_slice(&number.to_be_bytes());
    Change::User(UserId::new(NOW, random))
}

async fn changes_come_out_as_they_went_in(db: TestDb) {
    let changes = [
        Change::Client(client("a client").id),
        Change::SigningKeys,
        user(1),
        Change::Grant(doorward::types::GrantId::new(NOW, [3; 10])),
        Change::AccessToken(hash(4)),
        Change::Epoch,
    ];
    let noted = changes.clone();
    db.write::<_, _, StoreError>(move |tx| {
        Box::pin(async move {
            for change in noted.iter().chain(&noted) {
                verb::append(tx, change.clone(), NOW);
            }
            Ok(())
        })
    })
    .await
    .unwrap();
    assert_eq!(changes_after(&db, 0).await, changes, "each once");
    assert_eq!(read!(db, |conn| verb::head(conn)), Ok(6));
    let two = read!(db, |conn| verb::tail(conn, 3, 1)).unwrap();
    assert_eq!(two, [(4, changes[3].clone())]);
}

async fn what_is_undone_is_not_told(db: TestDb) {
    let failed = db.write::<_, (), StoreError>(move |tx| {
        Box::pin(async move {
            verb::append(tx, Change::SigningKeys, NOW);
            Err(StoreError::MissingReference)
        })
    });
    failed.await.unwrap_err();
    assert_eq!(read!(db, |conn| verb::head(conn)), Ok(0));
}

/// Asserts that what is told to `wake` next is the commit of `change`, and nothing before it.
async fn assert_woken_by(db: &Db, wake: &mut Wake, number: u16) {
    commit!(db, [], |tx| async {
        verb::append(tx, user(number), NOW);
        Ok(())
    })
    .unwrap();
    wake.wait().await.unwrap();
    let head = read!(db, |conn| verb::head(conn)).unwrap();
    assert_eq!(changes_after(db, head - 1).await, [user(number)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_tells_other_nodes_of_a_change_when_it_commits() {
    let db = TestDb::postgres().await;
    let mut wake = Wake::listen(&db.another().await).await.unwrap().unwrap();
    for number in 0..5 {
        assert_woken_by(&db, &mut wake, number).await;
    }
    // Neither what is undone nor what changes nothing for others is told.
    let undone = db.write::<_, (), StoreError>(move |tx| {
        Box::pin(async move {
            verb::append(tx, Change::SigningKeys, NOW);
            Err(StoreError::MissingReference)
        })
    });
    undone.await.unwrap_err();
    commit!(db, [], |tx| store::meta::set(tx, "name", b"")).unwrap();
    let mut waiting = pin!(wake.wait());
    let told = waiting.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(told.is_pending(), "told of nothing");
    commit!(db, [], |tx| async {
        verb::append(tx, user(9), NOW);
        Ok(())
    })
    .unwrap();
    waiting.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_tells_nobody() {
    let db = TestDb::sqlite().await;
    assert!(Wake::listen(&db).await.unwrap().is_none());
}

/// Writers commit in any order, some slowly, some not at all, while a reader follows by number.
async fn a_reader_never_skips_a_change(db: TestDb) {
    let done = Arc::new(AtomicBool::new(false));
    let (reader, finished) = (db.clone(), done.clone());
    let follower = tokio::spawn(async move {
        let mut seen = Vec::new();
        loop {
            let last = finished.load(Ordering::SeqCst);
            let after = i64::try_from(seen.len()).unwrap();
            let tail = read!(reader, |conn| verb::tail(conn, after, 1_000)).unwrap();
            for (expected, (seq, change)) in (after + 1..).zip(tail) {
                assert_eq!(seq, expected, "a change was skipped");
                seen.push(change);
            }
            if last {
                return seen;
            }
        }
    });
    let writers: Vec<_> = (0..200_u16)
        .map(|number| {
            let db = db.clone();
            tokio::spawn(async move {
                db.write::<_, _, StoreError>(move |tx| {
                    Box::pin(async move {
                        verb::append(tx, user(number), NOW);
                        tokio::time::sleep(Duration::from_millis(u64::from(number % 5))).await;
                        store::meta::set(tx, &number.to_string(), b"").await?;
                        if number % 7 == 0 { Err(StoreError::MissingReference) } else { Ok(()) }
                    })
                })
                .await
                .is_ok()
            })
        })
        .collect();
    let mut committed = 0;
    for writer in writers {
        committed += usize::from(writer.await.unwrap());
    }
    done.store(true, Ordering::SeqCst);
    assert_eq!(follower.await.unwrap().len(), committed);
}
