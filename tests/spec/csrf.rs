//! Forged requests: every form comes from a page of ours, in the browser that was shown it.
//! OWASP ASVS 3.5, the attack catalogue's CSRF rows.

use doorward::{
    identity::{AddressList, api_key::Owner},
    protocol::client::ClientMetadata,
    service::api_keys::{self, NewApiKey},
    types::{
        Scope,
        audit::{Action, Actor},
    },
};
use http::{Method, Request, StatusCode};

use crate::actors::{
    Browser, Issuer, RelyingParty,
    access::ROBOT,
    browser::Form,
    issuer::{Reply, origin},
    relying_party::encode,
};

/// How a route that is not GET is protected.
enum Guard {
    /// A form of ours: an anti-forgery value, and an origin that is ours. The page that has it, and its
    /// button.
    OwnForm(&'static str, &'static str),
    /// An app's own form: it is sent on to the same request by GET, and changes nothing.
    Reposted,
    /// Authenticates by itself; cookies are not read.
    NoCookies,
}

/// Every route that takes more than GET, by the name of its constant in `src/http/route.rs`.
const GUARDS: &[(&str, &str, Guard)] = &[
    ("AUTHORIZE", "/authorize", Guard::Reposted),
    ("LOGOUT", "/logout", Guard::OwnForm("/logout", "#sign-out")),
    ("TOKEN", "/token", Guard::NoCookies),
    ("REVOKE", "/revoke", Guard::NoCookies),
    ("INTROSPECT", "/introspect", Guard::NoCookies),
    ("USERINFO", "/userinfo", Guard::NoCookies),
    ("LOGIN", "/login", Guard::OwnForm("LOGIN", "#sign-in")),
    ("SELECT_ACCOUNT", "/select-account", Guard::OwnForm("SELECT", "#another-account")),
    ("CONSENT", "/consent", Guard::OwnForm("CONSENT", "#allow")),
    ("ROLE_MISSING", "/role-missing", Guard::OwnForm("ROLE", "#back")),
    (
        "END_SESSION",
        "/account/sessions/end",
        Guard::OwnForm("/account", "form[action='/account/sessions/end'] button"),
    ),
    (
        "REVOKE_APP",
        "/account/apps/revoke",
        Guard::OwnForm("/account", "form[action='/account/apps/revoke'] button"),
    ),
    ("NEW_API_KEY", "/account/api-keys/new", Guard::OwnForm("/account/api-keys/new", "#make")),
    ("ROTATE_API_KEY", "/account/api-keys/rotate", Guard::OwnForm("KEY", "a.rotate")),
    ("REVOKE_API_KEY", "/account/api-keys/revoke", Guard::OwnForm("KEY", "a.revoke")),
    ("SETUP", "/setup", Guard::OwnForm("SETUP", "#create")),
];

/// The routes of the server that take more than GET, as the router's source says.
fn routes_that_take_forms() -> Vec<String> {
    let source =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/mod.rs")).unwrap();
    let routes = source.split(".route(").skip(1);
    let changing = routes.filter(|route| {
        let route = route.split("\n        //").next().unwrap();
        ["post(", "put(", "delete(", "patch("].iter().any(|method| route.contains(method))
    });
    changing
        .map(|route| {
            let name = route.split_once("route::").expect("routes have names").1;
            name.split(',').next().unwrap().trim().to_owned()
        })
        .collect()
}

/// A route that takes a form cannot be added without a row here.
#[test]
fn csrf_02_every_route_that_changes_something_is_in_the_table() {
    let mut found = routes_that_take_forms();
    found.sort();
    let mut known: Vec<String> = GUARDS.iter().map(|(name, _, _)| (*name).to_owned()).collect();
    known.sort();
    assert_eq!(found, known);
}

