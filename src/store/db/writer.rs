//! The one writer of the SQLite file: it groups what waits, so that many writes share one commit.
//!
//! A durable commit costs far more than the rows in it. So the writer opens a transaction for the
//! first job that waits, lets the next ones join while it runs, commits once, and only then
//! answers all of them. An error or a panic undoes its job alone: the first to write needs nothing
//! for that but a ROLLBACK, and those behind it run inside a savepoint. A savepoint costs as much as a
//! statement; so a job that promises never to fail once it has written goes without, and takes the
//! group with it when it breaks its word.
//!
//! The writer has a thread of its own: a commit waits for the disk, and no statement of a job has to
//! change threads.
//!
//! Another process may write to the same file, the command line for one: `BEGIN IMMEDIATE` takes
//! the write lock at once and waits for it as long as the busy timeout says.

use rusqlite::Connection;
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
};

use super::{
    open::SqliteFile,
    tx::{BoxFuture, Conn, Payload, Tx},
};
use crate::store::StoreError;

/// The most jobs that share a commit: bounds how long the first of them waits.
const LARGEST_GROUP: usize = 64;

/// The most jobs that wait; who comes later waits for a place.
const QUEUE: usize = 1024;

/// Opens the transaction.
const BEGIN: &str = "BEGIN IMMEDIATE";
/// Opens the first savepoint of a transaction.
const SAVE: &str = "SAVEPOINT job";
/// Moves the savepoint to here.
const MOVE: &str = "RELEASE job; SAVEPOINT job";
/// Undoes a job; its savepoint stays open and serves the next.
const UNDO: &str = "ROLLBACK TO job";
/// Undoes a job before which nothing was written.
const RESTART: &str = "ROLLBACK; BEGIN IMMEDIATE";
/// Makes the group durable.
const COMMIT: &str = "COMMIT";

/// How far back the writer can go when a job fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Undo {
    /// To where the job began.
    Savepoint,
    /// To where its group began: the job does not fail once it has written.
    Group,
}

/// What a job leaves in the transaction.
enum Verdict {
    /// It wrote nothing, whether it failed or not.
    Nothing,
    /// It wrote, and that stays.
    Keep,
    /// It failed, and may have written.
    Undo,
}

/// Where the open transaction could go back to.
#[derive(Clone, Copy)]
enum Savepoint {
    /// To its beginning: nothing was written so far.
    Beginning,
    /// Nowhere: something was written, and no savepoint is open.
    Missing,
    /// To before something that was kept.
    Passed,
    /// To here.
    Here,
}

/// A write that waits for its turn and then for its commit.
trait Job: Send {
    /// What the writer must be able to undo.
    fn undo(&self) -> Undo;
    /// Does the work.
    fn run<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Verdict>;
    /// Tells the caller, after the commit or its failure.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

/// What a job came to, or what its panic carried.
type Outcome<T, E> = Result<Result<T, E>, Payload>;

/// A caller's closure, its outcome once it ran, and the caller's ear.
struct Call<F, T, E> {
    work: Option<F>,
    undo: Undo,
    outcome: Option<Outcome<T, E>>,
    caller: oneshot::Sender<Outcome<T, E>>,
}

impl<F, T, E> Job for Call<F, T, E>
where
    F: for<'a, 'c> FnOnce(&'a mut Tx<'c>) -> BoxFuture<'a, Result<T, E>> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn undo(&self) -> Undo {
        self.undo
    }

    fn run<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Verdict> {
        Box::pin(async move {
            let Some(work) = self.work.take() else { return Verdict::Nothing };
            let outcome = self.outcome.insert(tx.perform(work).await);
            match (tx.is_marked(), outcome) {
                (false, _) => Verdict::Nothing,
                (true, Ok(Ok(_))) => Verdict::Keep,
                (true, Ok(Err(_)) | Err(_)) => Verdict::Undo,
            }
        })
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let outcome = match (self.outcome, committed) {
            (Some(Err(payload)), _) => Err(payload),
            (Some(outcome), Ok(())) => outcome,
            (_, Err(error)) => Ok(Err(error.into())),
            (None, Ok(())) => Ok(Err(lost().into())),
        };
        // A caller that went away wants no answer; its write stands all the same.
        self.caller.send(outcome).ok();
    }
}

enum Message {
    Job(Box<dyn Job>),
    Close(oneshot::Sender<()>),
}

/// The way to the writer.
#[derive(Debug, Clone)]
pub struct Queue(mpsc::Sender<Message>);

impl Queue {
    /// Starts the writer on an open connection; `file` opens the next one after a failure.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the system has no thread for it.
    pub(super) fn start(conn: Connection, file: SqliteFile) -> Result<Self, StoreError> {
        let (sender, inbox) = mpsc::channel(QUEUE);
        let runtime = Handle::current();
        let writer = Writer { conn: Some(conn), file, runtime, inbox, closing: Vec::new() };
        let thread = std::thread::Builder::new().name("sqlite-writer".to_owned());
        thread
            .spawn(move || writer.run())
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(Self(sender))
    }

    /// Runs `work` in the next group and waits until it is durable.
    pub(super) async fn write<F, T, E>(&self, work: F, undo: Undo) -> Result<T, E>
    where
        F: for<'a, 'c> FnOnce(&'a mut Tx<'c>) -> BoxFuture<'a, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let call = Call { work: Some(work), undo, outcome: None, caller };
        if self.0.send(Message::Job(Box::new(call))).await.is_err() {
            return Err(lost().into());
        }
        match answer.await {
            Ok(Ok(result)) => result,
            Ok(Err(payload)) => std::panic::resume_unwind(payload),
            Err(_) => Err(lost().into()),
        }
    }

    /// Takes no more jobs, finishes those that wait, and closes the file.
    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.0.send(Message::Close(done)).await.is_ok() {
            // An error here says that the writer is gone already.
            closed.await.ok();
        }
    }
}

