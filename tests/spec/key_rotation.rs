//! Signing keys: published before they sign, and as long as what they signed. OIDC Core §10.1.1.

use std::collections::BTreeSet;

use doorward::{
    protocol::{client::ClientMetadata, jose::SigningAlg},
    service::{
        key_rotation::{self, Rotation},
        keys,
        start::StartError,
    },
    types::{audit::Actor, origin::Origin},
};
use serde_json::Value;

use super::oidc_core_id_token::verifies;
use crate::actors::{
    Browser, Issuer, RelyingParty,
    browser::Place,
    issuer::origin,
    relying_party::{jose_header, machine, response_parameters},
};

const DAY: i64 = 86_400;
const JWKS_MAX_AGE: i64 = 900;

async fn kids(issuer: &Issuer) -> BTreeSet<String> {
    let keys = issuer.fetch("/jwks").await.json();
    let kid = |key: &Value| key["kid"].as_str().unwrap().to_owned();
    keys["keys"].as_array().unwrap().iter().map(kid).collect()
}

async fn machine_token(app: &RelyingParty<'_>) -> String {
    let tokens = app.token(&[("grant_type", "client_credentials")]).await.granted();
    tokens["access_token"].as_str().unwrap().to_owned()
}

fn kid(token: &str) -> String {
    jose_header(token)["kid"].as_str().unwrap().to_owned()
}

async fn rotate(issuer: &Issuer, alg: SigningAlg) -> Rotation {
    key_rotation::rotate_now(&issuer.ctx, alg, Actor::Operator, &origin()).await.unwrap()
}

fn of_the_job() -> Origin {
    Origin::command_line("rotation".to_owned())
}

/// KEY-02: a key is published for two lives of a cached JWKS before it signs, and nothing makes it sign
/// earlier.
#[tokio::test]
async fn key_02_a_key_is_published_before_it_signs() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::register(&issuer, "batch", machine()).await;
    let first = kid(&machine_token(&app).await);
    for wait in [0, JWKS_MAX_AGE, JWKS_MAX_AGE - 1] {
        issuer.wait(wait).await;
        assert_eq!(rotate(&issuer, SigningAlg::ES256).await, Rotation::TooEarly);
        assert_eq!(kid(&machine_token(&app).await), first);
    }
    let published = kids(&issuer).await;
    issuer.wait(1).await;
    assert_eq!(rotate(&issuer, SigningAlg::ES256).await, Rotation::Done);
    let second = kid(&machine_token(&app).await);
    assert!(second != first && published.contains(&second));
    // The one that takes over next has to wait again.
    assert_eq!(rotate(&issuer, SigningAlg::ES256).await, Rotation::TooEarly);
}

/// KEY-01: a hundred rotations, and a client that reads the JWKS as seldom as it may never fails.
#[tokio::test]
async fn key_01_a_client_with_a_cached_jwks_never_fails() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::register(&issuer, "batch", machine()).await;
    let mut cached = kids(&issuer).await;
    let mut signers = BTreeSet::new();
    for round in 0..100 {
        issuer.wait(JWKS_MAX_AGE).await;
        let token = machine_token(&app).await;
        assert!(cached.contains(&kid(&token)), "round {round}: unknown before the fetch");
        cached = kids(&issuer).await;
        issuer.wait(JWKS_MAX_AGE).await;
        rotate(&issuer, SigningAlg::ES256).await;
        let token = machine_token(&app).await;
        assert!(cached.contains(&kid(&token)), "round {round}: unknown after the rotation");
        signers.insert(kid(&token));
    }
    assert_eq!(signers.len(), 100);
}

/// Core §10.1.1: a retired key stays published as long as anything that it signed lives, then it goes;
/// tokens that it signed count all the while.
#[tokio::test]
async fn core_section_10_1_1_a_retired_key_stays_while_its_tokens_live() {
    let issuer = Issuer::start().await;
    let long = ClientMetadata { access_token_lifetime: Some(86_400), ..machine() };
    let app = RelyingParty::register(&issuer, "batch", long).await;
    issuer.wait(2 * JWKS_MAX_AGE).await;
    let token = machine_token(&app).await;
    rotate(&issuer, SigningAlg::ES256).await;
    issuer.wait(DAY - 1).await;
    key_rotation::rotate_due(&issuer.ctx, &of_the_job()).await.unwrap();
    assert!(verifies(&issuer, &token, SigningAlg::ES256).await);
    assert_eq!(app.introspect(&token).await["active"], true);
    issuer.wait(JWKS_MAX_AGE + 2).await;
    key_rotation::rotate_due(&issuer.ctx, &of_the_job()).await.unwrap();
    assert!(!kids(&issuer).await.contains(&kid(&token)));
}

/// Keys are replaced by age without anybody asking, of every algorithm.
#[tokio::test]
async fn keys_are_replaced_by_age() {
    let issuer = Issuer::start().await;
    let before = kids(&issuer).await;
    issuer.wait(90 * DAY).await;
    key_rotation::rotate_due(&issuer.ctx, &of_the_job()).await.unwrap();
    let after = kids(&issuer).await;
    assert!(before.is_subset(&after));
    assert_eq!(after.len(), before.len() + SigningAlg::ALL.len());
    issuer.wait(2 * DAY).await;
    key_rotation::rotate_due(&issuer.ctx, &of_the_job()).await.unwrap();
    assert_eq!(kids(&issuer).await.len(), before.len());
}

