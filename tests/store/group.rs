//! Writes: alone, in a group, with errors, with panics, with callers that go away.

use std::{sync::Arc, time::Duration};

use doorward::store::{self, Conn, Db, Durability, StorageOptions, StoreError, Tx, Unique};
use tokio::{
    sync::{Notify, oneshot},
    task::JoinHandle,
};

use crate::{
    engine::TestDb,
    samples::{NOW, client, grant, user},
};

both![
    an_error_undoes_its_job_alone,
    a_panic_undoes_its_job_alone_and_reaches_its_caller,
    a_write_outlives_its_caller,
    a_thousand_writes_at_once,
    plain_and_guarded_jobs_share_a_group,
    what_a_constraint_refused_costs_the_others_nothing,
    a_panic_before_the_first_write_costs_the_others_nothing,
    closing_finishes_what_waits,
    two_processes_write_to_one_database,
];

async fn an_error_undoes_its_job_alone(db: TestDb) {
    let hold = hold(&db).await;
    let tasks: Vec<_> = (0..60_u8)
        .map(|number| {
            let db = db.clone();
            tokio::spawn(async move {
                db.write::<_, (), StoreError>(move |tx| {
                    Box::pin(async move {
                        store::meta::set(tx, &format!("name{number}"), &[number]).await?;
                        if number % 3 == 0 {
                            return Err(StoreError::MissingReference);
                        }
                        Ok(())
                    })
                })
                .await
            })
        })
        .collect();
    tokio::task::yield_now().await;
    hold.end();
    for (number, task) in tasks.into_iter().enumerate() {
        let failed = number % 3 == 0;
        assert_eq!(task.await.unwrap().is_err(), failed);
        let stored = read!(db, |conn| store::meta::find(conn, &format!("name{number}"))).unwrap();
        assert_eq!(stored.is_none(), failed);
    }
}

/// A job that waits.
struct Hold {
    go: oneshot::Sender<()>,
    job: JoinHandle<Result<(), StoreError>>,
}

impl Hold {
    /// Lets the job go on. On PostgreSQL it can be done after those that came behind it.
    fn end(self) -> JoinHandle<Result<(), StoreError>> {
        self.go.send(()).unwrap();
        self.job
    }
}

/// Keeps the writer busy until told to go on, so that other jobs gather behind it.
async fn hold(db: &Db) -> Hold {
    let (go, wait) = oneshot::channel::<()>();
    let begun = Arc::new(Notify::new());
    let (db, begins) = (db.clone(), begun.clone());
    let job = tokio::spawn(async move {
        db.write::<_, _, StoreError>(move |tx| {
            Box::pin(async move {
                begins.notify_one();
                wait.await.unwrap();
                store::meta::set(tx, "held", b"").await
            })
        })
        .await
    });
    begun.notified().await;
    Hold { go, job }
}

async fn a_panic_undoes_its_job_alone_and_reaches_its_caller(db: TestDb) {
    let hold = hold(&db).await;
    let copy = db.clone();
    let broken = tokio::spawn(async move {
        copy.write::<_, (), StoreError>(|tx| {
            Box::pin(async move {
                store::meta::set(tx, "broken", b"").await?;
                panic!("a mistake in a job");
            })
        })
        .await
    });
    let copy = db.clone();
    let whole =
        tokio::spawn(async move { commit!(copy, [], |tx| store::meta::set(tx, "whole", b"")) });
    tokio::task::yield_now().await;
    let first = hold.end();
    assert!(broken.await.unwrap_err().is_panic());
    whole.await.unwrap().unwrap();
    first.await.unwrap().unwrap();
    assert_eq!(read!(db, |conn| store::meta::find(conn, "broken")).unwrap(), None);
    assert!(read!(db, |conn| store::meta::find(conn, "whole")).unwrap().is_some());
    assert!(read!(db, |conn| store::meta::find(conn, "held")).unwrap().is_some());
}

