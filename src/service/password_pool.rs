//! The threads that hash passwords. Nothing else in the process computes Argon2.
//!
//! A hash takes some 20 ms of a core and 19 MiB, so that a flood of sign-ins is a flood of work. It is
//! kept away from the async threads and bounded: a fixed number of threads, each with memory of its own,
//! and a queue of at most two seconds of work. What does not fit is refused before any hashing, with
//! the time after which to come back.
//!
//! A place in the queue belongs to the job, not to the connection: when the caller goes away, the place
//! stays taken until a thread gets to it. Such a job is then dropped without hashing.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{oneshot, watch};

use crate::identity::password::hash::{self, HashError};
use crate::identity::password::{
    Argon2Params, Memory, NewPassword, PasswordHash, PresentedPassword, Verification,
};

/// A thread without work for this long gives its memory back.
const IDLE: Duration = Duration::from_secs(10);

/// How far hashing steps back: where there are not cores enough, it gets a quarter of what another thread
/// gets.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 6;

/// The size of the pool.
#[derive(Debug, Clone, Copy)]
pub struct PasswordPoolConfig {
    /// How many hashes are computed at once.
    pub threads: NonZeroUsize,
    /// The cost of new hashes, and of the dummy.
    pub params: Argon2Params,
    /// The time that one hash takes.
    pub hash_time: HashTime,
    /// The longest that a job may wait in the queue.
    pub longest_wait: Duration,
}

/// How the pool knows what a hash costs, and so how many may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashTime {
    /// It measures each hash, and goes by the latest ones. A start costs no hash for it.
    Measured,
    /// It is told.
    Fixed(Duration),
}

impl HashTime {
    /// What is assumed before the first hash: that of a machine of some years ago.
    const ASSUMED: Duration = Duration::from_millis(25);

    const fn at_first(self) -> Duration {
        match self {
            Self::Measured => Self::ASSUMED,
            Self::Fixed(time) => time,
        }
    }
}

impl PasswordPoolConfig {
    /// The longest that anybody should look at a sign-in page that does not answer.
    pub const LONGEST_WAIT: Duration = Duration::from_secs(2);

    /// The jobs that wait no longer than the longest wait when a hash takes that long; at least one.
    fn capacity(&self, hash_time: Duration) -> usize {
        let each = hash_time.as_micros().max(1);
        let jobs = usize::try_from(self.longest_wait.as_micros() / each).unwrap_or(usize::MAX);
        jobs.saturating_mul(self.threads.get()).clamp(1, 100_000)
    }

    /// The time after which a full queue is empty, in whole seconds.
    fn retry_after(&self) -> Duration {
        let seconds = self.longest_wait.as_millis().div_ceil(1000).max(1);
        Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX))
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordPoolError {
    /// The queue is full; nothing was hashed. 503 with `Retry-After`.
    #[error("too many sign-ins at once")]
    Busy {
        /// Whole seconds, at least one.
        retry_after: Duration,
    },
    /// The pool is closed.
    #[error("the server is shutting down")]
    Closed,
    /// The hash could not be computed.
    #[error("hashing failed")]
    Failed,
}

impl From<HashError> for PasswordPoolError {
    fn from(_: HashError) -> Self {
        Self::Failed
    }
}

/// The pool. Clones are handles to the same one; the threads end when the last handle is dropped.
#[derive(Debug, Clone)]
pub struct PasswordPool {
    shared: Arc<Shared>,
    dummy: PasswordHash,
    config: PasswordPoolConfig,
    /// Closes the queue with the last handle.
    _closer: Arc<Closer>,
}

type Reply<T> = oneshot::Sender<Result<T, HashError>>;

enum Job {
    Hash(PresentedPassword, [u8; 16], Reply<PasswordHash>),
    Verify(PresentedPassword, PasswordHash, Reply<Verification>),
    /// Keeps the thread busy: says so, then waits for the word.
    #[cfg(test)]
    Hold(oneshot::Sender<()>, std::sync::mpsc::Receiver<()>),
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    work: Condvar,
    hashes: AtomicU64,
    /// The time that a hash takes by now, in microseconds.
    hash_time: AtomicU64,
    threads: watch::Sender<usize>,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    closed: bool,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue")
            .field("jobs", &self.jobs.len())
            .field("closed", &self.closed)
            .finish()
    }
}

