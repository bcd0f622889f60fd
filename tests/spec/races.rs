//! Requests that arrive at the same moment. Attack catalogue, 23.
//!
//! The two races that everything hangs on, one code and one refresh token, are run 1,000 times on one node;
//! over several nodes, which `tests/nodes` makes real processes, and for what is rarer, a part of that is
//! enough. `DOORWARD_RACE_ROUNDS` says another number.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use doorward::{
    protocol::{
        client::{ClientMetadata, TokenEndpointAuthMethod},
        jose::SigningAlg,
    },
    service::{
        account, client_registry,
        users::{self, NewUser, UserError},
    },
    types::{
        Secret,
        audit::{Action, Actor},
    },
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::actors::{
    Browser, Issuer, RelyingParty, Signer,
    clock::START,
    issuer::{ISSUER, PASSWORD, Registered, Reply, origin},
    relying_party::{machine, web_app},
};

#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says how long they may take")]
fn rounds() -> usize {
    let rounds = std::env::var("DOORWARD_RACE_ROUNDS").ok();
    rounds.map_or(1_000, |text| text.parse().expect("DOORWARD_RACE_ROUNDS is a number"))
}

/// What one of many senders does, on threads of their own.
#[derive(Clone)]
struct Attempt {
    nodes: Vec<Arc<Issuer>>,
    registered: Registered,
}

impl Attempt {
    fn new(nodes: Vec<Arc<Issuer>>, app: &RelyingParty<'_>) -> Self {
        Self { nodes, registered: app.registered.clone() }
    }

    /// Sends one form to the token endpoint `times` times at once, spread over the nodes.
    async fn at_once(&self, times: usize, fields: &[(&str, &str)]) -> Vec<Reply> {
        let mut senders = JoinSet::new();
        let gate = Arc::new(tokio::sync::Barrier::new(times));
        for number in 0..times {
            let node = Arc::clone(&self.nodes[number % self.nodes.len()]);
            let (registered, gate) = (self.registered.clone(), Arc::clone(&gate));
            let fields: Vec<(String, String)> =
                fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            senders.spawn(async move {
                let app = RelyingParty::known(&node, registered);
                let fields: Vec<(&str, &str)> =
                    fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
                let request = app.request("/token", &fields);
                let peer = fresh_peer();
                gate.wait().await;
                node.send_from(&peer, request).await
            });
        }
        senders.join_all().await
    }
}

/// An address of its own for each sender: what races here is not the limit of one network.
fn fresh_peer() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let [_, a, b, c] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    format!("10.{a}.{b}.{c}:40000")
}

async fn nodes(number: usize) -> Vec<Arc<Issuer>> {
    let first = Issuer::start().await;
    let mut nodes = Vec::with_capacity(number);
    for _ in 1..number {
        nodes.push(Arc::new(first.another_node().await));
    }
    nodes.insert(0, Arc::new(first));
    nodes
}

fn successes(replies: &[Reply]) -> Vec<Value> {
    replies.iter().filter(|reply| reply.status == 200).map(Reply::json).collect()
}

/// Every node has heard of what happened.
async fn settle(nodes: &[Arc<Issuer>]) {
    for node in nodes {
        node.wait(0).await;
    }
}