/// A form of each kind, freshly shown to a browser in which alice is signed in and has allowed nothing to
/// `app`.
async fn shown(
    app: &RelyingParty<'_>,
    browser: &mut Browser<'_>,
    page: &str,
    button: &str,
) -> Form {
    let app = app.clone();
    let page = match page {
        "LOGIN" => browser.open(&app.with("prompt", "login").authorize_url()).await,
        "SELECT" => browser.open(&app.with("prompt", "select_account").authorize_url()).await,
        "CONSENT" => browser.open(&app.authorize_url()).await,
        "ROLE" => browser.open(&app.asking("openid notes:delete").authorize_url()).await,
        "KEY" => {
            let keys = browser.open("/account/api-keys").await.page();
            return browser.open(&keys.href(button)).await.page().form("[type=submit][id^=r]");
        }
        path => browser.open(path).await,
    };
    page.page().form(button)
}

/// An app that cannot do without what alice may not do.
fn metadata() -> ClientMetadata {
    let mut metadata = crate::actors::relying_party::web_app();
    metadata.essential_scope = Scope::parse("notes:delete").unwrap();
    metadata.scope = metadata.scope.union(&metadata.essential_scope);
    metadata
}

/// What another site can make a browser send changes nothing: without the anti-forgery value, with
/// another browser's, or with an origin that is not ours, it is 403. CSRF-01, CSRF-02, CSRF-04.
#[tokio::test]
async fn csrf_01_02_04_a_foreign_form_is_refused_on_every_route() {
    let issuer = Issuer::start().await;
    let setup = doorward::service::setup::link(&issuer.ctx).await.unwrap().unwrap();
    let setup_page = format!("/setup?token={}", setup.expose());
    let mut anonymous = Browser::new(&issuer);
    let setup_form = anonymous.open(&setup_page).await.page().form("#create");
    alice_with_a_key(&issuer).await;
    let mut attacker = Browser::new(&issuer);
    let stolen = attacker.open("/login").await.page().form("#sign-in").value("csrf").to_owned();
    let mut browser = Browser::new(&issuer);
    browser.sign_in("alice").await;
    RelyingParty::web(&issuer).await.sign_in(&mut browser, "alice").await;
    let app = RelyingParty::register(&issuer, "other", metadata()).await;
    for (name, path, guard) in GUARDS {
        let Guard::OwnForm(page, button) = guard else { continue };
        let (browser, form) = if *page == "SETUP" {
            (&mut anonymous, setup_form.clone())
        } else {
            let form = shown(&app, &mut browser, page, button).await;
            (&mut browser, form)
        };
        assert_eq!(form.action.split('?').next(), Some(*path), "{name}");
        let mut forged =
            vec![form.clone().fill("csrf", "AAAA"), form.clone().fill("csrf", &stolen)];
        if *name != "LOGOUT" {
            // Without it the form is an app's request to sign out, which asks.
            forged.push(form.clone().without("csrf"));
            forged.push(form.clone().fill("csrf", ""));
        }
        for form in forged {
            let reply = browser.send(Method::POST, path, Some(encode(&form.fields))).await;
            assert_eq!(reply.status, StatusCode::FORBIDDEN, "{name}");
        }
        for (header, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "none"),
            ("origin", "null"),
            ("origin", "https://evil.example"),
            ("origin", "https://www.id.example"),
            ("origin", "http://id.example"),
        ] {
            browser.headers.insert(header, value.parse().unwrap());
            let reply = browser.send(Method::POST, path, Some(encode(&form.fields))).await;
            assert_eq!(reply.status, StatusCode::FORBIDDEN, "{name} {header}: {value}");
            browser.headers.clear();
        }
        for media_type in ["text/plain", "multipart/form-data; boundary=x", "application/json", ""]
        {
            browser.headers.insert("content-type", media_type.parse().unwrap());
            let reply = browser.send(Method::POST, path, Some(encode(&form.fields))).await;
            assert_eq!(reply.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{name} {media_type}");
            browser.headers.clear();
        }
    }
    assert_eq!(browser.open("/account").await.page().path(), "/account", "still signed in");
    nothing_happened(&issuer).await;
}

/// What the test did itself is in the audit log, and nothing else.
async fn nothing_happened(issuer: &Issuer) {
    for (action, times) in [
        (Action::SignedOut, 0),
        (Action::ConsentRevoked, 0),
        (Action::ConsentGranted, 1),
        (Action::SignedIn, 1),
        (Action::ApiKeyCreated, 1),
        (Action::ApiKeyRotated, 0),
        (Action::ApiKeyRevoked, 0),
    ] {
        assert_eq!(issuer.audited(action).await, times, "{action:?}");
    }
}

