//! The store's contract: one suite, run on both engines.
//!
//! PostgreSQL is named by `DOORWARD_TEST_POSTGRES`; without it the tests of that engine fail.

/// Makes a test for each engine of every `async fn name(db: TestDb)`.
#[cfg(test)]
macro_rules! both {
    ($($name:ident,)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::engine::TestDb::sqlite().await).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::engine::TestDb::postgres().await).await;
            })*
        }
    };
}

/// Runs one verb in a transaction of its own, with copies of what is named in brackets.
#[cfg(test)]
macro_rules! commit {
    ($db:expr, [$($name:ident),*], |$tx:ident| $verb:expr) => {{
        $(let $name = $name.clone();)*
        $db.write::<_, _, doorward::store::StoreError>(move |$tx| {
            Box::pin(async move { $verb.await })
        })
        .await
    }};
}

/// As `commit!`, for a verb that is a transaction by itself on PostgreSQL.
#[cfg(test)]
macro_rules! commit_plain {
    ($db:expr, [$($name:ident),*], |$tx:ident| $verb:expr) => {{
        $(let $name = $name.clone();)*
        $db.write_plain::<_, _, doorward::store::StoreError>(move |$tx| {
            Box::pin(async move { $verb.await })
        })
        .await
    }};
}

/// Runs one verb on a connection of the read pool.
#[cfg(test)]
macro_rules! read {
    ($db:expr, |$conn:ident| $verb:expr) => {{
        let mut reader = $db.reader().await.unwrap();
        let $conn = &mut reader.conn();
        $verb.await
    }};
}

#[cfg(test)]
mod access;
#[cfg(test)]
mod administration;
#[cfg(test)]
mod api_key;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod change;
#[cfg(test)]
mod client;
#[cfg(test)]
mod code;
#[cfg(test)]
mod consent;
#[cfg(test)]
#[expect(dead_code, reason = "shared with the tests of the specifications, which use another part")]
mod engine;
#[cfg(test)]
mod epoch;
#[cfg(test)]
mod expiry;
#[cfg(test)]
mod grant;
#[cfg(test)]
mod group;
#[cfg(test)]
mod installation;
#[cfg(test)]
mod links;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod refresh;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod session;
#[cfg(test)]
mod single_use;
#[cfg(test)]
mod token;
#[cfg(test)]
mod upgrade;
#[cfg(test)]
mod user;