/// KEY-03: a revoked key is out of the JWKS at once, what it signed counts no more, on every node within
/// a second, and another key signs.
#[tokio::test]
async fn key_03_a_revoked_key_counts_no_more() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::register(&issuer, "batch", machine()).await;
    let node = issuer.another_node().await;
    let there = app.on(&node);
    let token = machine_token(&app).await;
    for app in [&app, &there] {
        assert_eq!(app.introspect(&token).await["active"], true);
    }
    let key = kid(&token);
    let revoked = key_rotation::revoke(&issuer.ctx, &key, Actor::Operator, &origin()).await;
    assert!(revoked.unwrap());
    node.wait(1).await;
    for (issuer, app) in [(&issuer, &app), (&node, &there)] {
        assert!(!kids(issuer).await.contains(&key));
        assert_eq!(app.introspect(&token).await["active"], false);
        let fresh = machine_token(app).await;
        assert_ne!(kid(&fresh), key);
        assert!(verifies(issuer, &fresh, SigningAlg::ES256).await);
        assert_eq!(app.introspect(&fresh).await["active"], true);
    }
    let again = key_rotation::revoke(&issuer.ctx, &key, Actor::Operator, &origin()).await;
    assert!(!again.unwrap());
}

/// KEY-03: a hint by a revoked key says nothing any more.
#[tokio::test]
async fn key_03_a_hint_by_a_revoked_key_says_nothing() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let code = app.code(&mut browser, "alice").await;
    let tokens = app.redeem(&code).await.granted();
    let id_token = tokens["id_token"].as_str().unwrap();
    let silent = app.clone().with("prompt", "none").with("id_token_hint", id_token);
    let url = silent.authorize_url();
    assert!(response_parameters(&browser.open(&url).await.away()).contains_key("code"));
    key_rotation::revoke(&issuer.ctx, &kid(id_token), Actor::Operator, &origin()).await.unwrap();
    let Place::Away(away) = browser.open(&url).await else { panic!("prompt=none shows no page") };
    assert_eq!(response_parameters(&away)["error"], "login_required");
}

/// Core §10.1.1: the ETag of the JWKS changes with the keys.
#[tokio::test]
async fn the_jwks_changes_with_the_keys() {
    let issuer = Issuer::start().await;
    let etag = issuer.fetch("/jwks").await.header(http::header::ETAG).to_owned();
    issuer.wait(90 * DAY).await;
    key_rotation::rotate_due(&issuer.ctx, &of_the_job()).await.unwrap();
    let reply = issuer.fetch_with("/jwks", "if-none-match", &etag).await;
    assert_eq!(reply.status, 200);
    assert_ne!(reply.header(http::header::ETAG), etag);
}

/// Two nodes that rotate at the same moment make one new key between them, not two that both sign.
#[tokio::test]
async fn two_nodes_rotate_once() {
    let issuer = Issuer::start().await;
    let node = issuer.another_node().await;
    issuer.wait(90 * DAY).await;
    node.wait(0).await;
    let origin = of_the_job();
    let (one, other) = tokio::join!(
        key_rotation::rotate_due(&issuer.ctx, &origin),
        key_rotation::rotate_due(&node.ctx, &origin),
    );
    one.unwrap();
    other.unwrap();
    issuer.wait(0).await;
    node.wait(0).await;
    let records = keys::records(&issuer.ctx).await.unwrap();
    for alg in SigningAlg::ALL {
        let active = records.iter().filter(|key| {
            key.alg == alg && key.state == doorward::protocol::jose::key_ring::KeyState::Active
        });
        assert_eq!(active.count(), 1, "{alg}");
    }
    assert_eq!(kids(&issuer).await, kids(&node).await);
    let app = RelyingParty::register(&issuer, "batch", machine()).await;
    let (here, there) = (machine_token(&app).await, machine_token(&app.on(&node)).await);
    assert_eq!(kid(&here), kid(&there));
}

/// KEY-07: a sealed private key opens in its own row alone: one that was put in the place of another is
/// noticed by the next start, which signs nothing with it and repairs nothing.
#[tokio::test]
async fn key_07_a_private_key_opens_in_its_own_row_alone() {
    let issuer = Issuer::start().await;
    issuer.would_start().await.unwrap();
    let mut witness = issuer.witness().await;
    witness
        .tamper(
            "UPDATE signing_keys SET sealed_private = (SELECT o.sealed_private FROM signing_keys o
                 WHERE o.alg = 'ES256' AND o.state = 'pending')
             WHERE alg = 'ES256' AND state = 'active'",
        )
        .await;
    let before = witness.state().await;
    assert!(matches!(issuer.would_start().await, Err(StartError::Service(_))));
    assert_eq!(witness.state().await, before);
}