fn lost() -> StoreError {
    StoreError::Unavailable("the database is being closed".to_owned())
}

struct Writer {
    /// `None` after a failure, until the next group opens another.
    conn: Option<Connection>,
    file: SqliteFile,
    /// Where the jobs came from, should one wait for something that lives there.
    runtime: Handle,
    inbox: mpsc::Receiver<Message>,
    closing: Vec<oneshot::Sender<()>>,
}

impl Writer {
    fn run(mut self) {
        while let Some(message) = self.inbox.blocking_recv() {
            if let Some(first) = self.job_of(message) {
                self.group(first);
            }
        }
        self.disconnect();
        for done in self.closing {
            done.send(()).ok();
        }
    }

    fn job_of(&mut self, message: Message) -> Option<Box<dyn Job>> {
        match message {
            Message::Job(job) => Some(job),
            Message::Close(done) => {
                self.inbox.close();
                self.closing.push(done);
                None
            }
        }
    }

    fn waiting_job(&mut self) -> Option<Box<dyn Job>> {
        let message = self.inbox.try_recv().ok()?;
        self.job_of(message)
    }

    /// One transaction: `first`, and what waits behind it.
    fn group(&mut self, first: Box<dyn Job>) {
        let mut ran = Vec::new();
        let committed = match self.begin() {
            Ok(conn) => {
                let (conn, outcome) = self.run_group(conn, first, &mut ran);
                self.conn = Some(conn);
                outcome
            }
            Err(error) => {
                // Who waits behind a database that cannot be written is told at once, instead of
                // one after the other when each has waited for the lock again.
                ran.push(first);
                while let Some(job) = self.waiting_job() {
                    ran.push(job);
                }
                Err(error)
            }
        };
        if committed.is_err() {
            // Closing rolls back whatever is still open, however the group failed.
            self.disconnect();
        }
        for job in ran {
            job.answer(committed.clone());
        }
    }

    fn begin(&mut self) -> Result<Connection, StoreError> {
        let conn = match self.conn.take() {
            Some(conn) => conn,
            None => self.file.writer()?,
        };
        match control(&conn, BEGIN) {
            Ok(()) => Ok(conn),
            Err(error) => {
                self.conn = Some(conn);
                Err(error)
            }
        }
    }

    fn run_group(
        &mut self,
        mut conn: Connection,
        first: Box<dyn Job>,
        ran: &mut Vec<Box<dyn Job>>,
    ) -> (Connection, Result<(), StoreError>) {
        let mut savepoint = Savepoint::Beginning;
        let mut next = Some(first);
        while let Some(job) = next {
            if let Err(error) = run_job(&self.runtime, &mut conn, job, &mut savepoint, ran) {
                return (conn, Err(error));
            }
            next = if ran.len() < LARGEST_GROUP { self.waiting_job() } else { None };
        }
        let committed = control(&conn, COMMIT);
        (conn, committed)
    }

    fn disconnect(&mut self) {
        if let Some(conn) = self.conn.take() {
            // There is nothing left to do for a connection that cannot even be closed.
            conn.close().ok();
        }
    }
}

/// Runs one job of a group, and undoes it if it failed. An error ends the group.
fn run_job(
    runtime: &Handle,
    conn: &mut Connection,
    mut job: Box<dyn Job>,
    savepoint: &mut Savepoint,
    ran: &mut Vec<Box<dyn Job>>,
) -> Result<(), StoreError> {
    let saved = match (job.undo(), *savepoint) {
        (Undo::Group, _) | (Undo::Savepoint, Savepoint::Beginning | Savepoint::Here) => Ok(()),
        (Undo::Savepoint, Savepoint::Missing) => control(conn, SAVE),
        (Undo::Savepoint, Savepoint::Passed) => control(conn, MOVE),
    };
    if saved.is_err() {
        // The job did not run; it fails with the others.
        ran.push(job);
        return saved;
    }
    if job.undo() == Undo::Savepoint && !matches!(savepoint, Savepoint::Beginning) {
        *savepoint = Savepoint::Here;
    }
    let verdict = runtime.block_on(job.run(&mut Tx::new(Conn::Sqlite(conn))));
    ran.push(job);
    match (verdict, *savepoint) {
        (Verdict::Nothing, _) => Ok(()),
        (Verdict::Keep, Savepoint::Beginning | Savepoint::Missing) => {
            *savepoint = Savepoint::Missing;
            Ok(())
        }
        (Verdict::Keep, Savepoint::Passed | Savepoint::Here) => {
            *savepoint = Savepoint::Passed;
            Ok(())
        }
        // Either statement fails when the engine ended the transaction by itself, as it does when
        // the disk is full.
        (Verdict::Undo, Savepoint::Beginning) => control(conn, RESTART),
        (Verdict::Undo, Savepoint::Here) => control(conn, UNDO),
        (Verdict::Undo, Savepoint::Missing | Savepoint::Passed) => Err(StoreError::Unavailable(
            "a write failed that shares its commit with others".to_owned(),
        )),
    }
}

/// Runs a statement that steers the transaction.
fn control(conn: &Connection, sql: &'static str) -> Result<(), StoreError> {
    Ok(conn.execute_batch(sql)?)
}
