//! The database is away: 503 with `Retry-After`, what is public stays, and nobody is ever signed in or a
//! token active by default. Passwords cannot be checked: only those who need that are sent away. The
//! catalogue's DBX rows, and FLOOD-03.

use doorward::{
    protocol::client::{ClientMetadata, GrantType},
    types::Scope,
};
use http::{Method, Request, StatusCode};

use crate::actors::{
    Browser, Issuer, RelyingParty,
    issuer::PASSWORD,
    relying_party::{CALLBACK, VERIFIER, web_app},
    visits::granted,
};

/// Every endpoint that needs the database says when to come back; the oracle holds `Retry-After`. A
/// revocation that was not written is never acknowledged. DBX-01, REVO-05.
#[tokio::test]
async fn dbx_01_without_the_database_nothing_is_granted() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.asking("openid offline_access");
    let mut browser = Browser::new(&issuer);
    let tokens = app.redeem(&granted(&app.sign_in(&mut browser, "alice").await)).await.json();
    let code = granted(&browser.open(&app.authorize_url()).await.away());
    let login = Browser::new(&issuer).open("/login").await.page();
    assert_eq!(login.status(), StatusCode::OK);
    let mut stranger = Browser::new(&issuer);
    let form = stranger.open("/login").await.page().form("#sign-in");
    issuer.ctx.db.close().await;

    for path in
        ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/jwks"]
    {
        let reply = browser.send(Method::GET, path, None).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}");
    }
    let stylesheet = doorward::http::assets::Asset::Stylesheet.url();
    assert_eq!(browser.send(Method::GET, stylesheet, None).await.status, StatusCode::OK);

    for path in [
        "/account",
        "/account/api-keys",
        "/account/api-keys/new",
        "/login",
        "/logout",
        &app.authorize_url(),
        &app.clone().with("prompt", "none").authorize_url(),
    ] {
        let reply = browser.send(Method::GET, path, None).await;
        assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(!reply.headers.contains_key("location"));
    }
    let form = form.fill("username", "alice").fill("password", PASSWORD);
    let page = stranger.submit(&form).await.page();
    assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(!stranger.cookies.contains_key("__Host-doorward-session"));

    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let access_token = tokens["access_token"].as_str().unwrap();
    for reply in [
        app.token(&[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ])
        .await,
        app.refresh(refresh_token).await,
        app.revoke(refresh_token).await,
        app.call("/introspect", &[("token", refresh_token)]).await,
        app.userinfo(access_token).await,
    ] {
        assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE, "{}", reply.text());
        assert!(!reply.text().contains("active"), "{}", reply.text());
    }
    let request = Request::get("/setup?token=x").body(String::new()).unwrap();
    assert!(!issuer.send(request).await.status.is_success());
}

/// A node that never saw the client says 503 as well, and not that there is no such client.
#[tokio::test]
async fn dbx_01_a_cold_node_takes_nobody_for_unknown() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::web(&issuer).await;
    let cold = issuer.another_node().await;
    cold.ctx.db.close().await;
    let reply = Browser::new(&cold).send(Method::GET, &app.authorize_url(), None).await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    let reply = cold.send(app.request("/token", &[("grant_type", "client_credentials")])).await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
}

/// FLOOD-03, FLOOD-06: a pool that takes no more passwords sends sign-ins away, by whatever door they come,
/// with 503 and the time to come back: nothing is hashed, counted or written for them. Everything else
/// goes on, and afterwards nobody has to wait.
#[tokio::test]
async fn flood_03_sign_ins_that_are_sent_away_keep_nobody_else_away() {
    let issuer = Issuer::start_with_password_grant().await;
    issuer.user("alice").await;
    let scope = Scope::parse("openid offline_access profile").unwrap();
    let grants = [GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::Password];
    let metadata = ClientMetadata { grant_types: grants.into(), scope, ..web_app() };
    let app = RelyingParty::register(&issuer, "notes", metadata).await;
    let app = app.asking("openid offline_access");
    let mut browser = Browser::new(&issuer);
    let tokens = app.redeem(&granted(&app.sign_in(&mut browser, "alice").await)).await.json();
    let mut stranger = Browser::new(&issuer);
    let login = stranger.open(&app.authorize_url()).await.page();
    issuer.ctx.passwords.shutdown().await;

    let hashes = issuer.ctx.passwords.hashes_computed();
    let mut witness = issuer.witness().await;
    let before = witness.state().await;
    for _ in 0..20 {
        for (name, password) in [("alice", PASSWORD), ("alice", "wrong"), ("nobody", "wrong")] {
            let page = stranger.try_password(&login, name, password).await.page();
            assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE);
            let fields = [("grant_type", "password"), ("username", name), ("password", password)];
            assert_eq!(app.token(&fields).await.status, StatusCode::SERVICE_UNAVAILABLE);
        }
    }
    assert!(!stranger.cookies.contains_key("__Host-doorward-session"));
    assert_eq!(issuer.ctx.passwords.hashes_computed(), hashes);
    assert_eq!(witness.state().await, before);

    for path in ["/jwks", "/.well-known/openid-configuration", "/login"] {
        assert_eq!(issuer.fetch(path).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(browser.send(Method::GET, "/account", None).await.status, StatusCode::OK);
    let refreshed = app.refresh(tokens["refresh_token"].as_str().unwrap()).await.granted();
    let access = refreshed["access_token"].as_str().unwrap();
    assert_eq!(app.userinfo(access).await.status, StatusCode::OK);
    assert_eq!(app.introspect(access).await["active"], true);
    let code = granted(&browser.open(&app.authorize_url()).await.away());
    app.redeem(&code).await.granted();
    assert_eq!(app.revoke(access).await.status, StatusCode::OK);

    // Where there is room again, the first try succeeds: none of those was counted.
    let node = issuer.another_node().await;
    let mut patient = Browser::new(&node);
    patient.cookies.clone_from(&stranger.cookies);
    let place = patient.try_password(&login, "alice", PASSWORD).await;
    granted(&patient.go_on(place, "alice").await);
}
