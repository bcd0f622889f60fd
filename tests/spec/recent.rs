//! What a node remembers of the codes and the refresh tokens that it gave decides nothing by itself: what
//! another node did meanwhile counts, heard of or not. RACE-08, TOK-09.

use doorward::{
    protocol::{grant::authorization_code::MAX_FAILURES, token::refresh::PresentedRefreshToken},
    service::{browser_session, users},
    types::{TokenHash, audit::Actor, token::TokenKind},
};
use serde_json::Value;

use crate::actors::{Browser, Issuer, RelyingParty, issuer::origin, relying_party::CALLBACK};

const SCOPE: &str = "openid profile offline_access";

/// A public app of a user who has just come back with a code, and the code.
async fn with_code(issuer: &Issuer) -> (RelyingParty<'_>, String) {
    issuer.user("alice").await;
    let app = RelyingParty::public(issuer).await.asking(SCOPE);
    let code = app.code(&mut Browser::new(issuer), "alice").await;
    (app, code)
}

fn refresh_token(tokens: &Value) -> &str {
    tokens["refresh_token"].as_str().unwrap()
}

/// Whether a node remembers this code.
fn knows_code(issuer: &Issuer, code: &str) -> bool {
    let (caches, uptime) = (&issuer.ctx.caches, issuer.ctx.clock.uptime());
    let hash = TokenHash::of(TokenKind::AuthorizationCode, code);
    caches.recall(&caches.codes, &hash, uptime).is_some()
}

/// Whether a node remembers the family of the refresh token in these tokens.
fn knows_family(issuer: &Issuer, tokens: &Value) -> bool {
    let (caches, uptime) = (&issuer.ctx.caches, issuer.ctx.clock.uptime());
    let family = PresentedRefreshToken::parse(refresh_token(tokens)).unwrap().family();
    caches.recall(&caches.families, &family, uptime).is_some()
}

#[tokio::test]
async fn what_was_given_is_remembered_until_it_is_used() {
    let issuer = Issuer::start().await;
    let (app, code) = with_code(&issuer).await;
    assert!(knows_code(&issuer, &code));
    let tokens = app.redeem(&code).await.granted();
    assert!(!knows_code(&issuer, &code) && knows_family(&issuer, &tokens));
    let next = app.refresh(refresh_token(&tokens)).await.granted();
    assert!(knows_family(&issuer, &next), "in its next generation");
    // A retry is for the database to count.
    let retried = app.refresh(refresh_token(&tokens)).await.granted();
    assert_eq!(refresh_token(&retried), refresh_token(&next));
    assert!(!knows_family(&issuer, &next));
    app.refresh(refresh_token(&next)).await.granted();
}

#[tokio::test]
async fn a_code_that_another_node_redeemed_is_a_replay_here() {
    let issuer = Issuer::start().await;
    let other = issuer.another_node().await;
    let (app, code) = with_code(&issuer).await;
    let tokens = app.on(&other).redeem(&code).await.granted();
    app.redeem(&code).await.is_invalid_grant();
    app.refresh(refresh_token(&tokens)).await.is_invalid_grant();
}

#[tokio::test]
async fn a_wrong_verifier_is_counted_for_a_code_that_is_remembered() {
    let issuer = Issuer::start().await;
    let (app, code) = with_code(&issuer).await;
    let wrong = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", "wrong-wrong-wrong-wrong-wrong-wrong-wrong-wrong"),
    ];
    for _ in 0..MAX_FAILURES {
        app.token(&wrong).await.is_invalid_grant();
    }
    app.redeem(&code).await.is_invalid_grant();
}

#[tokio::test]
async fn a_user_whom_another_node_disabled_gets_nothing_before_this_one_has_heard() {
    let issuer = Issuer::start().await;
    let other = issuer.another_node().await;
    let (app, code) = with_code(&issuer).await;
    let tokens = app.redeem(&code).await.granted();
    let code = app.code(&mut Browser::new(&issuer), "alice").await;
    assert!(knows_code(&issuer, &code) && knows_family(&issuer, &tokens));
    let alice = users::find(&other.ctx, "alice").await.unwrap().id;
    users::disable(&other.ctx, alice, Actor::Operator, &origin()).await.unwrap();
    app.redeem(&code).await.is_invalid_grant();
    app.refresh(refresh_token(&tokens)).await.is_invalid_grant();
}

#[tokio::test]
async fn a_session_that_ended_on_another_node_gives_no_tokens_here() {
    let issuer = Issuer::start().await;
    let other = issuer.another_node().await;
    let (app, code) = with_code(&issuer).await;
    for session in browser_session::list(&other.ctx, None, None, 9).await.unwrap() {
        let ended =
            browser_session::end_by(&other.ctx, session.id, Actor::Operator, &origin()).await;
        assert!(ended.unwrap());
    }
    app.redeem(&code).await.is_invalid_grant();
}

#[tokio::test]
async fn a_grant_that_was_revoked_on_another_node_is_not_refreshed_here() {
    let issuer = Issuer::start().await;
    let other = issuer.another_node().await;
    let (app, code) = with_code(&issuer).await;
    let tokens = app.redeem(&code).await.granted();
    app.on(&other).revoke(refresh_token(&tokens)).await;
    app.refresh(refresh_token(&tokens)).await.is_invalid_grant();
}

/// Neither the newest token, which this node has not seen, nor the predecessor of one that it believes
/// current, is judged by what it remembers.
#[tokio::test]
async fn a_family_that_another_node_rotated_is_judged_as_it_is() {
    let issuer = Issuer::start().await;
    let other = issuer.another_node().await;
    let (app, code) = with_code(&issuer).await;
    let first = app.redeem(&code).await.granted();
    let second = app.on(&other).refresh(refresh_token(&first)).await.granted();
    let third = app.on(&other).refresh(refresh_token(&second)).await.granted();
    let fourth = app.refresh(refresh_token(&third)).await.granted();
    app.on(&other).refresh(refresh_token(&fourth)).await.granted();
    // Long left, though this node believed it current until a moment ago: reuse, and the end of the family.
    issuer.wait(3_600).await;
    app.refresh(refresh_token(&second)).await.is_invalid_grant();
    app.refresh(refresh_token(&fourth)).await.is_invalid_grant();
}
