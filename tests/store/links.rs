//! Connections: given back, and given up.

use std::{
    pin::pin,
    task::{Context, Waker},
};

use doorward::store::{self, Db, StorageOptions, StoreError};

use crate::engine::TestDb;

both![
    a_read_that_is_given_up_leaves_its_connection_to_the_next,
    a_write_that_fails_leaves_its_connection_to_the_next,
];

/// The same database on one connection to PostgreSQL.
async fn on_one_connection(db: &TestDb) -> Db {
    let options = StorageOptions { max_connections: 1, ..db.options.clone() };
    Db::open(&options).await.unwrap()
}

async fn a_read_that_is_given_up_leaves_its_connection_to_the_next(db: TestDb) {
    let db = on_one_connection(&db).await;
    commit!(db, [], |tx| store::meta::set(tx, "other", b"what is asked next")).unwrap();
    for _ in 0..20 {
        let mut reader = db.reader().await.unwrap();
        {
            let mut conn = reader.conn();
            let mut asked = pin!(store::meta::find(&mut conn, "one"));
            let _ = asked.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        }
        drop(reader);
        let next = read!(db, |conn| store::meta::find(conn, "other")).unwrap();
        assert_eq!(next.as_deref(), Some(&b"what is asked next"[..]));
    }
    db.close().await;
}

async fn a_write_that_fails_leaves_its_connection_to_the_next(db: TestDb) {
    let db = on_one_connection(&db).await;
    for _ in 0..20 {
        let failed = db.write::<_, (), StoreError>(|tx| {
            Box::pin(async move {
                store::meta::set(tx, "one", b"").await?;
                Err(StoreError::MissingReference)
            })
        });
        failed.await.unwrap_err();
        assert_eq!(read!(db, |conn| store::meta::find(conn, "one")), Ok(None));
    }
    db.close().await;
    assert!(matches!(db.reader().await, Err(StoreError::Unavailable(_))));
}
