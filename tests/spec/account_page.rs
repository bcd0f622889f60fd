//! The account page: one's own sessions, and the apps that were allowed something.

use doorward::types::audit::Action;
use http::{Method, StatusCode};

use crate::actors::{
    Browser, Issuer, RelyingParty,
    browser::Page,
    relying_party::encode,
    visits::{granted, refused},
};

const SESSION: &str = "form[action='/account/sessions/end'] button[name=session]";
const APP: &str = "form[action='/account/apps/revoke'] button";

fn sessions(page: &Page) -> Vec<String> {
    let html = scraper::Html::parse_document(&page.reply.text());
    let buttons = scraper::Selector::parse(SESSION).unwrap();
    let ids = html.select(&buttons).filter_map(|button| button.attr("value"));
    ids.filter(|id| *id != "others").map(str::to_owned).collect()
}

/// Nobody sees it without signing in, and everybody sees their own alone.
#[tokio::test]
async fn it_shows_whoever_is_signed_in_their_own() {
    let issuer = Issuer::start().await;
    issuer.full_user("alice").await;
    issuer.user("bob").await;
    assert_eq!(Browser::new(&issuer).open("/account").await.page().path(), "/login");
    assert_eq!(Browser::new(&issuer).open("/").await.page().path(), "/login");
    let mut bob = Browser::new(&issuer);
    bob.sign_in("bob").await;
    let mut alice = Browser::new(&issuer);
    let page = alice.sign_in("alice").await;
    assert_eq!(page.text_of("#account-username"), "alice");
    assert!(page.text().contains("alice@example.com") && !page.text().contains("bob"));
    assert_eq!(sessions(&page).len(), 1);
}

/// One session is ended, and its cookie and its tokens with it; the others stay.
#[tokio::test]
async fn a_session_is_ended_from_another() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut phone = Browser::new(&issuer);
    let code = granted(&app.sign_in(&mut phone, "alice").await);
    let tokens = app.redeem(&code).await.json();
    let mut laptop = Browser::new(&issuer);
    let page = laptop.sign_in("alice").await;
    assert_eq!(sessions(&page).len(), 2);
    let done = laptop.press(&page, "#end-others").await.page();
    assert_eq!(done.path(), "/account");
    assert!(done.has("[role=status]"));
    assert_eq!(sessions(&done).len(), 1);
    assert_eq!(phone.open("/account").await.page().path(), "/login");
    issuer.wait(0).await;
    let reply = app.userinfo(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    assert_eq!(issuer.audited(Action::SignedOut).await, 1);
    let own = laptop.press(&done, SESSION).await.page();
    assert_eq!(own.path(), "/login", "one's own session can be ended too");
}

/// All other sessions end at one moment, on every node, while they are at work, and with them what apps
/// were given in them. LOGO-10.
#[tokio::test]
async fn logo_10_all_other_sessions_end_while_they_are_used() {
    let issuer = Issuer::start().await;
    let (second, third) = (issuer.another_node().await, issuer.another_node().await);
    let nodes = [&issuer, &second, &third];
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let (mut cookies, mut tokens) = (Vec::new(), Vec::new());
    for number in 0..24 {
        let node = nodes[number % 3];
        let mut browser = Browser::new(node);
        let there = app.on(node);
        let code = granted(&there.sign_in(&mut browser, "alice").await);
        let made = there.redeem(&code).await.json();
        tokens.push(made["access_token"].as_str().unwrap().to_owned());
        cookies.push(browser.cookies);
    }
    let mut own = Browser::new(&issuer);
    let page = own.sign_in("alice").await;
    let at_work = async {
        for (number, (cookies, token)) in cookies.iter().zip(&tokens).enumerate() {
            let mut browser = Browser::new(nodes[number % 3]);
            browser.cookies.clone_from(cookies);
            browser.send(Method::GET, "/account", None).await;
            app.on(nodes[number % 3]).userinfo(token).await;
        }
    };
    let ((), done) = tokio::join!(at_work, own.press(&page, "#end-others"));
    assert_eq!(sessions(&done.page()).len(), 1);
    second.wait(1).await;
    third.wait(1).await;
    for node in nodes {
        for (cookies, token) in cookies.iter().zip(&tokens) {
            let mut browser = Browser::new(node);
            browser.cookies.clone_from(cookies);
            let reply = browser.send(Method::GET, "/account", None).await;
            assert_eq!(reply.status, StatusCode::SEE_OTHER);
            assert_eq!(app.on(node).userinfo(token).await.status, StatusCode::UNAUTHORIZED);
        }
    }
    assert_eq!(own.open("/account").await.page().path(), "/account");
}

