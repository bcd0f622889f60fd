//! The page that makes the first administrator, behind a link that works once.

use std::sync::Arc;

use doorward::service::{client_registry, setup, users};
use http::{Request, StatusCode};

use crate::actors::{
    Browser, Issuer,
    browser::{Form, Page},
    issuer::PASSWORD,
    relying_party::encode,
};

/// The address of a fresh link.
async fn link(issuer: &Issuer) -> String {
    let token = setup::link(&issuer.ctx).await.unwrap().unwrap();
    format!("/setup?token={}", token.expose())
}

fn filled(page: &Page) -> Form {
    let form = page.form("#create").fill("username", "root").fill("email", "root@example.com");
    form.fill("password", PASSWORD).fill("password_again", PASSWORD)
}

/// The link leads to a form, the form makes an administrator, and then neither does anything.
#[tokio::test]
async fn the_link_works_once() {
    let issuer = Issuer::start().await;
    let address = link(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let page = browser.open(&address).await.page();
    let done = browser.submit(&filled(&page)).await.page();
    assert_eq!(done.status(), StatusCode::OK, "{}", done.text());
    let root = users::find(&issuer.ctx, "root").await.unwrap();
    assert!(root.roles.iter().eq(["admin"]));
    assert!(!root.email_verified, "an address that was typed is not verified");
    assert_eq!(browser.open(&address).await.page().status(), StatusCode::NOT_FOUND);
    let again = browser.submit(&filled(&page).fill("username", "other")).await.page();
    assert!(again.status().is_client_error());
    assert_eq!(users::count(&issuer.ctx).await.unwrap(), 1);
    assert!(setup::link(&issuer.ctx).await.unwrap().is_none(), "there is no other link");
    browser.sign_in("root").await;
}

/// Only the newest link works, for a day, and only while there is no user.
#[tokio::test]
async fn a_link_is_withdrawn_by_a_newer_one_by_time_and_by_a_user() {
    let issuer = Issuer::start().await;
    let first = link(&issuer).await;
    let second = link(&issuer).await;
    let mut browser = Browser::new(&issuer);
    assert_eq!(browser.open(&first).await.page().status(), StatusCode::NOT_FOUND);
    assert_eq!(browser.open(&second).await.page().status(), StatusCode::OK);
    issuer.wait(24 * 3600 + 1).await;
    assert_eq!(browser.open(&second).await.page().status(), StatusCode::NOT_FOUND);
    let third = link(&issuer).await;
    let page = browser.open(&third).await.page();
    issuer.user("alice").await;
    assert_eq!(browser.open(&third).await.page().status(), StatusCode::NOT_FOUND);
    let late = browser.submit(&filled(&page)).await.page();
    assert_eq!(late.status(), StatusCode::CONFLICT);
    assert_eq!(users::count(&issuer.ctx).await.unwrap(), 1);
}

/// Without the link there is no page, and no password is hashed for a stranger.
#[tokio::test]
async fn strangers_get_nothing_and_cost_nothing() {
    let issuer = Issuer::start().await;
    let address = link(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let page = browser.open(&address).await.page();
    let before = issuer.ctx.passwords.hashes_computed();
    let made_up = format!("dwf_{}", "A".repeat(43));
    for token in ["", "x", made_up.as_str(), "dws_x"] {
        let reply = browser.open(&format!("/setup?token={token}")).await.page();
        assert_eq!(reply.status(), StatusCode::NOT_FOUND, "{token}");
        let reply = browser.submit(&filled(&page).fill("token", token)).await.page();
        assert_eq!(reply.status(), StatusCode::NOT_FOUND, "{token}");
    }
    assert_eq!(issuer.ctx.passwords.hashes_computed(), before);
    assert_eq!(users::count(&issuer.ctx).await.unwrap(), 0);
}

/// What the person can mend is said, and the link still works; passwords are not sent back.
#[tokio::test]
async fn mistakes_are_told_and_can_be_mended() {
    let issuer = Issuer::start().await;
    let address = link(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let page = browser.open(&address).await.page();
    for (name, value) in [
        ("password_again", "another horse battery staple"),
        ("username", "a b"),
        ("username", ""),
        ("email", "no address"),
        ("password", "short"),
    ] {
        let mut form = filled(&page).fill(name, value);
        if name == "password" {
            form = form.fill("password_again", value);
        }
        let again = browser.submit(&form).await.page();
        assert_eq!(again.status(), StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert!(again.has("#error[role=alert]"), "{name}");
        let form = again.form("#create");
        assert_eq!((form.value("password"), form.value("password_again")), ("", ""));
        assert!(!again.reply.text().contains(PASSWORD));
    }
    let done = browser.submit(&filled(&page)).await.page();
    assert_eq!(done.status(), StatusCode::OK);
}

/// Eight forms at once over two nodes make one administrator.
#[tokio::test]
async fn two_forms_at_once_make_one_administrator() {
    let issuer = Arc::new(Issuer::start().await);
    let other = Arc::new(issuer.another_node().await);
    let address = link(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let page = browser.open(&address).await.page();
    let cookies: Vec<String> = browser.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
    let mut tries = tokio::task::JoinSet::new();
    for number in 0..8 {
        let node = Arc::clone(if number % 2 == 0 { &issuer } else { &other });
        let form = filled(&page).fill("username", &format!("root{number}"));
        let form = form.fill("email", &format!("root{number}@example.com"));
        let request = Request::post("/setup")
            .header("cookie", cookies.join("; "))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(encode(&form.fields))
            .unwrap();
        tries.spawn(async move { node.send(request).await.status });
    }
    let statuses = tries.join_all().await;
    assert_eq!(statuses.iter().filter(|status| status.is_success()).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|s| s.is_success() || s.is_client_error()), "{statuses:?}");
    assert_eq!(users::count(&issuer.ctx).await.unwrap(), 1);
}

/// ADM-14: a new installation has no users, no clients and no password that anybody could know.
#[tokio::test]
async fn adm_14_there_are_no_default_credentials() {
    let issuer = Issuer::start().await;
    assert_eq!(users::count(&issuer.ctx).await.unwrap(), 0);
    assert!(client_registry::list(&issuer.ctx, None, 10).await.unwrap().is_empty());
    for name in ["admin", "root", "doorward", "user"] {
        for password in ["admin", "password", "doorward", "root", "changeme", "123456", ""] {
            let mut browser = Browser::new(&issuer);
            let login = browser.open("/login").await.page();
            let page = browser.try_password(&login, name, password).await.page();
            assert!(page.status().is_client_error(), "{name} {password}");
            let basic = crate::actors::relying_party::basic(name, password);
            let body = "grant_type=client_credentials";
            issuer.post("/token", &[("authorization", &basic)], body).await.is_invalid_client();
        }
    }
}