/// RACE-01: one code, sixteen redemptions: one success; the others are replays, and end its tokens.
async fn one_code(nodes: Vec<Arc<Issuer>>, rounds: usize) {
    let issuer = Arc::clone(&nodes[0]);
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let attempt = Attempt::new(nodes.clone(), &app);
    let mut browser = Browser::new(&issuer);
    for round in 0..rounds {
        let code = app.code(&mut browser, "alice").await;
        let replies = attempt
            .at_once(
                16,
                &[
                    ("grant_type", "authorization_code"),
                    ("code", &code),
                    ("redirect_uri", crate::actors::relying_party::CALLBACK),
                    ("code_verifier", crate::actors::relying_party::VERIFIER),
                ],
            )
            .await;
        let won = successes(&replies);
        assert_eq!(won.len(), 1, "round {round}");
        for lost in replies.iter().filter(|reply| reply.status != 200) {
            lost.is_invalid_grant();
        }
        settle(&nodes).await;
        let access = won[0]["access_token"].as_str().unwrap();
        for node in &nodes {
            assert_eq!(app.on(node).userinfo(access).await.status, 401, "round {round}");
        }
    }
    assert_eq!(issuer.audited(Action::CodeReused).await, rounds.min(1_000));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn race_01_one_code_on_one_node() {
    one_code(nodes(1).await, rounds()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn race_01_one_code_on_three_nodes() {
    one_code(nodes(3).await, rounds().div_ceil(5)).await;
}

/// RACE-03: one refresh token, eight refreshes: every one succeeds, with the same successor.
async fn one_refresh_token(nodes: Vec<Arc<Issuer>>, rounds: usize) {
    let issuer = Arc::clone(&nodes[0]);
    issuer.user("alice").await;
    let app = RelyingParty::public(&issuer).await.asking("openid offline_access");
    let attempt = Attempt::new(nodes, &app);
    let mut token = app.tokens("alice").await["refresh_token"].as_str().unwrap().to_owned();
    for round in 0..rounds {
        let replies =
            attempt.at_once(8, &[("grant_type", "refresh_token"), ("refresh_token", &token)]).await;
        let won = successes(&replies);
        assert_eq!(won.len(), 8, "round {round}: {replies:?}");
        let next = won[0]["refresh_token"].as_str().unwrap().to_owned();
        assert!(won.iter().all(|tokens| tokens["refresh_token"] == next.as_str()));
        assert_ne!(next, token);
        token = next;
    }
    assert_eq!(issuer.audited(Action::RefreshReused).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn race_03_one_refresh_token_on_one_node() {
    one_refresh_token(nodes(1).await, rounds()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn race_03_one_refresh_token_on_two_nodes() {
    one_refresh_token(nodes(2).await, rounds().div_ceil(5)).await;
}

/// RACE-03, RT-12: of 64 refreshes at once eleven succeed, with one successor; the rest are refused
/// without ending the family.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn race_03_more_refreshes_than_retries() {
    let nodes = nodes(2).await;
    let issuer = Arc::clone(&nodes[0]);
    issuer.user("alice").await;
    let app = RelyingParty::public(&issuer).await.asking("openid offline_access");
    let attempt = Attempt::new(nodes, &app);
    let mut token = app.tokens("alice").await["refresh_token"].as_str().unwrap().to_owned();
    for _ in 0..=rounds() / 200 {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
        let replies = attempt.at_once(64, &fields).await;
        let won = successes(&replies);
        assert_eq!(won.len(), 11);
        let next = won[0]["refresh_token"].as_str().unwrap().to_owned();
        assert!(won.iter().all(|tokens| tokens["refresh_token"] == next.as_str()));
        for lost in replies.iter().filter(|reply| reply.status != 200) {
            lost.is_invalid_grant();
        }
        token = next;
    }
}

/// RACE-04: a retry against the first use of the successor: either is in order, and one family lives
/// or none does.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn race_04_a_retry_against_the_successor() {
    let nodes = nodes(2).await;
    let issuer = Arc::clone(&nodes[0]);
    issuer.user("alice").await;
    let app = RelyingParty::public(&issuer).await.asking("openid offline_access");
    let attempt = Attempt::new(nodes.clone(), &app);
    for round in 0..=rounds() / 40 {
        let tokens = app.tokens("alice").await;
        let old = tokens["refresh_token"].as_str().unwrap().to_owned();
        let next = app.refresh(&old).await.granted()["refresh_token"].as_str().unwrap().to_owned();
        let (retry, first) = (
            [("grant_type", "refresh_token"), ("refresh_token", old.as_str())],
            [("grant_type", "refresh_token"), ("refresh_token", next.as_str())],
        );
        let (retries, uses) = tokio::join!(attempt.at_once(2, &retry), attempt.at_once(2, &first));
        settle(&nodes).await;
        let uses = successes(&uses);
        let (reused, kept) = match uses.first() {
            // The retry came second, and is reuse of a token whose successor was used; or it came
            // first, and was forgiven.
            Some(tokens) => (retries.iter().any(|reply| reply.status != 200), tokens.clone()),
            None => (true, tokens),
        };
        for tokens in uses.iter().chain(&successes(&retries)) {
            let same = tokens["refresh_token"] == kept["refresh_token"]
                || tokens["refresh_token"] == next.as_str();
            assert!(same, "round {round}: two live ones");
        }
        let status = app.refresh(kept["refresh_token"].as_str().unwrap()).await.status;
        assert_eq!(status, if reused { 400 } else { 200 }, "round {round}");
    }
}

/// RACE-02: a redemption against the disabling of the user or the client: in either order, nothing
/// lives once the disabling is acknowledged.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn race_02_nothing_lives_after_a_disabling_is_acknowledged() {
    let nodes = nodes(2).await;
    let issuer = Arc::clone(&nodes[0]);
    let alice = issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.asking("openid offline_access");
    let attempt = Attempt::new(nodes.clone(), &app);
    let id = app.registered.client.id.clone();
    for round in 0..=rounds() / 40 {
        let code = app.code(&mut Browser::new(&issuer), "alice").await;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", crate::actors::relying_party::CALLBACK),
            ("code_verifier", crate::actors::relying_party::VERIFIER),
        ];
        let (ctx, origin) = (&issuer.ctx, origin());
        let disable = async {
            if round % 2 == 0 {
                users::disable(ctx, alice.id, Actor::Operator, &origin).await.unwrap();
            } else {
                client_registry::disable(ctx, &id, Actor::Operator, &origin).await.unwrap();
            }
        };
        let disable = issuer.auditor.beside(disable);
        let (replies, ()) = tokio::join!(attempt.at_once(2, &fields), disable);
        settle(&nodes).await;
        users::enable(ctx, alice.id, Actor::Operator, &origin).await.unwrap();
        client_registry::enable(ctx, &id, Actor::Operator, &origin).await.unwrap();
        settle(&nodes).await;
        for tokens in successes(&replies) {
            for node in &nodes {
                let app = app.on(node);
                let access = tokens["access_token"].as_str().unwrap();
                assert_eq!(app.userinfo(access).await.status, 401, "round {round}");
                app.refresh(tokens["refresh_token"].as_str().unwrap()).await.is_invalid_grant();
            }
        }
    }
}

/// RACE-05: a refresh against the revocation of the grant: nothing works once that is acknowledged.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn race_05_nothing_works_after_a_revocation_is_acknowledged() {
    let nodes = nodes(2).await;
    let issuer = Arc::clone(&nodes[0]);
    issuer.user("alice").await;
    let app = RelyingParty::public(&issuer).await.asking("openid offline_access");
    let attempt = Attempt::new(nodes.clone(), &app);
    for round in 0..=rounds() / 40 {
        let tokens = app.tokens("alice").await;
        let token = tokens["refresh_token"].as_str().unwrap();
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
        let (replies, revoked) = tokio::join!(attempt.at_once(4, &fields), app.revoke(token));
        assert_eq!(revoked.status, 200);
        settle(&nodes).await;
        for tokens in successes(&replies).iter().chain([&tokens]) {
            nothing_works(&nodes, &app, tokens, round).await;
        }
    }
}

/// No token of these works on any node.
async fn nothing_works(
    nodes: &[Arc<Issuer>],
    app: &RelyingParty<'_>,
    tokens: &Value,
    round: usize,
) {
    let text = |name: &str| tokens[name].as_str().unwrap();
    for node in nodes {
        let app = app.on(node);
        assert_eq!(app.userinfo(text("access_token")).await.status, 401, "round {round}");
        app.refresh(text("refresh_token")).await.is_invalid_grant();
    }
}

/// RACE-05: a refresh against a new password, and against a consent that is withdrawn: nothing works once
/// that is acknowledged, in whichever order they came.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn race_05_nothing_works_after_a_password_is_set_or_an_app_is_revoked() {
    let nodes = nodes(2).await;
    let issuer = Arc::clone(&nodes[0]);
    let alice = issuer.user("alice").await.id;
    let app = RelyingParty::public(&issuer).await.asking("openid offline_access");
    let attempt = Attempt::new(nodes.clone(), &app);
    let id = &app.registered.client.id;
    for round in 0..=rounds() / 40 {
        let tokens = app.tokens("alice").await;
        let token = tokens["refresh_token"].as_str().unwrap();
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
        let (ctx, origin) = (&issuer.ctx, origin());
        let end = async {
            if round % 2 == 0 {
                let password = Secret::new(PASSWORD.to_owned());
                let set = users::set_password(ctx, alice, password, Actor::Operator, &origin);
                set.await.map(drop).unwrap();
            } else {
                account::revoke_app(ctx, alice, id.clone(), &origin).await.map(drop).unwrap();
            }
        };
        let (replies, ()) = tokio::join!(attempt.at_once(4, &fields), end);
        settle(&nodes).await;
        for tokens in successes(&replies).iter().chain([&tokens]) {
            nothing_works(&nodes, &app, tokens, round).await;
        }
    }
}

/// RACE-06, CAUTH-04: one client assertion, sixteen uses: one success.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn race_06_one_assertion() {
    let nodes = nodes(2).await;
    let signer = Signer::new(SigningAlg::ES256);
    let metadata = ClientMetadata {
        token_endpoint_auth_method: TokenEndpointAuthMethod::PrivateKeyJwt,
        jwks: Some(signer.jwks()),
        ..machine()
    };
    let app = RelyingParty::register(&nodes[0], "batch", metadata).await;
    let attempt = Attempt::new(nodes.clone(), &app);
    for round in 0..rounds().div_ceil(5) {
        let assertion = signer.sign(&json!({
            "iss": "batch", "sub": "batch", "aud": ISSUER, "exp": START + 60, "jti": round.to_string(),
        }));
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion.as_str()),
        ];
        let replies = attempt.at_once(16, &fields).await;
        assert_eq!(successes(&replies).len(), 1, "round {round}");
        for lost in replies.iter().filter(|reply| reply.status != 200) {
            lost.is_invalid_client();
        }
    }
}

