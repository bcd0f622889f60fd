//! Waking up when another node has changed something, instead of asking again and again.

use sqlx::postgres::{PgListener, PgPoolOptions};

use super::Db;
use crate::store::StoreError;

/// The channel that a transaction with changes notifies when it commits.
macro_rules! channel {
    () => {
        "doorward_changes"
    };
}
pub(in crate::store) use channel;

/// A connection of its own to PostgreSQL that hears of commits. It carries nothing but the news that there
/// is something to read, and it can miss some: what counts is the change log.
#[derive(Debug)]
pub struct Wake(PgListener);

impl Wake {
    /// Listens from now on; `None` on SQLite, where nobody tells.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when there is no connection to be had.
    pub async fn listen(db: &Db) -> Result<Option<Self>, StoreError> {
        let links = match db {
            Db::Sqlite { .. } => return Ok(None),
            Db::Postgres { links } => links,
        };
        // Beside the others: whoever waits for ever must not hold a connection that others wait for.
        let alone = PgPoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with(links.options().clone());
        let mut listener = PgListener::connect_with(&alone).await?;
        listener.listen(channel!()).await?;
        Ok(Some(Self(listener)))
    }

    /// Waits until something was changed since the last time, or until that is not certain: a connection
    /// that was lost is made anew, and what was told meanwhile is not heard.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the connection is lost for now; listen again then.
    pub async fn wait(&mut self) -> Result<(), StoreError> {
        self.0.try_recv().await?;
        // What was told several times by now is looked at once.
        while self.0.next_buffered().is_some() {}
        Ok(())
    }
}
