//! Limits on guessing passwords. NIST SP 800-63B-4 §3.2.2, OWASP ASVS 6.3.1, the catalogue's LOCK rows.

use std::sync::Arc;

use doorward::{
    identity::api_key::Owner,
    protocol::client::{ClientMetadata, GrantType},
    service::setup,
    types::audit::Action,
};
use http::{Request, StatusCode, header};
use serde_json::json;

use crate::actors::{
    Browser, Issuer, RelyingParty,
    access::ROBOT,
    admin::Admin,
    api_key::exchanger,
    browser::Page,
    issuer::{PASSWORD, Reply},
    relying_party::{encode, web_app},
    visits::granted,
};

/// A try of a fresh browser from `peer`.
async fn attempt(issuer: &Issuer, peer: &str, username: &str, password: &str) -> Reply {
    let mut browser = Browser::new(issuer);
    let page = browser.open("/login").await.page();
    issuer.send_from(peer, request(&browser, &page, username, password)).await
}

fn request(browser: &Browser<'_>, page: &Page, username: &str, password: &str) -> Request<String> {
    let form = page.form("#sign-in").fill("username", username).fill("password", password);
    let cookies: Vec<String> = browser.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
    Request::post("/login")
        .header(header::COOKIE, cookies.join("; "))
        .header(header::ORIGIN, issuer_url())
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(encode(&form.fields))
        .unwrap()
}

fn issuer_url() -> &'static str {
    crate::actors::issuer::ISSUER
}

const HERE: &str = "192.0.2.1:40000";

fn wait_of(reply: &Reply) -> u64 {
    assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS, "{}", reply.text());
    reply.header(header::RETRY_AFTER).parse().unwrap()
}

/// Five wrong passwords in a row, then a wait that doubles up to five minutes; knocking meanwhile changes
/// nothing, and the right password must wait as well. LOCK-01.
#[tokio::test]
async fn lock_01_the_wait_grows_to_five_minutes() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    for _ in 0..5 {
        let reply = attempt(&issuer, HERE, "alice", "wrong").await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    for expected in [15, 30, 60, 120, 240, 300, 300] {
        for password in ["wrong", PASSWORD] {
            let reply = attempt(&issuer, HERE, "alice", password).await;
            assert_eq!(wait_of(&reply), expected);
        }
        issuer.clock.advance(i64::try_from(expected).unwrap() - 1);
        assert_eq!(wait_of(&attempt(&issuer, HERE, "alice", PASSWORD).await), 1);
        issuer.clock.advance(1);
        let reply = attempt(&issuer, HERE, "alice", "wrong").await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(issuer.audited(Action::SignInBlocked).await, 8, "one for each wait");
}

/// Never more than a hundred in a row; after a day everything starts anew.
#[tokio::test]
async fn lock_01_after_a_hundred_failures_nothing_helps_but_a_day() {
    let issuer = Issuer::start_with(|policy| policy.lockout.most = 8).await;
    issuer.user("alice").await;
    for _ in 0..8 {
        let reply = attempt(&issuer, HERE, "alice", "wrong").await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
        issuer.clock.advance(300);
    }
    let wait = wait_of(&attempt(&issuer, HERE, "alice", PASSWORD).await);
    assert_eq!(wait, 24 * 3600 - 300);
    issuer.clock.advance(i64::try_from(wait).unwrap());
    let reply = attempt(&issuer, HERE, "alice", PASSWORD).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
}

/// A success clears the counter of this user, and of nobody else. LOCK-02.
#[tokio::test]
async fn lock_02_a_success_clears_the_users_own_counter() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    issuer.user("bob").await;
    for _ in 0..4 {
        attempt(&issuer, HERE, "alice", "wrong").await;
        attempt(&issuer, HERE, "bob", "wrong").await;
    }
    assert_eq!(attempt(&issuer, HERE, "alice", PASSWORD).await.status, StatusCode::SEE_OTHER);
    for _ in 0..5 {
        let reply = attempt(&issuer, HERE, "alice", "wrong").await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    attempt(&issuer, HERE, "bob", "wrong").await;
    wait_of(&attempt(&issuer, HERE, "bob", "wrong").await);
}

/// Two hundred tries at once over two nodes compute no more hashes than five, one after another.
/// LOCK-03.
#[tokio::test]
async fn lock_03_parallel_tries_compute_no_more_hashes() {
    let issuer = Arc::new(Issuer::start().await);
    let other = Arc::new(issuer.another_node().await);
    issuer.user("alice").await;
    let mut browser = Browser::new(&issuer);
    let page = browser.open("/login").await.page();
    let before = issuer.ctx.passwords.hashes_computed() + other.ctx.passwords.hashes_computed();
    let mut tries = tokio::task::JoinSet::new();
    for number in 0..200 {
        let node = Arc::clone(if number % 2 == 0 { &issuer } else { &other });
        let request = request(&browser, &page, "alice", "wrong");
        let peer = format!("198.51.100.{}:1", number % 250);
        tries.spawn(async move { node.send_from(&peer, request).await.status });
    }
    let statuses = tries.join_all().await;
    let after = issuer.ctx.passwords.hashes_computed() + other.ctx.passwords.hashes_computed();
    let wrong =
        statuses.iter().filter(|status| **status == StatusCode::UNPROCESSABLE_ENTITY).count();
    assert!(after - before <= 5, "{} hashes", after - before);
    assert_eq!(u64::try_from(wrong).unwrap(), after - before);
    assert!(statuses.iter().all(|s| [422, 429].contains(&s.as_u16())), "{statuses:?}");
}

/// Somebody who signs in many times at once with the right password does not guess: an attempt counts
/// as a failure until its success is written, and the next one is counted after that.
#[tokio::test]
async fn lock_03_honest_sign_ins_at_once_all_succeed() {
    let issuer = Arc::new(Issuer::start().await);
    issuer.user("alice").await;
    let mut browser = Browser::new(&issuer);
    let page = browser.open("/login").await.page();
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let (node, request) = (Arc::clone(&issuer), request(&browser, &page, "alice", PASSWORD));
        tries.spawn(async move { node.send_from(HERE, request).await.status });
    }
    for status in tries.join_all().await {
        assert_eq!(status, StatusCode::SEE_OTHER);
    }
}

