//! Looking writes nothing: an anonymous visitor cannot make the tables grow. CSRF-06, DOS-01. And what is
//! known is not looked up.

use doorward::{
    http::admin::table::{ROUTES, Verb},
    identity::api_key::Owner,
};
use http::{Method, StatusCode};

use crate::actors::{
    Browser, Issuer, RelyingParty,
    access::{NOTES_API, ROBOT},
    admin::Admin,
    api_key::new_key,
    issuer::PASSWORD,
    relying_party::{claims, machine},
};

/// What an anonymous visitor can ask for by GET and HEAD, on every route. CSRF-06, DOS-01.
#[tokio::test]
async fn csrf_06_dos_01_reading_every_page_writes_nothing() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let flow =
        browser.open(&app.authorize_url()).await.page().form("#sign-in").value("flow").to_owned();
    let mut witness = issuer.witness().await;
    let before = witness.state().await;
    let mut addresses: Vec<String> = routes().iter().map(|path| (*path).to_owned()).collect();
    for prompt in ["", "none", "login", "consent", "select_account", "none login"] {
        addresses.push(app.clone().with("prompt", prompt).authorize_url());
        addresses.push(
            app.clone().with("prompt", prompt).with("response_mode", "form_post").authorize_url(),
        );
    }
    for path in ["/login", "/consent", "/select-account"] {
        addresses.push(format!("{path}?flow={flow}"));
    }
    addresses.push(
        "/logout?client_id=notes&post_logout_redirect_uri=https://app.example/bye".to_owned(),
    );
    addresses.push("/signed-out?client_id=notes".to_owned());
    addresses.push("/account?done=others".to_owned());
    addresses.push(format!("/setup?token=dwf_{}", "A".repeat(43)));
    for address in &addresses {
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            browser.send(method.clone(), address, None).await;
            Browser::new(&issuer).send(method, address, None).await;
        }
    }
    // Forms that prove nothing write nothing either.
    for path in [
        "/login",
        "/consent",
        "/select-account",
        "/setup",
        "/authorize",
        "/logout",
        "/token",
        "/revoke",
        "/introspect",
    ] {
        let body = "client_id=notes&action=allow&token=x&grant_type=authorization_code&code=x";
        browser.send(Method::POST, path, Some(body.to_owned())).await;
    }
    assert_eq!(witness.state().await, before);
    // The witness sees what is written.
    let login = browser.open("/login").await.page();
    browser.try_password(&login, "nobody", "wrong").await;
    assert_ne!(witness.state().await, before);
}

/// A reader who is signed in writes nothing either, until the background job notes that the session was
/// used.
#[tokio::test]
async fn csrf_06_reading_while_signed_in_writes_nothing() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    browser.sign_in("alice").await;
    let consent = browser.open(&app.authorize_url()).await.page();
    let flow = consent.form("#allow").value("flow").to_owned();
    issuer.clock.advance(120);
    let mut witness = issuer.witness().await;
    let before = witness.state().await;
    for path in routes() {
        browser.send(Method::GET, path, None).await;
    }
    for path in ["/login", "/consent", "/select-account"] {
        let reply = browser.send(Method::GET, &format!("{path}?flow={flow}"), None).await;
        assert_eq!(reply.status, StatusCode::OK);
    }
    assert_eq!(browser.open(&app.authorize_url()).await.page().path(), "/consent");
    assert_eq!(witness.state().await, before);
    doorward::service::seen::flush(&issuer.ctx).await.unwrap();
    assert_ne!(witness.state().await, before);
    assert!(!PASSWORD.is_empty());
}

