//! The audit log.

use doorward::{
    store::{Conn, Db, StoreError, audit_event as verb, audit_event::ChainCheck},
    types::{
        Timestamp,
        audit::{Action, Actor, AuditEvent, Object, Outcome},
        id::AuditEventId,
        origin::Origin,
    },
};
use sqlx::Executor;

use crate::{
    engine::TestDb,
    samples::{NOW, at, user},
};

both![
    events_are_listed_by_filter,
    the_chain_of_concurrent_events_is_intact,
    an_altered_event_breaks_the_chain,
    a_missing_event_breaks_the_chain,
    a_cut_end_breaks_the_chain,
    events_are_neither_altered_nor_deleted,
    an_event_goes_with_its_transaction,
];

fn event(number: u16, action: Action) -> AuditEvent {
    let mut random = [0; 10];
    random[8..].copy_from_slice(&number.to_be_bytes());
    let mut detail = serde_json::Map::new();
    detail.insert("zoo".to_owned(), "\u{1f40d} \"quoted\"".into());
    detail.insert("number".to_owned(), number.into());
    AuditEvent {
        id: AuditEventId::new(NOW, random),
        at: at(i64::from(number)),
        actor: if number.is_multiple_of(2) { Actor::Operator } else { Actor::User(user(1).id) },
        action,
        object: Object::Server,
        outcome: Outcome::Success,
        origin: Origin {
            request_id: "r-1".to_owned(),
            address: Some("2001:db8::1".parse().unwrap()),
            user_agent: None,
        },
        detail,
    }
}

async fn append(db: &Db, events: Vec<AuditEvent>) {
    db.write::<_, _, StoreError>(move |tx| {
        Box::pin(async move {
            for event in events {
                verb::append(tx, event);
            }
            Ok(())
        })
    })
    .await
    .unwrap();
}

async fn six(db: &Db) {
    let events = (1..=6).map(|number| {
        event(number, if number == 3 { Action::UserCreated } else { Action::SignedIn })
    });
    append(db, events.collect()).await;
    assert_eq!(verb::verify(db).await, Ok(ChainCheck::Intact { events: 6 }));
}

async fn events_are_listed_by_filter(db: TestDb) {
    assert_eq!(verb::verify(&db).await, Ok(ChainCheck::Intact { events: 0 }));
    six(&db).await;
    let list = async |filter: verb::AuditFilter, after, limit| {
        let page = read!(db, |conn| verb::list(conn, &filter, after, limit)).unwrap();
        page.into_iter().map(|record| record.seq).collect::<Vec<_>>()
    };
    let all = verb::AuditFilter::default();
    assert_eq!(list(all.clone(), 0, 4).await, [1, 2, 3, 4]);
    assert_eq!(list(all.clone(), 4, 4).await, [5, 6]);
    let actor = Some("operator".to_owned());
    assert_eq!(list(verb::AuditFilter { actor, ..all.clone() }, 0, 9).await, [2, 4, 6]);
    let action = Some(Action::UserCreated);
    assert_eq!(list(verb::AuditFilter { action, ..all.clone() }, 0, 9).await, [3]);
    let object = Some("user:nobody".to_owned());
    assert!(list(verb::AuditFilter { object, ..all.clone() }, 0, 9).await.is_empty());
    let (from, until): (Option<Timestamp>, _) = (Some(at(2)), Some(at(4)));
    assert_eq!(list(verb::AuditFilter { from, until, ..all }, 0, 9).await, [2, 3]);
    assert_eq!(read!(db, |conn| verb::head(conn)), Ok(6));
}

async fn the_chain_of_concurrent_events_is_intact(db: TestDb) {
    let tasks: Vec<_> = (0..100)
        .map(|number| {
            let db = db.clone();
            tokio::spawn(async move { append(&db, vec![event(number, Action::SignedIn)]).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(verb::verify(&db).await, Ok(ChainCheck::Intact { events: 100 }));
}

/// What somebody does who owns the database.
async fn tamper(db: &Db, sqlite: &'static str, postgres: &'static str) -> Result<(), StoreError> {
    db.write(move |tx| {
        Box::pin(async move {
            match &mut **tx {
                Conn::Sqlite(conn) => conn.execute_batch(sqlite)?,
                Conn::Postgres(conn) => conn.execute(postgres).await.map(drop)?,
            }
            Ok(())
        })
    })
    .await
}

async fn unlock(db: &Db) {
    let sqlite = "DROP TRIGGER audit_events_no_update; DROP TRIGGER audit_events_no_delete";
    tamper(db, sqlite, "ALTER TABLE audit_events DISABLE TRIGGER USER").await.unwrap();
}

async fn an_altered_event_breaks_the_chain(db: TestDb) {
    six(&db).await;
    unlock(&db).await;
    let sql = "UPDATE audit_events SET actor = 'system' WHERE seq = 4";
    tamper(&db, sql, sql).await.unwrap();
    assert_eq!(verb::verify(&db).await, Ok(ChainCheck::Broken { seq: 4 }));
}

async fn a_missing_event_breaks_the_chain(db: TestDb) {
    six(&db).await;
    unlock(&db).await;
    let sql = "DELETE FROM audit_events WHERE seq = 2";
    tamper(&db, sql, sql).await.unwrap();
    assert_eq!(verb::verify(&db).await, Ok(ChainCheck::Broken { seq: 2 }));
}

async fn a_cut_end_breaks_the_chain(db: TestDb) {
    six(&db).await;
    unlock(&db).await;
    let sql = "DELETE FROM audit_events WHERE seq = 6";
    tamper(&db, sql, sql).await.unwrap();
    assert_eq!(verb::verify(&db).await, Ok(ChainCheck::Broken { seq: 6 }));
    let sql = "UPDATE audit_head SET seq = 5";
    tamper(&db, sql, sql).await.unwrap();
    assert_eq!(verb::verify(&db).await, Ok(ChainCheck::Broken { seq: 5 }));
}

async fn events_are_neither_altered_nor_deleted(db: TestDb) {
    six(&db).await;
    for sql in ["UPDATE audit_events SET actor = 'x'", "DELETE FROM audit_events"] {
        assert!(matches!(tamper(&db, sql, sql).await, Err(StoreError::Refused(_))), "{sql}");
    }
    let truncated = tamper(&db, "DELETE FROM audit_events", "TRUNCATE audit_events").await;
    assert!(matches!(truncated, Err(StoreError::Refused(_))));
    assert_eq!(verb::verify(&db).await, Ok(ChainCheck::Intact { events: 6 }));
}

async fn an_event_goes_with_its_transaction(db: TestDb) {
    let undone = db.write::<_, (), StoreError>(|tx| {
        Box::pin(async move {
            verb::append(tx, event(1, Action::SignedIn));
            Err(StoreError::MissingReference)
        })
    });
    undone.await.unwrap_err();
    assert_eq!(read!(db, |conn| verb::head(conn)), Ok(0));
}
