//! The database is away: 503 with `Retry-After`, what is public stays, and nobody is ever signed in or a
//! token active by default. The catalogue's DBX rows.

use http::{Method, Request, StatusCode};

use crate::actors::{
    Browser, Issuer, RelyingParty,
    issuer::PASSWORD,
    relying_party::{CALLBACK, VERIFIER},
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
