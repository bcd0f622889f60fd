//! OpenID Connect Core 1.0 §3.1.2.4: what the user allows.

use std::sync::Arc;

use doorward::{
    protocol::client::{ClientMetadata, ConsentPolicy},
    service::apis::{self, NewApi},
    types::{
        Scope,
        audit::{Action, Actor},
    },
};
use http::{Method, StatusCode};

use crate::actors::{
    Browser, Issuer, RelyingParty,
    issuer::{PASSWORD, origin},
    relying_party::{encode, web_app},
    visits::{granted, refused},
};

/// The page says who asks, for what, and as whom. §3.1.2.4.
#[tokio::test]
async fn section_3_1_2_4_the_page_says_who_asks_for_what() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.asking("openid email offline_access");
    let mut browser = Browser::new(&issuer);
    browser.sign_in("alice").await;
    let page = browser.open(&app.authorize_url()).await.page();
    assert_eq!(page.path(), "/consent");
    assert!(page.text().contains("Notes") && page.text().contains("alice"), "{}", page.text());
    let html = scraper::Html::parse_document(&page.reply.text());
    let scopes = scraper::Selector::parse(".scopes li").unwrap();
    assert_eq!(html.select(&scopes).count(), 3);
}

/// A permission is shown in the words of its API, with the API's name; what is no permission in ours.
/// §3.1.2.4: "the Authorization Server MUST obtain an authorization decision".
#[tokio::test]
async fn section_3_1_2_4_permissions_are_in_the_words_of_their_api() {
    let issuer = Issuer::start().await;
    let alice = issuer.user("alice").await;
    let long = "very ".repeat(40).trim().to_owned();
    let hostile = "<b>Read</b> \"your\" files & 'more'";
    let new = NewApi {
        audience: "https://files.example".to_owned(),
        name: "Files <i>of all</i>".to_owned(),
        permissions: [("files:read", hostile), ("files:write", long.as_str())]
            .map(|(name, words)| (name.to_owned(), words.to_owned()))
            .into(),
    };
    apis::create(&issuer.ctx, new, Actor::Operator, &origin()).await.unwrap();
    issuer.role("filer", &["files:read", "files:write"]).await;
    issuer.give(&alice, "filer").await;
    let mut metadata = web_app();
    let asked = "openid files:read files:write";
    metadata.scope = metadata.scope.union(&Scope::parse(asked).unwrap());
    let app = RelyingParty::register(&issuer, "filing", metadata).await.asking(asked);
    let mut browser = Browser::new(&issuer);
    browser.sign_in("alice").await;
    let page = browser.open(&app.authorize_url()).await.page();
    assert_eq!(page.path(), "/consent");
    let text = page.text().replace(['\u{2068}', '\u{2069}'], "");
    for words in [hostile, &long, "At Files <i>of all</i>: files:read", "Know who you are"] {
        assert!(text.contains(words), "{words} in {text}");
    }
    assert!(!page.has(".scopes b") && !page.has(".scopes i"), "words are text");
    assert!(!text.contains("A permission that this app uses"));
    granted(&browser.press(&page, "#allow").await.away());
    let account = browser.open("/account").await.page();
    assert!(account.text().contains(hostile), "{}", account.text());
}

/// "No" goes back to the app as `access_denied`, with `state` and `iss`; nothing is remembered.
/// RFC 6749 §4.1.2.1.
#[tokio::test]
async fn section_4_1_2_1_cancel_is_access_denied_on_every_page() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let login = browser.open(&app.authorize_url()).await.page();
    assert_eq!(refused(&browser.press(&login, "#cancel").await.away()), "access_denied");
    assert_eq!(issuer.audited(Action::ConsentDenied).await, 0, "nobody was there to refuse");
    browser.sign_in("alice").await;
    let consent = browser.open(&app.authorize_url()).await.page();
    assert_eq!(refused(&browser.press(&consent, "#cancel").await.away()), "access_denied");
    assert_eq!(issuer.audited(Action::ConsentDenied).await, 1);
    let select = app.clone().with("prompt", "select_account");
    let select = browser.open(&select.authorize_url()).await.page();
    assert_eq!(refused(&browser.press(&select, "#cancel").await.away()), "access_denied");
    assert_eq!(browser.open(&app.authorize_url()).await.page().path(), "/consent");
}