async fn a_write_outlives_its_caller(db: TestDb) {
    let (go, wait) = oneshot::channel::<()>();
    let (done, ended) = oneshot::channel::<()>();
    let job = db.write::<_, _, StoreError>(move |tx| {
        Box::pin(async move {
            wait.await.unwrap();
            store::meta::set(tx, "left", b"alone").await?;
            done.send(()).unwrap();
            Ok(())
        })
    });
    assert!(tokio::time::timeout(Duration::from_millis(20), job).await.is_err());
    go.send(()).unwrap();
    ended.await.unwrap();
    db.check_writable().await.unwrap();
    let mut stored = None;
    while stored.is_none() {
        // On PostgreSQL nothing orders the lonely commit before the probe's.
        stored = read!(db, |conn| store::meta::find(conn, "left")).unwrap();
    }
    assert_eq!(stored.unwrap(), b"alone");
}

async fn a_thousand_writes_at_once(db: TestDb) {
    let tasks: Vec<_> = (0..1_000_u32)
        .map(|number| {
            let db = db.clone();
            tokio::spawn(async move {
                let name = number.to_string();
                commit!(db, [], |tx| store::meta::set(tx, &name, &number.to_be_bytes())).unwrap();
                read!(db, |conn| store::meta::find(conn, &number.to_string())).unwrap().unwrap()
            })
        })
        .collect();
    for (number, task) in (0_u32..).zip(tasks) {
        assert_eq!(task.await.unwrap(), number.to_be_bytes(), "acknowledged, and not there");
    }
}

/// Which verb a job goes through, and how it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Guarded,
    GuardedFails,
    Plain,
    PlainFailsBeforeItWrites,
    PlainFailsAfterwards,
    PlainPanicsAfterwards,
    PlainPanicsBeforeItWrites,
}

impl Kind {
    fn succeeds(self) -> bool {
        matches!(self, Self::Guarded | Self::Plain)
    }
}

/// Writes `name`, unless its kind says otherwise.
async fn job(tx: &mut Tx<'_>, kind: Kind, name: String) -> Result<(), StoreError> {
    match kind {
        Kind::PlainFailsBeforeItWrites => return Err(StoreError::MissingReference),
        Kind::PlainPanicsBeforeItWrites => panic!("a mistake in a job"),
        Kind::Guarded
        | Kind::GuardedFails
        | Kind::Plain
        | Kind::PlainFailsAfterwards
        | Kind::PlainPanicsAfterwards => {}
    }
    store::meta::set(tx, &name, b"").await?;
    match kind {
        Kind::GuardedFails | Kind::PlainFailsAfterwards => Err(StoreError::MissingReference),
        Kind::PlainPanicsAfterwards => panic!("a mistake in a job"),
        Kind::Guarded
        | Kind::Plain
        | Kind::PlainFailsBeforeItWrites
        | Kind::PlainPanicsBeforeItWrites => Ok(()),
    }
}

/// Runs the jobs in one group behind one that is held; `None` where the job panicked.
async fn group(db: &Db, kinds: &[Kind]) -> Vec<Option<Result<(), StoreError>>> {
    let hold = hold(db).await;
    let mut tasks = Vec::new();
    for (number, kind) in kinds.iter().copied().enumerate() {
        let (db, name) = (db.clone(), format!("job{number}"));
        tasks.push(tokio::spawn(async move {
            match kind {
                Kind::Guarded | Kind::GuardedFails => {
                    db.write(move |tx| Box::pin(job(tx, kind, name))).await
                }
                Kind::Plain
                | Kind::PlainFailsBeforeItWrites
                | Kind::PlainFailsAfterwards
                | Kind::PlainPanicsAfterwards
                | Kind::PlainPanicsBeforeItWrites => {
                    db.write_plain(move |tx| Box::pin(job(tx, kind, name))).await
                }
            }
        }));
        // The jobs queue in this order.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    hold.end();
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.ok());
    }
    outcomes
}

async fn stored(db: &Db, number: usize) -> bool {
    read!(db, |conn| store::meta::find(conn, &format!("job{number}"))).unwrap().is_some()
}

/// Each job stands or falls by itself.
async fn each_by_itself(db: &Db, kinds: &[Kind]) {
    let outcomes = group(db, kinds).await;
    for (number, (kind, outcome)) in kinds.iter().zip(outcomes).enumerate() {
        assert_eq!(outcome.is_some_and(|result| result.is_ok()), kind.succeeds(), "{number}");
        assert_eq!(stored(db, number).await, kind.succeeds(), "{number}: {kind:?}");
    }
}