impl PasswordPool {
    /// Starts the threads.
    ///
    /// # Errors
    /// The operating system's, when it gives no thread.
    pub fn start(config: PasswordPoolConfig) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            work: Condvar::new(),
            hashes: AtomicU64::new(0),
            hash_time: AtomicU64::new(micros(config.hash_time.at_first())),
            threads: watch::Sender::new(0),
        });
        // Made first: if a thread cannot be had, dropping it ends those that were.
        let closer = Arc::new(Closer(Arc::clone(&shared)));
        let dummy = PasswordHash::dummy(config.params).map_err(std::io::Error::other)?;
        for number in 0..config.threads.get() {
            let presence = Presence::new(&shared);
            std::thread::Builder::new()
                .name(format!("password-{number}"))
                .spawn(move || work(&presence.0, config))?;
        }
        Ok(Self { shared, dummy, config, _closer: closer })
    }

    /// Compares `password` with `stored`. `None` stands for a user who does not exist or has no
    /// password: the answer is [`Verification::Wrong`], after a hash of the same cost.
    ///
    /// # Errors
    /// [`PasswordPoolError`].
    pub async fn verify(
        &self,
        password: PresentedPassword,
        stored: Option<PasswordHash>,
    ) -> Result<Verification, PasswordPoolError> {
        let exists = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.dummy.clone());
        let (reply, answer) = oneshot::channel();
        self.submit(Job::Verify(password, stored, reply))?;
        let verification = answer.await.map_err(|_| PasswordPoolError::Failed)??;
        Ok(if exists { verification } else { Verification::Wrong })
    }

    /// Hashes a new password with 16 random bytes of `salt`.
    ///
    /// # Errors
    /// [`PasswordPoolError`].
    pub async fn hash(
        &self,
        password: NewPassword,
        salt: [u8; 16],
    ) -> Result<PasswordHash, PasswordPoolError> {
        self.rehash(password.into_presented(), salt).await
    }

    /// Hashes a password that was just verified, when its hash has another cost than today's. Do this
    /// after the answer was sent, or the time of the answer tells who has an old hash.
    ///
    /// # Errors
    /// [`PasswordPoolError`].
    pub async fn rehash(
        &self,
        password: PresentedPassword,
        salt: [u8; 16],
    ) -> Result<PasswordHash, PasswordPoolError> {
        let (reply, answer) = oneshot::channel();
        self.submit(Job::Hash(password, salt, reply))?;
        Ok(answer.await.map_err(|_| PasswordPoolError::Failed)??)
    }

    /// How many hashes were computed since the start.
    #[must_use]
    pub fn hashes_computed(&self) -> u64 {
        self.shared.hashes.load(Ordering::Relaxed)
    }

    /// How many jobs wait for a thread.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.shared.lock().jobs.len()
    }

    /// How many jobs may wait for a thread.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.config.capacity(Duration::from_micros(self.shared.hash_time.load(Ordering::Relaxed)))
    }

    /// Takes no more jobs, finishes those that wait, and returns when the threads have ended.
    pub async fn shutdown(&self) {
        self.shared.close();
        let mut threads = self.shared.threads.subscribe();
        // The sender lives in `shared`, so that this fails never.
        let _ended = threads.wait_for(|running| *running == 0).await;
    }

    /// Whether a job would find room at this moment. Ask before anything is done for one, and a flood
    /// that is sent away costs nothing.
    ///
    /// # Errors
    /// [`PasswordPoolError::Busy`] and [`PasswordPoolError::Closed`], as the job would get them.
    pub fn has_room(&self) -> Result<(), PasswordPoolError> {
        self.room_in(&self.shared.lock())
    }

    fn room_in(&self, queue: &Queue) -> Result<(), PasswordPoolError> {
        if queue.closed {
            return Err(PasswordPoolError::Closed);
        }
        if queue.jobs.len() >= self.capacity() {
            return Err(PasswordPoolError::Busy { retry_after: self.config.retry_after() });
        }
        Ok(())
    }

    fn submit(&self, job: Job) -> Result<(), PasswordPoolError> {
        let mut queue = self.shared.lock();
        self.room_in(&queue)?;
        queue.jobs.push_back(job);
        drop(queue);
        self.shared.work.notify_one();
        Ok(())
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl Shared {
    /// A panic elsewhere leaves the queue as it was: there is nothing half done in it.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Computes one hash, and moves the time that a hash takes an eighth of the way to this one's.
    fn hash<T>(&self, hash_time: HashTime, compute: impl FnOnce() -> T) -> T {
        self.hashes.fetch_add(1, Ordering::Relaxed);
        match hash_time {
            HashTime::Fixed(_) => compute(),
            HashTime::Measured => {
                #[expect(clippy::disallowed_methods, reason = "how many may wait is measured")]
                let start = std::time::Instant::now();
                let computed = compute();
                let (taken, known) = (micros(start.elapsed()), &self.hash_time);
                // Where two threads write at once, one of two good guesses stands.
                known.store((known.load(Ordering::Relaxed) * 7 + taken) / 8, Ordering::Relaxed);
                computed
            }
        }
    }

    fn close(&self) {
        self.lock().closed = true;
        self.work.notify_all();
    }

    /// The next job; `None` when there was none for a while.
    fn next(&self) -> Next {
        let mut queue = self.lock();
        loop {
            if let Some(job) = queue.jobs.pop_front() {
                return Next::Job(job);
            }
            if queue.closed {
                return Next::Closed;
            }
            let waited =
                self.work.wait_timeout(queue, IDLE).unwrap_or_else(PoisonError::into_inner);
            queue = waited.0;
            if waited.1.timed_out() && queue.jobs.is_empty() && !queue.closed {
                return Next::Idle;
            }
        }
    }
}

enum Next {
    Job(Job),
    Idle,
    Closed,
}

/// Steps back behind the threads that answer requests. They are given a core at once when they want one,
/// so that every core may hash and a flood of sign-ins slows nothing else down.
///
/// It is a wish: a thread that keeps its priority hashes just as well.
#[cfg(target_os = "linux")]
fn give_way() {
    // On Linux a priority is a thread's own.
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::debug!(%error, "the threads that hash passwords keep their priority");
    }
}