/// A user is one user however the name is typed. LOCK-06.
#[tokio::test]
async fn lock_06_every_spelling_of_a_name_counts_for_the_same_user() {
    let issuer = Issuer::start().await;
    issuer.full_user("alice").await;
    let spellings = ["ALICE", " alice ", "ａｌｉｃｅ", "Alice@Example.com", "alice@EXAMPLE.com"];
    for spelling in spellings {
        let reply = attempt(&issuer, HERE, spelling, "wrong").await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{spelling}");
    }
    for spelling in ["alice"].into_iter().chain(spellings) {
        assert_eq!(wait_of(&attempt(&issuer, HERE, spelling, PASSWORD).await), 15, "{spelling}");
    }
}

/// The counters are in the database: a restart and another node know them. LOCK-07.
#[tokio::test]
async fn lock_07_a_restart_forgets_nothing() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    for _ in 0..5 {
        attempt(&issuer, HERE, "alice", "wrong").await;
    }
    let other = issuer.another_node().await;
    assert_eq!(wait_of(&attempt(&other, HERE, "alice", PASSWORD).await), 15);
    doorward::service::jobs::sweep(&issuer.ctx).await.unwrap();
    assert_eq!(wait_of(&attempt(&issuer, HERE, "alice", PASSWORD).await), 15);
}

/// Many unknown names do not push a counter out. LOCK-08.
#[tokio::test]
async fn lock_08_a_flood_of_names_evicts_no_counter() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    for _ in 0..5 {
        attempt(&issuer, HERE, "alice", "wrong").await;
    }
    for number in 0..90 {
        let peer = format!("198.51.100.{number}:1");
        attempt(&issuer, &peer, &format!("nobody{number}"), "wrong").await;
    }
    doorward::service::jobs::sweep(&issuer.ctx).await.unwrap();
    assert_eq!(wait_of(&attempt(&issuer, HERE, "alice", PASSWORD).await), 15);
}

/// A flood of failures leaves one event for each wait, and buries no success. DOS-04.
#[tokio::test]
async fn dos_04_a_flood_of_failures_is_one_event_for_each_wait() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    for number in 0..8 {
        for _ in 0..15 {
            let peer = format!("198.51.100.{number}:1");
            attempt(&issuer, &peer, &format!("nobody{number}"), "wrong").await;
        }
        Browser::new(&issuer).sign_in("alice").await;
    }
    assert_eq!(issuer.audited(Action::SignInBlocked).await, 8);
    assert_eq!(issuer.audited(Action::SignedIn).await, 8);
}