async fn plain_and_guarded_jobs_share_a_group(db: TestDb) {
    use Kind::{Guarded, GuardedFails, Plain, PlainFailsBeforeItWrites};
    let kinds = [
        GuardedFails,
        Plain,
        GuardedFails,
        Plain,
        Guarded,
        GuardedFails,
        GuardedFails,
        Plain,
        PlainFailsBeforeItWrites,
        GuardedFails,
        Guarded,
        Plain,
    ];
    each_by_itself(&db, &kinds).await;
}

async fn a_panic_before_the_first_write_costs_the_others_nothing(db: TestDb) {
    use Kind::{Guarded, Plain, PlainPanicsBeforeItWrites};
    each_by_itself(&db, &[Plain, PlainPanicsBeforeItWrites, Guarded, Plain]).await;
}

async fn what_a_constraint_refused_costs_the_others_nothing(db: TestDb) {
    let hold = hold(&db).await;
    let copy = db.clone();
    let before = tokio::spawn(async move {
        copy.write_plain(|tx| Box::pin(job(tx, Kind::Plain, "job0".to_owned()))).await
    });
    tokio::time::sleep(Duration::from_millis(5)).await;
    let (copy, orphan) = (db.clone(), grant(&user(1), &client("notes"), 1));
    let refused = tokio::spawn(async move {
        copy.write_plain(move |tx| Box::pin(async move { store::grant::insert(tx, &orphan).await }))
            .await
    });
    tokio::time::sleep(Duration::from_millis(5)).await;
    hold.end();
    assert_eq!(refused.await.unwrap(), Err(StoreError::MissingReference));
    assert_eq!(before.await.unwrap(), Ok(()));
    assert!(stored(&db, 0).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_keeps_nothing_of_a_group_whose_plain_job_breaks_its_word() {
    use Kind::{Guarded, Plain, PlainFailsAfterwards, PlainPanicsAfterwards};
    for liar in [PlainFailsAfterwards, PlainPanicsAfterwards] {
        let db = TestDb::sqlite().await;
        let kinds = [Plain, Guarded, liar];
        for (number, outcome) in group(&db, &kinds).await.into_iter().enumerate() {
            match outcome {
                Some(result) => assert!(matches!(result, Err(StoreError::Unavailable(_)))),
                None => assert_eq!(kinds[number], PlainPanicsAfterwards),
            }
            assert!(!stored(&db, number).await, "{number}");
        }
        assert_eq!(read!(db, |conn| store::meta::find(conn, "held")).unwrap(), None);
        db.check_writable().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_refuses_a_plain_job_a_second_statement() {
    let db = TestDb::postgres().await;
    let two = commit_plain!(db, [], |tx| async {
        store::meta::set(tx, "one", b"").await?;
        store::meta::set(tx, "two", b"").await
    });
    assert!(matches!(two, Err(StoreError::Refused(_))), "{two:?}");
    assert_eq!(read!(db, |conn| store::meta::find(conn, "two")), Ok(None));
    let noted = commit_plain!(db, [], |tx| async {
        store::change_log::append(tx, doorward::types::change::Change::Roles, NOW);
        Ok(())
    });
    assert!(matches!(noted, Err(StoreError::Refused(_))), "{noted:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_undoes_a_plain_job_alone_that_breaks_its_word_alone() {
    let db = TestDb::sqlite().await;
    let broken =
        db.write_plain(|tx| Box::pin(job(tx, Kind::PlainFailsAfterwards, "job0".to_owned()))).await;
    assert_eq!(broken, Err(StoreError::MissingReference));
    assert!(!stored(&db, 0).await);
    db.check_writable().await.unwrap();
}

async fn closing_finishes_what_waits(db: TestDb) {
    let hold = hold(&db).await;
    let copy = db.clone();
    let waiting =
        tokio::spawn(async move { commit!(copy, [], |tx| store::meta::set(tx, "late", b"")) });
    tokio::time::sleep(Duration::from_millis(20)).await;
    let copy = db.clone();
    let closing = tokio::spawn(async move { copy.close().await });
    tokio::task::yield_now().await;
    hold.end();
    waiting.await.unwrap().unwrap();
    closing.await.unwrap();
    let again = db.another().await;
    assert!(read!(again, |conn| store::meta::find(conn, "late")).unwrap().is_some());
}

async fn two_processes_write_to_one_database(db: TestDb) {
    let other = db.another().await;
    let tasks: Vec<_> = (0..100_u32)
        .map(|number| {
            let db = if number % 2 == 0 { db.clone() } else { other.clone() };
            let name = number.to_string();
            tokio::spawn(async move { commit!(db, [], |tx| store::meta::set(tx, &name, b"")) })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_has_in_its_files_what_it_acknowledged() {
    let db = TestDb::sqlite().await;
    let folder = db.folder().unwrap();
    for round in 0..5_u8 {
        let tasks: Vec<_> = (0..20_u8)
            .map(|number| {
                let (db, name) = (db.clone(), format!("{round}-{number}"));
                tokio::spawn(async move { commit!(db, [], |tx| store::meta::set(tx, &name, b"")) })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        // What a process finds that starts after this one was killed: the files as they are now.
        let image = tempfile::tempdir().unwrap();
        for file in ["doorward.db", "doorward.db-wal"] {
            std::fs::copy(folder.join(file), image.path().join(file)).unwrap();
        }
        let url = format!("sqlite://{}", image.path().join("doorward.db").display());
        let revived = Db::open(&StorageOptions::new(url)).await.unwrap();
        for number in 0..20_u8 {
            let name = format!("{round}-{number}");
            assert!(read!(revived, |conn| store::meta::find(conn, &name)).unwrap().is_some());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_acknowledges_nothing_when_the_commit_fails() {
    let db = TestDb::sqlite().await;
    let hold = hold(&db).await;
    let (copy, orphan) = (db.clone(), grant(&user(1), &client("notes"), 1));
    let failing = tokio::spawn(async move {
        copy.write::<_, (), StoreError>(move |tx| {
            Box::pin(async move {
                if let Conn::Sqlite(conn) = &mut **tx {
                    conn.execute_batch("PRAGMA defer_foreign_keys = ON")?;
                }
                store::grant::insert(tx, &orphan).await
            })
        })
        .await
    });
    let copy = db.clone();
    let beside =
        tokio::spawn(async move { commit!(copy, [], |tx| store::meta::set(tx, "beside", b"")) });
    tokio::time::sleep(Duration::from_millis(50)).await;
    hold.end();
    failing.await.unwrap().unwrap_err();
    beside.await.unwrap().unwrap_err();
    assert_eq!(read!(db, |conn| store::meta::find(conn, "beside")).unwrap(), None);
    db.check_writable().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_says_unavailable_while_another_process_holds_the_lock() {
    let db = TestDb::sqlite().await;
    let mut options = db.options.clone();
    options.busy_timeout = Duration::from_millis(50);
    options.durability = Durability::Process;
    let other = Db::open(&options).await.unwrap();
    let hold = hold(&db).await;
    assert!(matches!(other.check_writable().await, Err(StoreError::Unavailable(_))));
    hold.end();
    db.check_writable().await.unwrap();
    other.check_writable().await.unwrap();
}

#[tokio::test]
async fn constraints_have_the_same_names_on_both_engines() {
    for db in [TestDb::sqlite().await, TestDb::postgres().await] {
        let orphan = grant(&user(1), &client("notes"), 1);
        let missing = commit!(db, [orphan], |tx| store::grant::insert(tx, &orphan));
        assert_eq!(missing, Err(StoreError::MissingReference));
        let client = client("notes");
        commit!(db, [client], |tx| store::client::insert(tx, &client)).unwrap();
        let again = commit!(db, [client], |tx| store::client::insert(tx, &client));
        assert_eq!(again, Err(StoreError::Conflict(Unique::ClientId)));
        commit!(db, [], |tx| store::bootstrap::insert(tx, &crate::samples::hash(1), NOW, NOW))
            .unwrap();
        let twice =
            commit!(db, [], |tx| store::bootstrap::insert(tx, &crate::samples::hash(1), NOW, NOW));
        assert_eq!(twice, Err(StoreError::Conflict(Unique::Other)));
    }
}
