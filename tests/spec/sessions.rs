//! Browser sessions and their cookies. OWASP ASVS 3.3, 7; RFC 6265bis.

use doorward::types::audit::{Action, Actor};
use http::{Method, StatusCode, header};

use crate::actors::{
    Browser, Issuer, RelyingParty,
    issuer::{PASSWORD, origin},
    visits::granted,
};

const SESSION: &str = "__Host-doorward-session";
const BROWSER: &str = "__Host-doorward-browser";

/// Whether these cookies open an account at `issuer`.
async fn opens(issuer: &Issuer, name: &str, value: &str) -> bool {
    let mut browser = Browser::new(issuer);
    browser.cookies.insert(name.to_owned(), value.to_owned());
    browser.open("/account").await.page().path() == "/account"
}

/// A cookie that somebody planted before the sign-in opens nothing after it; every authentication and
/// every change of user brings a new one, and the old one is dead on every node. SESS-01.
#[tokio::test]
async fn sess_01_every_authentication_brings_a_new_cookie() {
    let issuer = Issuer::start().await;
    let other = issuer.another_node().await;
    issuer.user("alice").await;
    issuer.user("bob").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let planted = format!("dws_{}", "A".repeat(43));
    browser.cookies.insert(SESSION.to_owned(), planted.clone());
    let mut seen = vec![planted];
    browser.sign_in("alice").await;
    seen.push(browser.cookies[SESSION].clone());
    for username in ["alice", "bob", "alice"] {
        let page = browser.open(&app.clone().with("prompt", "login").authorize_url()).await.page();
        let place = browser.try_password(&page, username, PASSWORD).await;
        browser.go_on(place, username).await;
        seen.push(browser.cookies[SESSION].clone());
    }
    let last = seen.pop().unwrap();
    for node in [&issuer, &other] {
        assert!(opens(node, SESSION, &last).await);
        for old in &seen {
            assert!(!opens(node, SESSION, old).await && *old != last);
        }
    }
}

/// Every cookie is bound to this host, to https and to HTTP, and is small. SESS-02.
#[tokio::test]
async fn sess_02_cookies_are_bound_to_the_host() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let mut browser = Browser::new(&issuer);
    let mut set = Vec::new();
    let login = browser.send(Method::GET, "/login", None).await;
    set.extend(login.headers.get_all(header::SET_COOKIE).into_iter().cloned());
    let page = browser.open("/login").await.page();
    let form = page.form("#sign-in").fill("username", "alice").fill("password", PASSWORD);
    let body = crate::actors::relying_party::encode(&form.fields);
    let reply = browser.send(Method::POST, "/login", Some(body)).await;
    set.extend(reply.headers.get_all(header::SET_COOKIE).into_iter().cloned());
    assert_eq!(set.len(), 3);
    for value in set {
        let text = value.to_str().unwrap();
        assert!(text.starts_with("__Host-doorward-") && text.len() < 4096, "{text}");
        for attribute in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
            assert!(text.contains(attribute), "{text}");
        }
        assert!(!text.to_lowercase().contains("domain"), "{text}");
    }
}

/// A session is opened by its cookie, and by nothing else that a request can say. SESS-05.
#[tokio::test]
async fn sess_05_a_session_is_in_its_cookie_alone() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let mut browser = Browser::new(&issuer);
    browser.sign_in("alice").await;
    let token = browser.cookies[SESSION].clone();
    let mut thief = Browser::new(&issuer);
    for name in ["session", "sid", "doorward-session", SESSION] {
        let address = format!("/account?{name}={token}");
        assert_eq!(thief.open(&address).await.page().path(), "/login");
        let header: http::HeaderName = name.to_lowercase().parse().unwrap();
        thief.headers.insert(header, token.parse().unwrap());
        assert_eq!(thief.open("/account").await.page().path(), "/login");
        thief.headers.clear();
    }
    thief.headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
    assert_eq!(thief.open("/account").await.page().path(), "/login");
    for name in ["session", "sid", SESSION] {
        let fields =
            [(name.to_owned(), token.clone()), ("session".to_owned(), "others".to_owned())];
        let body = crate::actors::relying_party::encode(&fields);
        let reply = thief.send(Method::POST, "/account/sessions/end", Some(body)).await;
        assert!(reply.status.is_client_error(), "{name}: {}", reply.status);
    }
    assert!(opens(&issuer, SESSION, &token).await);
    assert!(!opens(&issuer, "doorward-session", &token).await);
    assert!(!opens(&issuer, "__host-doorward-session", &token).await);
}

/// Two cookies of one name mean that somebody else set one of them: neither counts. SESS-06.
#[tokio::test]
async fn sess_06_a_cookie_that_was_tossed_in_counts_for_nothing() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    issuer.user("mallory").await;
    let mut alice = Browser::new(&issuer);
    alice.sign_in("alice").await;
    let mut mallory = Browser::new(&issuer);
    mallory.sign_in("mallory").await;
    let (hers, theirs) = (alice.cookies[SESSION].clone(), mallory.cookies[SESSION].clone());
    for (first, second) in [(&hers, &theirs), (&theirs, &hers)] {
        let request = http::Request::get("/account")
            .header("cookie", format!("{SESSION}={first}; {SESSION}={second}"))
            .body(String::new())
            .unwrap();
        let reply = issuer.send(request).await;
        assert_eq!(reply.header(header::LOCATION), "/login");
        let request = http::Request::get("/account")
            .header("cookie", format!("{SESSION}={first}"))
            .header("cookie", format!("{SESSION}={second}"))
            .body(String::new())
            .unwrap();
        assert_eq!(issuer.send(request).await.status, StatusCode::SEE_OTHER);
    }
}

