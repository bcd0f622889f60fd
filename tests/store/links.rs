//! Connections: given back, and given up.

use std::{
    pin::pin,
    task::{Context, Waker},
};

use doorward::store::{self, Db, StorageOptions, StoreError};
use sqlx::{Connection, PgConnection};

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

/// RACE-11: a standby does not know yet what was used up or revoked. Nobody opens one, and a server that
/// is one by now gets no new connection, for reads either.
#[tokio::test]
async fn race_11_a_standby_is_not_asked() {
    let db = TestDb::postgres().await;
    let mut warm = on_one_connection(&db).await.reader().await.unwrap();
    let other = Db::open(&db.options).await.unwrap();
    let mut admin = PgConnection::connect(&db.options.url).await.unwrap();
    // What a standby says to those who connect to it.
    let as_standby = "DO $$ BEGIN EXECUTE format(
        'ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$";
    crate::engine::run(&mut admin, as_standby.to_owned()).await;
    let refused = Db::open(&db.options).await.unwrap_err();
    assert!(
        matches!(&refused, StoreError::Unavailable(why) if why.contains("standby")),
        "{refused}"
    );
    let kept = other.reader().await.unwrap();
    let refused = other.reader().await.unwrap_err();
    assert!(
        matches!(&refused, StoreError::Unavailable(why) if why.contains("standby")),
        "{refused}"
    );
    drop(kept);
    assert_eq!(
        store::meta::find(&mut warm.conn(), "one").await,
        Ok(None),
        "who was connected stays"
    );
}
