//! Tests of the password pool. The one thread is held while a test fills the queue: nothing sleeps.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::*;
use crate::types::Secret;

/// A pool of one thread whose queue holds `places`.
fn pool(places: u64) -> PasswordPool {
    PasswordPool::start(PasswordPoolConfig {
        threads: NonZeroUsize::MIN,
        params: Argon2Params::FLOOR,
        hash_time: HashTime::Fixed(Duration::from_millis(2_000 / places)),
        longest_wait: PasswordPoolConfig::LONGEST_WAIT,
    })
    .unwrap()
}

fn password(text: &str) -> PresentedPassword {
    PresentedPassword::parse(Secret::new(text.to_owned())).unwrap()
}

/// Polls once: the job is in the queue afterwards, or the answer is there.
fn poll<F: Future>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// Holds the one thread until the returned sender is used or dropped.
async fn hold(pool: &PasswordPool) -> std::sync::mpsc::Sender<()> {
    let ((taken, is_taken), (release, word)) = (oneshot::channel(), std::sync::mpsc::channel());
    pool.submit(Job::Hold(taken, word)).unwrap();
    is_taken.await.unwrap();
    release
}

#[tokio::test]
async fn a_password_verifies_against_its_hash() {
    let pool = pool(10);
    let new = NewPassword::parse(Secret::new("tulip gravel ottoman".to_owned()), &[]).unwrap();
    let stored = pool.hash(new, [3; 16]).await.unwrap();
    let verify = |text: &str| pool.verify(password(text), Some(stored.clone()));
    let right = verify("tulip gravel ottoman").await;
    assert_eq!(right, Ok(Verification::Verified { needs_rehash: false }));
    assert_eq!(verify("tulip").await, Ok(Verification::Wrong));
    assert_eq!(pool.hashes_computed(), 3);
}

/// ENUM-02: an unknown user costs one hash, like any other.
#[tokio::test]
async fn an_unknown_user_costs_one_hash() {
    let pool = pool(10);
    assert_eq!(pool.verify(password("x"), None).await, Ok(Verification::Wrong));
    assert_eq!(pool.hashes_computed(), 1);
}

/// FLOOD-01: what does not fit is refused before hashing.
#[tokio::test]
async fn overload_is_shed_before_hashing() {
    let pool = pool(4);
    assert_eq!(pool.capacity(), 4);
    let release = hold(&pool).await;
    let mut accepted = Vec::new();
    for number in 0..40 {
        let mut call = Box::pin(pool.verify(password("x"), None));
        match poll(&mut call) {
            Poll::Pending => accepted.push(call),
            Poll::Ready(answer) => {
                let retry_after = Duration::from_secs(2);
                assert_eq!(answer, Err(PasswordPoolError::Busy { retry_after }), "{number}");
            }
        }
    }
    assert_eq!((accepted.len(), pool.waiting(), pool.hashes_computed()), (4, 4, 0));
    assert!(matches!(pool.has_room(), Err(PasswordPoolError::Busy { .. })));
    drop(release);
    for call in accepted {
        assert_eq!(call.await, Ok(Verification::Wrong));
    }
    assert_eq!(pool.hashes_computed(), 4);
    // FLOOD-06: all is well again at once.
    assert_eq!(pool.waiting(), 0);
    assert!(pool.verify(password("x"), None).await.is_ok());
}

/// FLOOD-02: a caller that goes away neither frees its place early nor leaks it, and costs no hash.
#[tokio::test]
async fn dropped_callers_keep_their_place_and_leak_nothing() {
    let pool = pool(3);
    let release = hold(&pool).await;
    for _ in 0..3 {
        let mut call = Box::pin(pool.verify(password("x"), None));
        assert!(poll(&mut call).is_pending());
        drop(call);
    }
    assert_eq!(pool.waiting(), 3);
    let refused = pool.verify(password("x"), None).await;
    assert!(matches!(refused, Err(PasswordPoolError::Busy { .. })));
    drop(release);
    pool.shutdown().await;
    assert_eq!((pool.waiting(), pool.hashes_computed()), (0, 0));
}