/// A cookie that was altered, cut, or taken from another place opens nothing. SESS-12, SESS-14.
#[tokio::test]
async fn sess_12_14_only_the_exact_cookie_opens() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let mut browser = Browser::new(&issuer);
    browser.sign_in("alice").await;
    let token = browser.cookies[SESSION].clone();
    let mut bad = vec![
        String::new(),
        token[..token.len() - 1].to_owned(),
        format!("{token}A"),
        token.to_uppercase(),
        browser.cookies[BROWSER].clone(),
    ];
    for position in 0..token.len() {
        let mut altered = token.clone().into_bytes();
        altered[position] ^= 1;
        bad.push(String::from_utf8(altered).unwrap().replace([';', '=', ','], "x"));
    }
    let hash = doorward::types::TokenHash::of(doorward::types::token::TokenKind::Session, &token);
    bad.push(<base64ct::Base64Url as base64ct::Encoding>::encode_string(hash.as_bytes()));
    let encoded =
        <base64ct::Base64UrlUnpadded as base64ct::Encoding>::encode_string(hash.as_bytes());
    bad.push(format!("dws_{encoded}"));
    for value in bad {
        assert!(!opens(&issuer, SESSION, &value).await, "{value}");
    }
    assert!(opens(&issuer, SESSION, &token).await);
}

/// Beyond the most sessions that a user may have, the one that was used longest ago ends. SESS-09.
#[tokio::test]
async fn sess_09_the_oldest_session_makes_room() {
    let issuer = Issuer::start_with(|policy| policy.sessions.most_per_user = 5).await;
    issuer.user("alice").await;
    let mut cookies = Vec::new();
    for _ in 0..6 {
        let mut browser = Browser::new(&issuer);
        browser.sign_in("alice").await;
        cookies.push(browser.cookies[SESSION].clone());
        issuer.wait(1).await;
    }
    for (position, cookie) in cookies.iter().enumerate() {
        assert_eq!(opens(&issuer, SESSION, cookie).await, position > 0, "{position}");
    }
}

/// SESS-09: a session never makes room for another that began in the same second: whoever signs in is
/// signed in.
#[tokio::test]
async fn sess_09_the_session_that_begins_stays() {
    let issuer = Issuer::start_with(|policy| policy.sessions.most_per_user = 1).await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    for _ in 0..20 {
        let tokens = app.tokens("alice").await;
        let access = tokens["access_token"].as_str().unwrap();
        assert_eq!(app.userinfo(access).await.status, 200);
    }
}

/// A session ends when it is not used, and at the latest after its whole time.
#[tokio::test]
async fn a_session_ends_idle_or_old() {
    let issuer = Issuer::start_with(|policy| {
        policy.sessions.idle = std::time::Duration::from_secs(1_000);
        policy.sessions.absolute = std::time::Duration::from_mins(50);
    })
    .await;
    issuer.user("alice").await;
    let mut idle = Browser::new(&issuer);
    idle.sign_in("alice").await;
    let mut used = Browser::new(&issuer);
    used.sign_in("alice").await;
    let (idle, used) = (idle.cookies[SESSION].clone(), used.cookies[SESSION].clone());
    for _ in 0..3 {
        issuer.wait(999).await;
        assert!(opens(&issuer, SESSION, &used).await);
        doorward::service::seen::flush(&issuer.ctx).await.unwrap();
    }
    assert!(!opens(&issuer, SESSION, &idle).await);
    issuer.wait(3).await;
    assert!(!opens(&issuer, SESSION, &used).await);
}

/// A disabled user is signed in nowhere, on no node, and cannot sign in again. TOK-09 for pages.
#[tokio::test]
async fn disabling_a_user_ends_every_session() {
    let issuer = Issuer::start().await;
    let other = issuer.another_node().await;
    let alice = issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    granted(&app.sign_in(&mut browser, "alice").await);
    let consent = browser.open(&app.clone().with("prompt", "consent").authorize_url()).await.page();
    doorward::service::users::disable(&issuer.ctx, alice.id, Actor::Operator, &origin())
        .await
        .unwrap();
    for node in [&issuer, &other] {
        assert!(!opens(node, SESSION, &browser.cookies[SESSION]).await);
    }
    let page = browser.press(&consent, "#allow").await.page();
    assert!(page.status().is_client_error());
    let login = browser.open("/login").await.page();
    let page = browser.try_password(&login, "alice", PASSWORD).await.page();
    assert_eq!(page.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

/// A new password ends every session: whoever stole one is out.
#[tokio::test]
async fn a_new_password_ends_every_session() {
    let issuer = Issuer::start().await;
    let alice = issuer.user("alice").await;
    let mut browser = Browser::new(&issuer);
    browser.sign_in("alice").await;
    let password = doorward::types::Secret::new("another horse battery staple".to_owned());
    doorward::service::users::set_password(
        &issuer.ctx,
        alice.id,
        password,
        Actor::Operator,
        &origin(),
    )
    .await
    .unwrap();
    assert!(!opens(&issuer, SESSION, &browser.cookies[SESSION]).await);
    let login = browser.open("/login").await.page();
    let page = browser.try_password(&login, "alice", PASSWORD).await.page();
    assert_eq!(page.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

/// One event for each sign-in, and none for a failed one.
#[tokio::test]
async fn a_sign_in_is_audited_once() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let mut browser = Browser::new(&issuer);
    let login = browser.open("/login").await.page();
    browser.try_password(&login, "alice", "wrong").await;
    assert_eq!(issuer.audited(Action::SignedIn).await, 0);
    browser.sign_in("alice").await;
    assert_eq!(issuer.audited(Action::SignedIn).await, 1);
    let app = RelyingParty::web(&issuer).await;
    app.sign_in(&mut Browser::new(&issuer), "alice").await;
    assert_eq!(issuer.audited(Action::SignedIn).await, 2);
}