/// Alice, with an API key to rotate and to revoke.
async fn alice_with_a_key(issuer: &Issuer) {
    let alice = issuer.user("alice").await;
    issuer.give(&alice, ROBOT).await;
    let permissions = Scope::parse("notes:read").unwrap();
    let addresses = AddressList::default();
    let new = NewApiKey { name: "Backup".to_owned(), permissions, lifetime: None, addresses };
    api_keys::create(&issuer.ctx, Owner::User(alice.id), new, Actor::Operator, &origin())
        .await
        .unwrap();
}

/// A browser that says nothing of the origin is held by the anti-forgery value alone. CSRF-04.
#[tokio::test]
async fn csrf_04_without_an_origin_the_value_decides() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let mut browser = Browser::new(&issuer);
    let form = browser.open("/login").await.page().form("#sign-in");
    let form = form.fill("username", "alice").fill("password", crate::actors::issuer::PASSWORD);
    let send = |form: Form| {
        let cookies: Vec<String> =
            browser.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let request = Request::post("/login")
            .header("cookie", cookies.join("; "))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(encode(&form.fields))
            .unwrap();
        issuer.send(request)
    };
    assert_eq!(send(form.clone().without("csrf")).await.status, StatusCode::FORBIDDEN);
    assert_eq!(send(form).await.status, StatusCode::SEE_OTHER);
}

/// The endpoints of clients do not read cookies: a browser that is signed in gets nothing from them.
#[tokio::test]
async fn csrf_02_the_endpoints_of_clients_read_no_cookies() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let mut browser = Browser::new(&issuer);
    browser.sign_in("alice").await;
    for (_, path, guard) in GUARDS {
        if matches!(guard, Guard::NoCookies) {
            let reply =
                browser.send(Method::POST, path, Some("token=x&client_id=x".to_owned())).await;
            assert!(reply.status.is_client_error(), "{path} {}", reply.status);
            assert!(!reply.headers.contains_key("set-cookie"));
        }
        if matches!(guard, Guard::Reposted) {
            let reply = browser.send(Method::POST, path, Some("state=x".to_owned())).await;
            assert_eq!(reply.status, StatusCode::SEE_OTHER, "{path}");
            assert_eq!(reply.header(http::header::LOCATION), format!("{path}?state=x"));
        }
    }
}

/// A request is of the method that it came with; nothing in it chooses another. CSRF-07.
#[tokio::test]
async fn csrf_07_a_request_cannot_choose_another_method() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let mut browser = Browser::new(&issuer);
    browser.sign_in("alice").await;
    browser.headers.insert("x-http-method-override", "POST".parse().unwrap());
    browser.headers.insert("x-method-override", "POST".parse().unwrap());
    let method = |reply: Reply| reply.status;
    let reply =
        browser.send(Method::GET, "/account/sessions/end?_method=POST&session=others", None).await;
    assert_eq!(method(reply), StatusCode::METHOD_NOT_ALLOWED);
    let reply = browser.send(Method::GET, "/token?_method=POST", None).await;
    assert_eq!(method(reply), StatusCode::METHOD_NOT_ALLOWED);
    for wrong in [Method::PUT, Method::DELETE, Method::PATCH, Method::TRACE, Method::CONNECT] {
        let request = Request::builder().method(&wrong).uri("/login").body(String::new()).unwrap();
        assert_eq!(issuer.send(request).await.status, StatusCode::METHOD_NOT_ALLOWED, "{wrong}");
    }
}

/// No page can be framed. CSRF-08. (The headers are held by the oracle of every answer.)
#[tokio::test]
async fn csrf_08_no_page_can_be_framed() {
    let issuer = Issuer::start().await;
    let mut browser = Browser::new(&issuer);
    for path in ["/login", "/signed-out", "/logout", "/nothing", "/authorize"] {
        let page = browser.open(path).await.page();
        let policy = page.reply.header(http::header::CONTENT_SECURITY_POLICY);
        assert!(policy.contains("frame-ancestors 'none'"), "{path}");
        assert_eq!(page.reply.header(http::header::X_FRAME_OPTIONS), "DENY", "{path}");
    }
}