/// What was allowed is not asked again; more of it is. §3.1.2.4.
#[tokio::test]
async fn section_3_1_2_4_consent_is_remembered_as_far_as_it_goes() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.asking("openid email");
    let mut browser = Browser::new(&issuer);
    app.sign_in(&mut browser, "alice").await;
    assert_eq!(issuer.audited(Action::ConsentGranted).await, 1);
    for covered in ["openid email", "openid", "email openid"] {
        let app = app.clone().asking(covered);
        granted(&browser.open(&app.authorize_url()).await.away());
    }
    for more in ["openid email profile", "openid offline_access"] {
        let app = app.clone().asking(more);
        assert_eq!(browser.open(&app.authorize_url()).await.page().path(), "/consent", "{more}");
    }
    assert_eq!(issuer.audited(Action::ConsentGranted).await, 1);
}

/// What one user allowed to one client says nothing of another user or another client.
#[tokio::test]
async fn section_3_1_2_4_consent_is_of_one_user_to_one_client() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    issuer.user("bob").await;
    let app = RelyingParty::web(&issuer).await;
    let other = RelyingParty::public(&issuer).await;
    let mut browser = Browser::new(&issuer);
    app.sign_in(&mut browser, "alice").await;
    assert_eq!(browser.open(&other.authorize_url()).await.page().path(), "/consent");
    let mut bobs = Browser::new(&issuer);
    bobs.sign_in("bob").await;
    assert_eq!(bobs.open(&app.authorize_url()).await.page().path(), "/consent");
}

/// An operator can say yes for everybody, for an app of one's own. §3.1.2.4.
#[tokio::test]
async fn section_3_1_2_4_consent_can_be_implied_by_the_operator() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let metadata = ClientMetadata { consent: ConsentPolicy::Implied, ..web_app() };
    let app = RelyingParty::register(&issuer, "own", metadata).await;
    let mut browser = Browser::new(&issuer);
    browser.sign_in("alice").await;
    granted(&browser.open(&app.authorize_url()).await.away());
    let asking = app.with("prompt", "consent");
    assert_eq!(browser.open(&asking.authorize_url()).await.page().path(), "/consent");
}

/// A form without a decision decides nothing. AUTHZ-14.
#[tokio::test]
async fn authz_14_a_form_without_a_decision_decides_nothing() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    browser.sign_in("alice").await;
    let page = browser.open(&app.authorize_url()).await.page();
    let form = page.form("#allow");
    let broken = [
        form.clone().without("action"),
        form.clone().fill("action", "ALLOW"),
        form.clone().without("flow"),
        form.clone().fill("flow", "x"),
    ];
    for form in broken {
        let page = browser.submit(&form).await.page();
        assert_eq!(page.status(), StatusCode::BAD_REQUEST);
    }
    for form in [form.clone().without("csrf"), form.clone().fill("csrf", "AAAA")] {
        assert_eq!(browser.submit(&form).await.page().status(), StatusCode::FORBIDDEN);
    }
    let empty = browser.send(Method::POST, "/consent", Some(String::new())).await;
    assert_eq!(empty.status, StatusCode::FORBIDDEN);
    assert_eq!(issuer.audited(Action::ConsentGranted).await, 0);
    granted(&browser.submit(&form).await.away());
}

/// Pressing the button twice yields one code; the second press is told that it is done. AUTHZ-20.
#[tokio::test]
async fn authz_20_two_presses_yield_one_code() {
    let issuer = Arc::new(Issuer::start().await);
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    browser.sign_in("alice").await;
    let page = browser.open(&app.authorize_url()).await.page();
    let form = page.form("#allow");
    let cookies: Vec<String> = browser.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
    let mut presses = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let request = http::Request::post("/consent")
            .header("cookie", cookies.join("; "))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(encode(&form.fields))
            .unwrap();
        let issuer = Arc::clone(&issuer);
        presses.spawn(async move { issuer.send(request).await.status });
    }
    let mut statuses: Vec<u16> = presses.join_all().await.iter().map(StatusCode::as_u16).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409, 409, 409, 409, 409, 409, 409]);
    assert_eq!(browser.submit(&form).await.page().status(), StatusCode::CONFLICT, "and later");
    assert_eq!(issuer.audited(Action::ConsentGranted).await, 1);
}

/// "Another account" leads to the sign-in page, and the flow goes on as the other one.
#[tokio::test]
async fn another_account_can_answer() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let bob = issuer.user("bob").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    browser.sign_in("alice").await;
    let page = browser.open(&app.authorize_url()).await.page();
    let login = browser.press(&page, "#another-account").await.page();
    assert_eq!(login.path(), "/login");
    let place = browser.try_password(&login, "bob", PASSWORD).await;
    let code = granted(&browser.go_on(place, "bob").await);
    let tokens = app.redeem(&code).await.json();
    let id_token = crate::actors::relying_party::claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(id_token["sub"], bob.id.to_string());
}
