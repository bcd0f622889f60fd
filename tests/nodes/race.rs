//! One code and one refresh token, presented many times at once on two nodes. RFC 6749 §4.1.2,
//! RFC 9700 §4.14.

use std::{collections::BTreeSet, time::Duration};

use tokio::{task::JoinSet, time::Instant};

use crate::{
    pair::{Pair, json, rounds, userinfo, within},
    process::{
        http::{Answer, Call, Connection},
        sign_in::{self, Browser},
    },
};

/// Sends `call` on all connections at once.
async fn at_once(connections: &mut Vec<Connection>, call: &Call) -> Vec<Answer> {
    let mut requests = JoinSet::new();
    for mut connection in connections.drain(..) {
        let call = call.clone();
        requests.spawn(async move {
            let answer = connection.send(&call).await.unwrap();
            (connection, answer)
        });
    }
    let mut answers = Vec::new();
    while let Some(done) = requests.join_next().await {
        let (connection, answer) = done.unwrap();
        connections.push(connection);
        answers.push(answer);
    }
    answers
}

/// Exactly one redemption succeeds; the others are valid replays, so what the winner got dies with
/// them, on both nodes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn race_01_one_code_is_redeemed_once_on_two_nodes() {
    let pair = Pair::start().await;
    pair.nodes[0].create_user().unwrap();
    let app = pair.nodes[0].create_client("web", &["--access-token-format", "opaque"]).unwrap();
    let mut browser = Browser::default();
    let (mut first, mut second) = (pair.connect(0).await, pair.connect(1).await);
    let mut connections = pair.connections(16).await;
    for round in 0..rounds(100) {
        let code = pair.code(&mut browser, &mut first, &app).await;
        let call = sign_in::redemption(&pair.target, &app, &code).unwrap();
        let answers = at_once(&mut connections, &call).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|a| a.status == 200);
        assert_eq!(won.len(), 1, "round {round}: {answers:?}");
        for answer in lost {
            assert_eq!(answer.status, 400, "round {round}: {answer:?}");
            assert_eq!(json(answer)["error"], "invalid_grant");
        }
        let token = sign_in::tokens(won[0]).unwrap().access_token;
        let (limit, now) = (Duration::from_secs(1), Instant::now());
        within(limit, now, async || userinfo(&mut first, &token).await == 401).await;
        within(limit, now, async || userinfo(&mut second, &token).await == 401).await;
    }
}

/// Of many refreshes at once there is one successor: who comes second is a retry and gets the same.
/// The chain goes on with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn race_03_one_refresh_token_has_one_successor_on_two_nodes() {
    let pair = Pair::start().await;
    pair.nodes[0].create_user().unwrap();
    let app = pair.nodes[0].create_client("spa", &["--access-token-format", "opaque"]).unwrap();
    let mut browser = Browser::default();
    let (mut first, mut second) = (pair.connect(0).await, pair.connect(1).await);
    let tokens = pair.grant(&mut browser, &mut first, &app).await;
    let mut refresh = tokens.refresh_token.unwrap();
    let mut connections = pair.connections(8).await;
    for round in 0..rounds(100) {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        let call = sign_in::token_request(&pair.target, &app, &fields).unwrap();
        let answers = at_once(&mut connections, &call).await;
        let tokens: Vec<_> = answers
            .iter()
            .map(|answer| sign_in::tokens(answer).unwrap_or_else(|e| panic!("round {round}: {e}")))
            .collect();
        let successors: BTreeSet<_> = tokens.iter().map(|t| t.refresh_token.clone()).collect();
        assert_eq!(successors.len(), 1, "round {round}: {answers:?}");
        let successor = successors.into_iter().next().flatten().unwrap();
        assert_ne!(successor, refresh);
        refresh = successor;
        let last = &tokens[tokens.len() - 1].access_token;
        assert_eq!(userinfo(&mut first, last).await, 403);
        assert_eq!(userinfo(&mut second, last).await, 403);
    }
}
