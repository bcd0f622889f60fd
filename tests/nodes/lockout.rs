//! Guesses at one password, at once on both nodes. LOCK-03.

use std::time::Duration;

use http::HeaderName;
use tokio::{task::JoinSet, time::Instant};

use crate::{
    guess::guess,
    pair::Pair,
    process::{credentials::USER, http::Call},
};

/// Guesses at the same moment, and in all.
const AT_ONCE: usize = 50;
const GUESSES: usize = 1_000;
/// Wrong passwords in a row before each further one must wait.
const FREE: usize = 5;
/// The first wait; each is twice the one before.
const FIRST_WAIT: Duration = Duration::from_secs(15);

/// The request as a proxy passes it on from `address`.
fn from(call: Call, address: &str) -> Call {
    call.with(HeaderName::from_static("x-forwarded-for"), address.parse().unwrap())
}

/// LOCK-03: of a thousand guesses at once no more are judged than of a thousand in a row: five, and one
/// after each wait. Neither the right password nor another node helps meanwhile, and others sign in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lock_03_a_thousand_guesses_on_two_nodes_are_judged_as_one_after_another() {
    // Every guess from an address of its own: the limits of an address do not help.
    let pair = Pair::start_with(&[("DOORWARD_PROXY_TRUSTED", "127.0.0.0/8")]).await;
    pair.nodes[0].create_user().unwrap();
    let arguments = ["user", "create", "bob", "--password-stdin"];
    pair.nodes[1].run(&arguments, USER.password).unwrap();
    let mut first = pair.connect(0).await;
    let wrong = guess(&pair.target, &mut first, USER.username, "a wrong password").await;
    let right = guess(&pair.target, &mut first, USER.username, USER.password).await;
    let begun = Instant::now();
    let mut guessers = JoinSet::new();
    for (guesser, mut connection) in pair.connections(AT_ONCE).await.into_iter().enumerate() {
        let call = wrong.clone();
        guessers.spawn(async move {
            let mut statuses = Vec::new();
            for number in 0..GUESSES / AT_ONCE {
                let call = from(call.clone(), &format!("10.0.{guesser}.{number}"));
                statuses.push(connection.send(&call).await.unwrap().status);
            }
            statuses
        });
    }
    let statuses = guessers.join_all().await.concat();
    let mut second = pair.connect(1).await;
    let refused = second.send(&from(right, "10.1.0.1")).await.unwrap().status;
    // How many guesses the waits that can have passed allow.
    let mut allowed = FREE;
    let mut wait = FIRST_WAIT;
    let mut passed = wait;
    while begun.elapsed() > passed {
        allowed += 1;
        wait *= 2;
        passed += wait;
    }
    let count = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count();
    let judged = count(422);
    assert!((FREE..=allowed).contains(&judged), "{judged} guesses were judged, not {allowed}");
    // A pool that is full says so before it counts a guess.
    assert_eq!(judged + count(429) + count(503), GUESSES, "{statuses:?}");
    assert!(allowed > FREE || refused == 429, "{refused}");

    let bob = guess(&pair.target, &mut second, "bob", USER.password).await;
    assert_eq!(second.send(&from(bob, "10.1.0.2")).await.unwrap().status, 303);
}