/// The id of somebody else's session opens and ends nothing. SESS-13.
#[tokio::test]
async fn sess_13_nobody_ends_the_session_of_another() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    issuer.user("mallory").await;
    let mut alice = Browser::new(&issuer);
    let hers = sessions(&alice.sign_in("alice").await).remove(0);
    let mut mallory = Browser::new(&issuer);
    let page = mallory.sign_in("mallory").await;
    let form = page.form(SESSION);
    for id in [hers.as_str(), "", "x", "00000000-0000-0000-0000-000000000000", "' OR 1=1 --"] {
        let page = mallory.submit(&form.clone().fill("session", id)).await.page();
        assert_eq!(page.status(), StatusCode::NOT_FOUND, "{id}");
    }
    assert_eq!(alice.open("/account").await.page().path(), "/account");
    assert_eq!(issuer.audited(Action::SignedOut).await, 0, "a refused try is no sign-out");
}

/// Taking back what an app was allowed ends its tokens, offline ones as well, and it must ask again.
#[tokio::test]
async fn an_app_is_revoked_with_everything_it_holds() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.asking("openid offline_access");
    let mut browser = Browser::new(&issuer);
    let code = granted(&app.sign_in(&mut browser, "alice").await);
    let tokens = app.redeem(&code).await.json();
    let unredeemed = granted(&browser.open(&app.authorize_url()).await.away());
    let page = browser.open("/account").await.page();
    assert!(page.text().contains("Notes"));
    let done = browser.press(&page, APP).await.page();
    assert!(!done.text().contains("Notes") && !done.has(APP), "{}", done.text());
    issuer.wait(0).await;
    let reply = app.userinfo(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    let refreshed = app.refresh(tokens["refresh_token"].as_str().unwrap()).await;
    assert_eq!(refreshed.error(), "invalid_grant");
    assert_eq!(app.redeem(&unredeemed).await.error(), "invalid_grant");
    let url = browser.open(&app.with("prompt", "none").authorize_url()).await.away();
    assert_eq!(refused(&url), "consent_required");
    assert_eq!(issuer.audited(Action::ConsentRevoked).await, 1);
    let again = browser.press(&page, APP).await.page();
    assert_eq!(again.status(), StatusCode::NOT_FOUND, "there is nothing left");
    assert_eq!(issuer.audited(Action::ConsentRevoked).await, 1);
}

/// What one user allowed is nobody else's to take back.
#[tokio::test]
async fn nobody_revokes_the_apps_of_another() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    issuer.user("mallory").await;
    let app = RelyingParty::web(&issuer).await;
    let mut alice = Browser::new(&issuer);
    app.sign_in(&mut alice, "alice").await;
    let mut mallory = Browser::new(&issuer);
    let csrf = mallory.sign_in("mallory").await.form(SESSION).value("csrf").to_owned();
    for client in [app.id(), "nobody", "' OR 1=1 --", ""] {
        let body = encode(&[
            ("csrf".to_owned(), csrf.clone()),
            ("client_id".to_owned(), client.to_owned()),
        ]);
        let reply = mallory.send(Method::POST, "/account/apps/revoke", Some(body)).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{client}");
    }
    granted(&alice.open(&app.with("prompt", "none").authorize_url()).await.away());
}

/// Only what was just done is said, in words of ours.
#[tokio::test]
async fn the_notice_is_one_of_ours() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let mut browser = Browser::new(&issuer);
    browser.sign_in("alice").await;
    for (done, shown) in
        [("session", true), ("others", true), ("app", true), ("<b>paid</b>", false), ("", false)]
    {
        let address = format!("/account?{}", encode(&[("done".to_owned(), done.to_owned())]));
        let page = browser.open(&address).await.page();
        assert_eq!(page.has("[role=status]"), shown, "{done}");
        assert!(!page.text().contains("paid"));
    }
}
