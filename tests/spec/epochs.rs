//! A restored backup begins a new epoch: what works once, what could have been taken back since the
//! backup, and what nobody can tell apart from it counts no more. The catalogue's RACE-08.

use doorward::{
    protocol::{
        client::{AccessTokenFormat, ClientMetadata, TokenEndpointAuthMethod},
        jose::SigningAlg,
    },
    service::{epoch, setup},
    store::epoch::Ended,
    types::audit::{Action, Actor},
};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::actors::{
    Browser, Issuer, RelyingParty, Signer,
    clock::START,
    issuer::{ISSUER, Reply, origin},
    relying_party::{machine, public_app, web_app},
    request::form,
    visits::granted,
};

const FORMATS: [AccessTokenFormat; 2] = [AccessTokenFormat::Jwt, AccessTokenFormat::Opaque];

async fn begin(issuer: &Issuer) -> Ended {
    let begun = epoch::begin(&issuer.ctx, Actor::Operator, &origin()).await.unwrap();
    assert_eq!(begun.0, issuer.ctx.epoch.get());
    begun.1
}

fn text(tokens: &Value, name: &str) -> String {
    tokens[name].as_str().unwrap().to_owned()
}

fn of_format(metadata: ClientMetadata, access_token_format: AccessTokenFormat) -> ClientMetadata {
    ClientMetadata { access_token_format, ..metadata }
}

/// An access token could have been revoked after the backup, so none from before it counts, at any
/// endpoint, on the node that began the epoch and on one that had just looked at the token.
#[tokio::test]
async fn access_tokens_of_users_end() {
    for format in FORMATS {
        let issuer = Issuer::start().await;
        issuer.user("alice").await;
        let app = RelyingParty::register(&issuer, "notes", of_format(web_app(), format)).await;
        let other = issuer.another_node().await;
        let there = app.on(&other);
        let token = text(&app.tokens("alice").await, "access_token");
        other.wait(1).await;
        for app in [&app, &there] {
            assert_eq!(app.userinfo(&token).await.status, StatusCode::OK);
            assert_eq!(app.introspect(&token).await["active"], true);
        }
        begin(&issuer).await;
        other.wait(0).await;
        for app in [&app, &there] {
            assert_eq!(app.userinfo(&token).await.status, StatusCode::UNAUTHORIZED, "{format:?}");
            assert_eq!(app.introspect(&token).await, json!({ "active": false }), "{format:?}");
        }
        // What is issued from now on counts.
        issuer.wait(1).await;
        let token = text(&app.tokens("alice").await, "access_token");
        assert_eq!(app.userinfo(&token).await.status, StatusCode::OK);
    }
}

/// A token that a client has for itself hangs from no grant, and ends all the same.
#[tokio::test]
async fn access_tokens_of_machines_end() {
    for format in FORMATS {
        let issuer = Issuer::start().await;
        let app = RelyingParty::register(&issuer, "batch", of_format(machine(), format)).await;
        let token = text(
            &app.token(&[("grant_type", "client_credentials")]).await.granted(),
            "access_token",
        );
        assert_eq!(app.introspect(&token).await["active"], true);
        begin(&issuer).await;
        assert_eq!(app.introspect(&token).await, json!({ "active": false }));
        issuer.wait(1).await;
        let fresh = app.token(&[("grant_type", "client_credentials")]).await.granted();
        assert_eq!(app.introspect(&text(&fresh, "access_token")).await["active"], true);
    }
}

/// A code may have been redeemed after the backup. It is unknown now, and its grant is not punished.
#[tokio::test]
async fn codes_end() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let redeemed = app.code(&mut browser, "alice").await;
    app.redeem(&redeemed).await.granted();
    let fresh = granted(&browser.open(&app.authorize_url()).await.away());
    assert_eq!(begin(&issuer).await.codes, 2);
    for code in [&fresh, &redeemed] {
        assert_eq!(app.redeem(code).await.error(), "invalid_grant");
    }
    assert_eq!(issuer.audited(Action::CodeReused).await, 0);
}

/// A browser must sign in again, and can.
#[tokio::test]
async fn sessions_end() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    app.redeem(&app.code(&mut browser, "alice").await).await.granted();
    begin(&issuer).await;
    let account = browser.send(Method::GET, "/account", None).await;
    assert!(account.status.is_redirection(), "{}", account.status);
    let silent = app.clone().with("prompt", "none").authorize_url();
    assert!(browser.open(&silent).await.away().contains("error=login_required"));
    app.redeem(&app.code(&mut browser, "alice").await).await.granted();
}