/// RACE-06: wrong verifiers at once are counted all the same: no more than five guesses.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn race_06_wrong_verifiers_are_counted() {
    let nodes = nodes(2).await;
    let issuer = Arc::clone(&nodes[0]);
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let attempt = Attempt::new(nodes.clone(), &app);
    let mut browser = Browser::new(&issuer);
    for _ in 0..=rounds() / 100 {
        let code = app.code(&mut browser, "alice").await;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", crate::actors::relying_party::CALLBACK),
            ("code_verifier", "a-wrong-verifier-a-wrong-verifier-a-wrong-verifier"),
        ];
        for reply in attempt.at_once(8, &fields).await {
            reply.is_invalid_grant();
        }
        app.redeem(&code).await.is_invalid_grant();
    }
}

/// RACE-07: of two who register the same `client_id`, or make the same user, one is told that it is
/// taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn race_07_one_of_two_is_told_that_the_name_is_taken() {
    let nodes = nodes(2).await;
    for round in 0..=rounds() / 100 {
        let id = format!("client-{round}");
        let (one, other) =
            tokio::join!(nodes[0].try_client(&id, web_app()), nodes[1].try_client(&id, web_app()));
        assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1, "{id}");
        let taken = one.and(other).unwrap_err();
        assert!(matches!(taken, client_registry::ClientError::IdTaken), "{taken}");
    }
}