/// Elsewhere it would be the priority of the whole process.
#[cfg(not(target_os = "linux"))]
const fn give_way() {}

/// The life of a thread.
fn work(shared: &Shared, config: PasswordPoolConfig) {
    give_way();
    let mut memory = Memory::for_params(config.params);
    loop {
        match shared.next() {
            Next::Job(job) => {
                // A panic drops the reply, which fails that caller alone, and the thread goes on.
                let done = catch_unwind(AssertUnwindSafe(|| job.run(shared, config, &mut memory)));
                if done.is_err() {
                    memory.release();
                }
            }
            Next::Idle => memory.release(),
            Next::Closed => return,
        }
    }
}

impl Job {
    /// Computes the hash and answers, unless nobody waits for the answer any more.
    fn run(self, shared: &Shared, config: PasswordPoolConfig, memory: &mut Memory) {
        let PasswordPoolConfig { params, hash_time, .. } = config;
        match self {
            Self::Hash(password, salt, reply) => {
                if !reply.is_closed() {
                    let compute = || hash::hash(&password, salt, params, memory);
                    // The caller may have gone meanwhile.
                    let _gone = reply.send(shared.hash(hash_time, compute));
                }
            }
            Self::Verify(password, stored, reply) => {
                if !reply.is_closed() {
                    let compute = || hash::verify(&password, &stored, params, memory);
                    let _gone = reply.send(shared.hash(hash_time, compute));
                }
            }
            #[cfg(test)]
            Self::Hold(held, word) => {
                let _gone = (held.send(()), word.recv());
            }
        }
    }
}

/// Closes the queue when the last handle of the pool is dropped.
#[derive(Debug)]
struct Closer(Arc<Shared>);

impl Drop for Closer {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Counts a thread as running for as long as it lives.
struct Presence(Arc<Shared>);

impl Presence {
    fn new(shared: &Arc<Shared>) -> Self {
        shared.threads.send_modify(|running| *running += 1);
        Self(Arc::clone(shared))
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.0.threads.send_modify(|running| *running = running.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests;