/// RACE-08: the stored generation of a rotating token may be one that was superseded after the backup,
/// in somebody else's hands by now: it is refused, and so is the one before it.
#[tokio::test]
async fn race_08_rotating_refresh_tokens_end() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::register(&issuer, "spa", public_app()).await;
    let app = app.asking("openid offline_access");
    let first = text(&app.tokens("alice").await, "refresh_token");
    let second = text(&app.refresh(&first).await.granted(), "refresh_token");
    begin(&issuer).await;
    for token in [&second, &first] {
        app.refresh(token).await.is_invalid_grant();
    }
    issuer.wait(1).await;
    let fresh = text(&app.tokens("alice").await, "refresh_token");
    app.refresh(&fresh).await.granted();
}

/// What does not rotate is of no use without the client's own secret, so it goes on.
#[tokio::test]
async fn refresh_tokens_of_clients_that_authenticate_go_on() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.asking("openid offline_access");
    let refresh = text(&app.tokens("alice").await, "refresh_token");
    begin(&issuer).await;
    issuer.wait(1).await;
    let token = text(&app.refresh(&refresh).await.granted(), "access_token");
    assert_eq!(app.userinfo(&token).await.status, StatusCode::OK);
}

/// RFC 7523 §3 item 7: the `jti` that were used after the backup are forgotten, so assertions of that
/// time are refused; one without `iat` as long as it may be of that time.
#[tokio::test]
async fn client_assertions_from_before_are_refused() {
    let issuer = Issuer::start().await;
    let signer = Signer::new(SigningAlg::ES256);
    let metadata = ClientMetadata {
        token_endpoint_auth_method: TokenEndpointAuthMethod::PrivateKeyJwt,
        jwks: Some(signer.jwks()),
        ..machine()
    };
    RelyingParty::register(&issuer, "batch", metadata).await;
    let assertion = |jti: &str, iat: Option<i64>, exp: i64| {
        let mut claims = json!({
            "iss": "batch", "sub": "batch", "aud": ISSUER, "jti": jti, "exp": START + exp,
        });
        if let Some(iat) = iat {
            claims["iat"] = (START + iat).into();
        }
        signer.sign(&claims)
    };
    let present = async |assertion: String| -> Reply {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion.as_str()),
        ];
        issuer.post("/token", &[], &form(&fields)).await
    };
    issuer.wait(10).await;
    present(assertion("before", Some(10), 100)).await.granted();
    present(assertion("timeless", None, 100)).await.granted();
    begin(&issuer).await;
    issuer.wait(5).await;
    for (jti, iat) in [("old", Some(0)), ("at the beginning", Some(10)), ("no time", None)] {
        present(assertion(jti, iat, 100)).await.is_invalid_client();
    }
    present(assertion("after", Some(11), 100)).await.granted();
    // An assertion lives for ten minutes, and a minute more for a fast clock.
    issuer.wait(600).await;
    present(assertion("still no time", None, 10 + 660)).await.is_invalid_client();
    present(assertion("late", None, 10 + 661)).await.granted();
}

/// ADM-14: the link that makes the first administrator may have been used after the backup.
#[tokio::test]
async fn adm_14_set_up_links_end() {
    let issuer = Issuer::start().await;
    let link = setup::link(&issuer.ctx).await.unwrap().unwrap();
    assert!(setup::is_live(&issuer.ctx, link.expose()).await.unwrap());
    begin(&issuer).await;
    assert!(!setup::is_live(&issuer.ctx, link.expose()).await.unwrap());
    let next = setup::link(&issuer.ctx).await.unwrap().unwrap();
    assert!(setup::is_live(&issuer.ctx, next.expose()).await.unwrap());
}

/// One event, with what ended; and a clock that was put back does not revive an earlier epoch's things.
#[tokio::test]
async fn an_epoch_is_audited_and_never_goes_back() {
    let issuer = Issuer::start().await;
    issuer.wait(100).await;
    begin(&issuer).await;
    assert_eq!(issuer.audited(Action::EpochBegun).await, 1);
    let first = issuer.ctx.epoch.get();
    issuer.clock.advance(-50);
    begin(&issuer).await;
    assert_eq!(issuer.ctx.epoch.get(), first);
    assert_eq!(issuer.another_node().await.ctx.epoch.get(), first);
}