/// Of two callers, only the one that is still there costs a hash.
#[tokio::test]
async fn hashes_are_counted_exactly() {
    let pool = pool(50);
    let release = hold(&pool).await;
    let mut calls: Vec<_> = (0..20).map(|_| Box::pin(pool.verify(password("x"), None))).collect();
    for call in &mut calls {
        assert!(poll(call).is_pending());
    }
    let left = calls.split_off(10);
    drop(calls);
    drop(release);
    for call in left {
        assert_eq!(call.await, Ok(Verification::Wrong));
    }
    assert_eq!((pool.waiting(), pool.hashes_computed()), (0, 10));
}

#[tokio::test]
async fn shutdown_finishes_what_waits_and_takes_no_more() {
    let pool = pool(10);
    let release = hold(&pool).await;
    let mut calls: Vec<_> = (0..3).map(|_| Box::pin(pool.verify(password("x"), None))).collect();
    for call in &mut calls {
        assert!(poll(call).is_pending());
    }
    let mut shutdown = Box::pin(pool.shutdown());
    assert!(poll(&mut shutdown).is_pending());
    assert_eq!(pool.verify(password("x"), None).await, Err(PasswordPoolError::Closed));
    drop(release);
    shutdown.await;
    for call in calls {
        assert_eq!(call.await, Ok(Verification::Wrong));
    }
    assert_eq!(pool.hashes_computed(), 3);
    assert_eq!(pool.verify(password("x"), None).await, Err(PasswordPoolError::Closed));
    pool.shutdown().await;
}

#[tokio::test]
async fn the_threads_end_with_the_last_handle() {
    let pool = pool(10);
    let mut threads = pool.shared.threads.subscribe();
    let clone = pool.clone();
    drop(pool);
    assert!(clone.verify(password("x"), None).await.is_ok());
    drop(clone);
    // Either the count reaches zero, or the sender is gone with the last thread.
    let _ = threads.wait_for(|running| *running == 0).await;
}

#[test]
fn capacity_is_the_longest_wait() {
    let capacity = |threads, millis| {
        let hash_time = Duration::from_millis(millis);
        let config = PasswordPoolConfig {
            threads: NonZeroUsize::new(threads).unwrap(),
            params: Argon2Params::FLOOR,
            hash_time: HashTime::Fixed(hash_time),
            longest_wait: PasswordPoolConfig::LONGEST_WAIT,
        };
        config.capacity(hash_time)
    };
    assert_eq!(capacity(2, 20), 200);
    assert_eq!(capacity(1, 20), 100);
    assert_eq!(capacity(1, 5_000), 1);
    assert_eq!(capacity(2, 0), 100_000);
}

/// Nobody has hashed when the pool starts: it assumes 25 ms, and knows better with the first hash.
#[tokio::test]
async fn the_time_of_a_hash_is_that_of_the_latest_ones() {
    let config = PasswordPoolConfig {
        threads: NonZeroUsize::MIN,
        params: Argon2Params::FLOOR,
        hash_time: HashTime::Measured,
        longest_wait: PasswordPoolConfig::LONGEST_WAIT,
    };
    let pool = PasswordPool::start(config).unwrap();
    assert_eq!(pool.capacity(), 80);
    assert_eq!(pool.verify(password("x"), None).await, Ok(Verification::Wrong));
    assert_ne!(pool.shared.hash_time.load(Ordering::Relaxed), 25_000);
    let fixed = self::pool(80);
    assert_eq!(fixed.verify(password("x"), None).await, Ok(Verification::Wrong));
    assert_eq!(fixed.shared.hash_time.load(Ordering::Relaxed), 25_000);
}

#[test]
fn nothing_is_shown() {
    let pool = pool(10);
    let shown = format!("{pool:?}");
    assert!(!shown.contains("$argon2id"), "{shown}");
}

#[cfg(target_os = "linux")]
#[test]
fn flood_03_hashing_gives_way_to_requests() {
    use rustix::process::getpriority_process;
    let own = getpriority_process(None).unwrap();
    let hashing = std::thread::spawn(|| {
        give_way();
        getpriority_process(None).unwrap()
    });
    assert_eq!(hashing.join().unwrap(), (own + NICENESS).min(19));
    assert_eq!(getpriority_process(None).unwrap(), own, "the others keep theirs");
}
