//! Connections as the verbs see them: [`Conn`] to read, [`Tx`] to write.

use std::{
    any::Any,
    ops::{Deref, DerefMut},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
};

use super::{links::Link, readers::SqliteReader};
use crate::{
    store::{Engine, StoreError, audit_event, change_log, statements::Statement},
    types::{Timestamp, audit::AuditEvent, change::Change},
};

/// A boxed future, as a job of [`super::Db::write`] returns it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A connection of the open engine. Verbs that only read take one.
#[derive(Debug)]
pub enum Conn<'c> {
    /// To the SQLite file.
    Sqlite(&'c mut rusqlite::Connection),
    /// To the PostgreSQL server.
    Postgres(&'c mut Link),
}

impl Conn<'_> {
    /// Which engine it speaks to.
    pub(in crate::store) const fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    /// Notes that a statement is sent; a connection has room for any.
    #[expect(clippy::unnecessary_wraps, reason = "the counterpart of Tx::begin_statement")]
    pub(in crate::store) fn begin_statement(&mut self, _: Statement) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(_) => {}
            Self::Postgres(link) => link.begin_statement(),
        }
        Ok(false)
    }

    /// The counterpart of [`Tx::end_statement`].
    pub(in crate::store) fn end_statement(
        &mut self,
        _before: bool,
        _: Statement,
        failure: Option<&StoreError>,
    ) {
        match self {
            Self::Sqlite(_) => {}
            Self::Postgres(link) => link.end_statement(failure),
        }
    }
}

/// A connection of the read pool, given back when it is dropped.
#[derive(Debug)]
pub enum Reader {
    /// Of the SQLite file.
    Sqlite(SqliteReader),
    /// Of the PostgreSQL server.
    Postgres(Link),
}

impl Reader {
    /// The connection to hand to a verb. Each statement sees what was committed before it.
    pub fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(reader) => Conn::Sqlite(reader.conn()),
            Self::Postgres(link) => Conn::Postgres(link),
        }
    }
}

/// An open transaction. Verbs that write take one; it derefs to [`Conn`] for those that read.
///
/// What other nodes must hear of and what the audit log must keep is noted here and written at the
/// very end, just before the commit. Both logs have one head row that stays locked until the
/// commit: taken last, it is held for a moment only, and no two transactions can wait for each other
/// over it.
#[derive(Debug)]
pub struct Tx<'c> {
    conn: Conn<'c>,
    room: Room,
    changes: Vec<(Change, Timestamp)>,
    events: Vec<AuditEvent>,
    marked: bool,
}

/// How much a transaction may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Room {
    /// As much as it likes.
    Any,
    /// What one statement writes, which is then a transaction by itself.
    OneStatement,
}

impl<'c> Tx<'c> {
    pub(super) const fn new(conn: Conn<'c>) -> Self {
        Self::with_room(conn, Room::Any)
    }

    /// A transaction of one statement, on a connection where none was begun.
    pub(super) const fn of_one_statement(conn: Conn<'c>) -> Self {
        Self::with_room(conn, Room::OneStatement)
    }

    const fn with_room(conn: Conn<'c>, room: Room) -> Self {
        Self { conn, room, changes: Vec::new(), events: Vec::new(), marked: false }
    }

    /// Whether a statement can have left something behind, be it a transaction that the engine ended.
    pub(super) const fn is_marked(&self) -> bool {
        self.marked
    }

    /// Marks the transaction while a statement runs; whether it was marked before.
    pub(in crate::store) fn begin_statement(
        &mut self,
        statement: Statement,
    ) -> Result<bool, StoreError> {
        if self.marked && self.room == Room::OneStatement && statement.writes() {
            return Err(no_room());
        }
        self.conn.begin_statement(statement)?;
        Ok(std::mem::replace(&mut self.marked, true))
    }

    /// Takes the mark back of a statement that left nothing.
    pub(in crate::store) fn end_statement(
        &mut self,
        before: bool,
        statement: Statement,
        failure: Option<&StoreError>,
    ) {
        self.marked = before || !statement.leaves_nothing(failure);
        self.conn.end_statement(before, statement, failure);
    }

    /// Notes a change; one that was noted before is told once.
    pub(in crate::store) fn note_change(&mut self, change: Change, now: Timestamp) {
        if !self.changes.iter().any(|(known, _)| *known == change) {
            self.changes.push((change, now));
        }
    }

    /// Notes an audit event.
    pub(in crate::store) fn note_event(&mut self, event: AuditEvent) {
        self.events.push(event);
    }

    /// Runs `job`, then writes what it noted; a panic comes back as its payload.
    pub(super) async fn perform<F, T, E>(&mut self, job: F) -> Result<Result<T, E>, Payload>
    where
        F: for<'a, 'b> FnOnce(&'a mut Tx<'b>) -> BoxFuture<'a, Result<T, E>>,
        E: From<StoreError>,
    {
        catch_panic(async {
            let value = job(self).await?;
            self.write_notes().await?;
            Ok(value)
        })
        .await
    }

    async fn write_notes(&mut self) -> Result<(), StoreError> {
        let has_notes = !self.changes.is_empty() || !self.events.is_empty();
        if has_notes && self.room == Room::OneStatement {
            return Err(no_room());
        }
        self.marked |= has_notes;
        change_log::write(&mut self.conn, &self.changes).await?;
        audit_event::write(&mut self.conn, &self.events).await
    }
}

impl<'c> Deref for Tx<'c> {
    type Target = Conn<'c>;

    fn deref(&self) -> &Self::Target {
        &self.conn
    }
}

impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.conn
    }
}

fn no_room() -> StoreError {
    StoreError::Refused("a plain job writes with one statement".to_owned())
}

/// What a panic carried.
pub(super) type Payload = Box<dyn Any + Send>;

/// Runs `future`; a panic in it ends it and comes back as its payload. Nothing that the future held
/// is used afterwards but the connection, whose transaction the caller rolls back.
async fn catch_panic<T>(future: impl Future<Output = T>) -> Result<T, Payload> {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|context| {
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(payload) => std::task::Poll::Ready(Err(payload)),
        }
    })
    .await
}