/// Reading by the admin API writes nothing either, whatever it is asked for and by HEAD as well. CSRF-06.
#[tokio::test]
async fn csrf_06_reading_by_the_admin_api_writes_nothing() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    let alice = issuer.user("alice").await;
    issuer.give(&alice, ROBOT).await;
    let key = issuer.make_key(&Owner::User(alice.id), new_key("notes:read")).await.key.id;
    issuer.group("staff", "moderator", &alice).await;
    let apis = root.get("/apis").await;
    let api = apis["items"][0]["id"].as_str().unwrap().to_owned();
    let (alice, key) = (alice.id.to_string(), key.to_string());
    issuer.clock.advance(120);
    let mut witness = issuer.witness().await;
    let before = witness.state().await;
    let mut found = 0;
    for route in ROUTES.iter().filter(|route| matches!(route.verb, Verb::Get)) {
        let id = match route.path.split('/').nth(4) {
            Some("users") => &alice,
            Some("apis") => &api,
            Some("api-keys") => &key,
            Some("roles") => "moderator",
            Some("groups") => "staff",
            _ => "console",
        };
        let path = route.path.replace("{id}", id).replace("{client_id}", id).replace("{name}", id);
        for method in ["GET", "HEAD", "OPTIONS"] {
            let reply = root.ask(&format!("{method} {path}"), serde_json::Value::Null).await;
            found += usize::from(reply.status == StatusCode::OK);
            assert_ne!(reply.status, StatusCode::NOT_FOUND, "{method} {path}");
        }
    }
    let gets = ROUTES.iter().filter(|route| matches!(route.verb, Verb::Get)).count();
    assert!(found >= gets, "{found} of {gets} were found");
    assert_eq!(witness.state().await, before);
}

/// Once everything is known, a machine's JWT with the permissions of its roles is issued, and told of,
/// from memory: without any database. A node that knows nothing asks.
#[tokio::test]
async fn a_warm_node_issues_what_roles_give_without_a_statement() {
    let issuer = Issuer::start().await;
    let cold = issuer.another_node().await;
    let app = RelyingParty::register(&issuer, "batch", machine()).await;
    let ask = [("grant_type", "client_credentials"), ("resource", NOTES_API)];
    let first = app.token(&ask).await.granted();
    assert_eq!(first["scope"], "notes:read notes:write");
    let token = first["access_token"].as_str().unwrap();
    let known = app.introspect(token).await;
    issuer.ctx.db.close().await;
    cold.ctx.db.close().await;
    for _ in 0..3 {
        let warm = app.token(&ask).await.granted();
        assert_eq!(warm["scope"], first["scope"]);
        let claims = claims(warm["access_token"].as_str().unwrap());
        assert_eq!((&claims["aud"], &claims["scope"]), (&NOTES_API.into(), &first["scope"]));
    }
    assert_eq!(app.introspect(token).await, known);
    assert_eq!(app.on(&cold).token(&ask).await.status, StatusCode::SERVICE_UNAVAILABLE);
}

/// A thousand requests of apps leave no trace but in the browsers that brought them. DOS-01.
#[tokio::test]
async fn dos_01_a_thousand_started_requests_leave_no_trace() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::web(&issuer).await;
    let mut witness = issuer.witness().await;
    let before = witness.state().await;
    let address = app.authorize_url();
    for _ in 0..1_000 {
        let reply = Browser::new(&issuer).send(Method::GET, &address, None).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(witness.state().await, before);
}

/// Every path of the public listener.
fn routes() -> [&'static str; 23] {
    use doorward::http::route;
    [
        route::OPENID_CONFIGURATION,
        route::OAUTH_AUTHORIZATION_SERVER,
        route::JWKS,
        route::AUTHORIZE,
        route::LOGOUT,
        route::TOKEN,
        route::REVOKE,
        route::INTROSPECT,
        route::USERINFO,
        route::HOME,
        route::LOGIN,
        route::SELECT_ACCOUNT,
        route::CONSENT,
        route::ACCOUNT,
        route::END_SESSION,
        route::REVOKE_APP,
        route::API_KEYS,
        route::NEW_API_KEY,
        route::ROTATE_API_KEY,
        route::REVOKE_API_KEY,
        route::SIGNED_OUT,
        route::SETUP,
        "/nothing",
    ]
}