/// A network that fails too often waits: one IPv4 address, and all of an IPv6 /64. LOCK-09, LOCK-10.
#[tokio::test]
async fn lock_09_10_a_network_is_slowed_down_whatever_names_it_tries() {
    let issuer = Issuer::start_with(|policy| policy.lockout.network.burst = 10).await;
    issuer.user("alice").await;
    for number in 0..10 {
        let peer = format!("[2001:db8::{number:x}]:1");
        let reply = attempt(&issuer, &peer, &format!("nobody{number}"), "wrong").await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(issuer.audited(Action::SignInsLimited).await, 0);
    wait_of(&attempt(&issuer, "[2001:db8::ffff:1]:1", "alice", PASSWORD).await);
    let told = issuer.events(Action::SignInsLimited).await;
    assert_eq!(told[0].detail, r#"{"limit":"network"}"#);
    assert_eq!(told[0].address.as_deref(), Some("2001:db8::ffff:1"));
    // Once an hour is enough.
    wait_of(&attempt(&issuer, "[2001:db8::ffff:2]:1", "alice", PASSWORD).await);
    assert_eq!(issuer.audited(Action::SignInsLimited).await, 1);
    let reply = attempt(&issuer, "[2001:db8:0:1::1]:1", "alice", PASSWORD).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "another /64");
    for number in 0..10 {
        attempt(&issuer, HERE, &format!("nobody{number}"), "wrong").await;
    }
    wait_of(&attempt(&issuer, HERE, "alice", PASSWORD).await);
    issuer.clock.advance(3);
    assert_eq!(attempt(&issuer, HERE, "alice", PASSWORD).await.status, StatusCode::SEE_OTHER);
}

/// Spraying over all addresses and all names meets a limit as well. LOCK-10.
#[tokio::test]
async fn lock_10_spraying_meets_the_global_limit() {
    let issuer = Issuer::start_with(|policy| policy.lockout.global.burst = 10).await;
    issuer.user("alice").await;
    for number in 0..10 {
        attempt(&issuer, &format!("198.51.100.{number}:1"), &format!("n{number}"), "wrong").await;
    }
    for stranger in ["198.51.100.98:1", "198.51.100.99:1"] {
        wait_of(&attempt(&issuer, stranger, "alice", "wrong").await);
    }
    let told = issuer.events(Action::SignInsLimited).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].detail, r#"{"limit":"everybody"}"#);
}

/// Strangers cannot lock a user out of a browser that the user has signed in with before; and that
/// browser may guess no more than anybody. security.md.
#[tokio::test]
async fn strangers_do_not_lock_out_a_known_device() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let mut known = Browser::new(&issuer);
    let account = known.sign_in("alice").await;
    known.press(&account, "#sign-out").await.page();
    for _ in 0..5 {
        attempt(&issuer, "198.51.100.1:1", "alice", "wrong").await;
    }
    wait_of(&attempt(&issuer, HERE, "alice", PASSWORD).await);
    let account = known.sign_in("alice").await;
    known.press(&account, "#sign-out").await.page();
    for _ in 0..5 {
        let page = known.open("/login").await.page();
        let page = known.try_password(&page, "alice", "wrong").await.page();
        assert_eq!(page.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
    let page = known.open("/login").await.page();
    let page = known.try_password(&page, "alice", PASSWORD).await.page();
    assert_eq!(page.status(), StatusCode::TOO_MANY_REQUESTS);
    // The cookie of another user's device is worth nothing.
    issuer.user("mallory").await;
    let mut mallory = Browser::new(&issuer);
    mallory.sign_in("mallory").await;
    for _ in 0..5 {
        attempt(&issuer, "198.51.100.2:1", "alice", "wrong").await;
    }
    let page = mallory.open("/logout").await.page();
    mallory.press(&page, "#sign-out").await.page();
    let page = mallory.open("/login").await.page();
    let page = mallory.try_password(&page, "alice", PASSWORD).await.page();
    assert_eq!(page.status(), StatusCode::TOO_MANY_REQUESTS);
}

/// LOCK-05: strangers who guess until nobody may try any more take nothing from the user that is there
/// already: the session, its tokens, the next app.
#[tokio::test]
async fn lock_05_what_the_user_has_goes_on_while_strangers_guess() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::public(&issuer).await.asking("openid offline_access");
    let mut browser = Browser::new(&issuer);
    let first = app.redeem(&app.code(&mut browser, "alice").await).await.granted();
    for _ in 0..5 {
        attempt(&issuer, "198.51.100.1:1", "alice", "wrong").await;
    }
    wait_of(&attempt(&issuer, "198.51.100.2:1", "alice", PASSWORD).await);
    let next = app.refresh(first["refresh_token"].as_str().unwrap()).await.granted();
    assert_eq!(app.userinfo(next["access_token"].as_str().unwrap()).await.status, StatusCode::OK);
    let code = granted(&browser.open(&app.authorize_url()).await.away());
    app.redeem(&code).await.granted();
}