/// RACE-07: the same of two who make a user of one name, of names that look alike, or of one address.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn race_07_one_of_two_gets_the_name_or_the_address() {
    let nodes = nodes(2).await;
    let make = async |node: &Issuer, username: String, email: Option<String>| {
        let new = NewUser { username, email, ..NewUser::default() };
        users::create(&node.ctx, new, Actor::Operator, &origin()).await
    };
    for round in 0..=rounds() / 100 {
        let name = |letter: &str| format!("us{letter}r{round}");
        let address = format!("user{round}@example.com");
        for (one, other) in [
            ((name("e"), None), (name("e"), None)),
            // A Cyrillic letter in the place of a Latin one.
            ((name("a"), None), (name("\u{430}"), None)),
            ((name("x"), Some(address.clone())), (name("y"), Some(address.to_uppercase()))),
        ] {
            let both =
                tokio::join!(make(&nodes[0], one.0, one.1), make(&nodes[1], other.0, other.1));
            assert_eq!(usize::from(both.0.is_ok()) + usize::from(both.1.is_ok()), 1, "{round}");
            let taken = both.0.and(both.1).unwrap_err();
            let expected = matches!(
                taken,
                UserError::UsernameTaken | UserError::UsernameConfusable | UserError::EmailTaken
            );
            assert!(expected || matches!(taken, UserError::Username(_)), "{taken}");
        }
    }
}

/// RACE-08: a token that was superseded is refused after a restart as well.
#[tokio::test]
async fn race_08_a_superseded_token_is_refused_after_a_restart() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::public(&issuer).await.asking("openid offline_access");
    let tokens = app.tokens("alice").await;
    let first = tokens["refresh_token"].as_str().unwrap();
    let second = app.refresh(first).await.granted();
    let third = app.refresh(second["refresh_token"].as_str().unwrap()).await.granted();
    let restarted = issuer.another_node().await;
    let app = app.on(&restarted);
    app.refresh(first).await.is_invalid_grant();
    app.refresh(third["refresh_token"].as_str().unwrap()).await.is_invalid_grant();
    assert_eq!(restarted.audited(Action::RefreshReused).await, 1);
}
