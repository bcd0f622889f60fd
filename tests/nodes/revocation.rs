//! What one node takes back, the other stops honouring within a second.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    pair::{Pair, is_active, json, revoke, userinfo, within},
    process::{
        credentials::USER,
        http::{Call, Connection},
        sign_in::{self, Browser},
    },
};

/// The figure of the design.
const SECOND: Duration = Duration::from_secs(1);
/// Tokens of each kind.
const TOKENS: usize = 10;

/// Opaque or JWT, of a client or of a user: gone at once where it was revoked, and within a second on
/// the other node, which had just looked at it.
#[tokio::test]
async fn a_revoked_token_is_dead_on_the_other_node_within_a_second() {
    let pair = Pair::start().await;
    pair.nodes[0].create_user().unwrap();
    let (mut first, mut second) = (pair.connect(0).await, pair.connect(1).await);
    for format in ["opaque", "jwt"] {
        let flags = ["--access-token-format", format];
        let machine = pair.nodes[0].create_client("machine", &flags).unwrap();
        for _ in 0..TOKENS {
            let token = pair.own_token(&mut first, &machine).await;
            assert!(is_active(&mut first, &machine, &token).await);
            assert!(is_active(&mut second, &machine, &token).await);
            revoke(&mut first, &machine, &token).await;
            let revoked = Instant::now();
            assert!(!is_active(&mut first, &machine, &token).await);
            within(SECOND, revoked, async || !is_active(&mut second, &machine, &token).await).await;
        }
    }
}

/// A refresh token takes every access token of its grant with it. RFC 7009 §2.1.
#[tokio::test]
async fn a_revoked_grant_is_dead_on_the_other_node_within_a_second() {
    let pair = Pair::start().await;
    pair.nodes[0].create_user().unwrap();
    let app = pair.nodes[0].create_client("web", &[]).unwrap();
    let mut browser = Browser::default();
    let (mut first, mut second) = (pair.connect(0).await, pair.connect(1).await);
    for _ in 0..TOKENS {
        let tokens = pair.grant(&mut browser, &mut first, &app).await;
        let refresh = tokens.refresh_token.unwrap();
        assert_eq!(userinfo(&mut second, &tokens.access_token).await, 403);
        revoke(&mut first, &app, &refresh).await;
        let revoked = Instant::now();
        assert_eq!(userinfo(&mut first, &tokens.access_token).await, 401);
        let token = &tokens.access_token;
        within(SECOND, revoked, async || userinfo(&mut second, token).await == 401).await;
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        let call = sign_in::token_request(&pair.target, &app, &fields).unwrap();
        let refused = second.send(&call).await.unwrap();
        assert_eq!(json(&refused)["error"], "invalid_grant");
    }
}

/// APIK-08: an API key that is revoked while it is used is dead on both nodes.
#[tokio::test]
async fn apik_08_a_revoked_api_key_is_dead_on_both_nodes_within_a_second() {
    const API: &str = "https://notes.example";
    let pair = Pair::start().await;
    let run = |arguments: &[&str]| pair.nodes[0].run(arguments, "").unwrap();
    pair.nodes[0].create_user().unwrap();
    run(&["api", "create", API, "--name", "Notes", "--permission", "notes:read=Read notes"]);
    run(&["role", "update", "user", "--permission", "notes:read"]);
    run(&["role", "grant", "user", "--user", USER.username]);
    let api = pair.nodes[0].create_client("machine", &["--audience", API]).unwrap();
    let mut nodes = [pair.connect(0).await, pair.connect(1).await];
    for _ in 0..TOKENS / 2 {
        let owner = ["--user", USER.username, "--name", "laptop", "--permission", "notes:read"];
        let made = run(&[&["api-key", "create"], &owner[..]].concat());
        let (id, text) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
        for node in &mut nodes {
            assert!(is_active(node, &api, text).await);
        }
        pair.nodes[1].run(&["api-key", "revoke", id, "--yes"], "").unwrap();
        let revoked = Instant::now();
        for node in &mut nodes {
            within(SECOND, revoked, async || !is_active(node, &api, text).await).await;
        }
    }
}

/// The command line is a third process beside the nodes: both hear of what it changed.
#[tokio::test]
async fn a_client_that_the_command_line_disables_stops_on_both_nodes() {
    let pair = Pair::start().await;
    let machine = pair.nodes[0].create_client("machine", &[]).unwrap();
    let mut nodes = [pair.connect(0).await, pair.connect(1).await];
    for _ in 0..3 {
        for node in &mut nodes {
            let allowed = async || asks_for_a_token(&pair, node, &machine).await == 200;
            within(SECOND, Instant::now(), allowed).await;
        }
        pair.nodes[1].run(&["client", "disable", &machine.id], "").unwrap();
        let disabled = Instant::now();
        for node in &mut nodes {
            let refused = async || asks_for_a_token(&pair, node, &machine).await == 401;
            within(SECOND, disabled, refused).await;
        }
        pair.nodes[0].run(&["client", "enable", &machine.id], "").unwrap();
    }
}

/// The status of the answer.
async fn asks_for_a_token(
    pair: &Pair,
    node: &mut Connection,
    machine: &crate::process::credentials::Client,
) -> u16 {
    let fields = [("grant_type", "client_credentials")];
    let call: Call = sign_in::token_request(&pair.target, machine, &fields).unwrap();
    node.send(&call).await.unwrap().status
}