/// A name or a password that is longer than any is refused before it is normalised or hashed. FLOOD-05.
#[tokio::test]
async fn flood_05_what_is_too_long_is_not_hashed() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let before = issuer.ctx.passwords.hashes_computed();
    let long = "x".repeat(1_025);
    let marks = "e\u{301}".repeat(2_000);
    for (username, password) in
        [("alice", long.as_str()), ("alice", &marks), (&long, PASSWORD), (&marks, PASSWORD)]
    {
        let reply = attempt(&issuer, HERE, username, password).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{}", reply.text());
    }
    assert_eq!(issuer.ctx.passwords.hashes_computed(), before);
}

/// FLOOD-05 at every other door: the password grant, the page of the first administrator, the admin API.
#[tokio::test]
async fn flood_05_what_is_too_long_is_not_hashed_at_any_door() {
    let issuer = Issuer::start_with_password_grant().await;
    let link = setup::link(&issuer.ctx).await.unwrap().unwrap();
    let mut browser = Browser::new(&issuer);
    let create = browser.open(&format!("/setup?token={}", link.expose())).await.page();
    let create = create.form("#create").fill("username", "root");
    let long = "x".repeat(1_025);
    let marks = "e\u{301}".repeat(1_000);
    for password in [&long, &marks] {
        let form = create.clone().fill("password", password).fill("password_again", password);
        let page = browser.submit(&form).await.page();
        assert!(page.status().is_client_error(), "{}", page.text());
    }
    assert_eq!(issuer.ctx.passwords.hashes_computed(), 0);

    let root = Admin::root(&issuer).await;
    let alice = issuer.user("alice").await.id;
    let metadata = ClientMetadata { grant_types: [GrantType::Password].into(), ..web_app() };
    let metadata = ClientMetadata { redirect_uris: Vec::new(), ..metadata };
    let metadata = ClientMetadata { post_logout_redirect_uris: Vec::new(), ..metadata };
    let app = RelyingParty::register(&issuer, "legacy", metadata).await;
    let before = issuer.ctx.passwords.hashes_computed();
    for text in [&long, &marks] {
        for (username, password) in [("alice", text.as_str()), (text.as_str(), PASSWORD)] {
            let fields =
                [("grant_type", "password"), ("username", username), ("password", password)];
            app.token(&fields).await.is_invalid_grant();
        }
        let set = json!({ "password": text });
        root.ask(&format!("POST /users/{alice}/password"), set).await.invalid("/password");
        let made = root.ask("POST /users", json!({ "username": "bob", "password": text })).await;
        made.invalid("/password");
    }
    assert_eq!(issuer.ctx.passwords.hashes_computed(), before);
}

/// LOCK-05: keys of a user, and tokens for them, go on as well: nobody guesses those.
#[tokio::test]
async fn lock_05_api_keys_go_on_while_strangers_guess() {
    let issuer = Issuer::start().await;
    let alice = issuer.user("alice").await;
    issuer.give(&alice, ROBOT).await;
    let key = issuer.api_key(&Owner::User(alice.id), "notes:read").await;
    let gateway = RelyingParty::register(&issuer, "gateway", exchanger()).await;
    for _ in 0..5 {
        attempt(&issuer, "198.51.100.1:1", "alice", "wrong").await;
    }
    wait_of(&attempt(&issuer, "198.51.100.2:1", "alice", PASSWORD).await);
    assert_eq!(gateway.introspect(&key).await["active"], true);
    gateway.exchange(&key, &[]).await.granted();
}
