//! OpenID Connect Core 1.0 §3.1.2.1, §3.1.2.2, §3.1.2.3, §3.1.2.6: whether the user is asked, and who
//! may answer.

use doorward::{
    protocol::{
        authorize::{
            interaction::{Page, Reason},
            response::Delivery,
        },
        params::Params,
    },
    service::{
        authorize::{self, Step, Visitor},
        browser_session,
    },
    types::{TokenHash, token::TokenKind},
};
use http::StatusCode;
use serde_json::Value;

use crate::actors::{
    Browser, Issuer, RelyingParty,
    issuer::{PASSWORD, origin},
    relying_party::{claims, encode},
    visits::{granted, refused},
};

/// Opens the app's request without a page: the answer.
async fn silently(app: &RelyingParty<'_>, browser: &mut Browser<'_>) -> String {
    browser.open(&app.clone().with("prompt", "none").authorize_url()).await.away()
}

/// The claims of the ID token that the code of this answer yields.
async fn id_token(app: &RelyingParty<'_>, url: &str) -> Value {
    let tokens = app.redeem(&granted(url)).await.json();
    claims(tokens["id_token"].as_str().unwrap())
}

/// The raw ID token.
async fn hint(app: &RelyingParty<'_>, browser: &mut Browser<'_>, username: &str) -> String {
    let code = granted(&app.sign_in(browser, username).await);
    app.redeem(&code).await.json()["id_token"].as_str().unwrap().to_owned()
}

/// prompt=none without a session MUST yield an error and no page: `login_required`. Core §3.1.2.6.
#[tokio::test]
async fn section_3_1_2_6_authz_06_nobody_signed_in_is_login_required() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::web(&issuer).await;
    assert_eq!(refused(&silently(&app, &mut Browser::new(&issuer)).await), "login_required");
}

/// prompt=none without consent MUST yield `consent_required`. Core §3.1.2.6.
#[tokio::test]
async fn section_3_1_2_6_authz_06_nothing_allowed_is_consent_required() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    browser.sign_in("alice").await;
    assert_eq!(refused(&silently(&app, &mut browser).await), "consent_required");
    app.sign_in(&mut browser, "alice").await;
    let more = app.clone().asking("openid email");
    assert_eq!(refused(&silently(&more, &mut browser).await), "consent_required");
}

/// prompt=none with a session and consent succeeds at once: same `sub`, same `auth_time`. Core §3.1.2.1.
#[tokio::test]
async fn section_3_1_2_1_prompt_none_answers_for_the_same_user() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.with("max_age", "86400");
    let mut browser = Browser::new(&issuer);
    let url = app.sign_in(&mut browser, "alice").await;
    let first = id_token(&app, &url).await;
    issuer.wait(600).await;
    let url = silently(&app, &mut browser).await;
    let second = id_token(&app, &url).await;
    for claim in ["sub", "auth_time", "sid"] {
        assert!(!first[claim].is_null(), "{claim}");
        assert_eq!(first[claim], second[claim], "{claim}");
    }
    assert_eq!(second["iat"].as_i64().unwrap() - first["iat"].as_i64().unwrap(), 600);
}

/// `none` with another value is `invalid_request`, and so is a value that nobody knows. Core §3.1.2.1.
#[tokio::test]
async fn section_3_1_2_1_authz_06_none_goes_with_nothing_else() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    app.sign_in(&mut browser, "alice").await;
    for prompt in
        ["none login", "login none", "none consent", "none select_account", "create", "None"]
    {
        let url = browser.open(&app.clone().with("prompt", prompt).authorize_url()).await.away();
        assert_eq!(refused(&url), "invalid_request", "{prompt}");
    }
}

/// prompt=login MUST re-authenticate, however fresh the session is; `auth_time` moves. Core §3.1.2.1.
#[tokio::test]
async fn section_3_1_2_1_authz_07_prompt_login_asks_for_the_password_again() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.with("max_age", "86400");
    let mut browser = Browser::new(&issuer);
    let url = app.sign_in(&mut browser, "alice").await;
    let first = id_token(&app, &url).await;
    issuer.wait(1).await;
    let again = app.clone().with("prompt", "login");
    let page = browser.open(&again.authorize_url()).await.page();
    assert_eq!(page.path(), "/login");
    let url = browser.try_password(&page, "alice", PASSWORD).await.away();
    let second = id_token(&app, &url).await;
    assert_eq!(second["auth_time"].as_i64().unwrap() - first["auth_time"].as_i64().unwrap(), 1);
    assert_eq!(first["sub"], second["sub"]);
}

/// A page that was passed once in a flow counts in that flow alone: the next request asks again.
#[tokio::test]
async fn section_3_1_2_1_prompt_login_is_asked_in_every_request() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.with("prompt", "login");
    let mut browser = Browser::new(&issuer);
    for _ in 0..2 {
        let page = browser.open(&app.authorize_url()).await.page();
        assert_eq!(page.path(), "/login");
        let place = browser.try_password(&page, "alice", PASSWORD).await;
        granted(&browser.go_on(place, "alice").await);
    }
}

/// The way round the password: a flow that wants a login does not take another page for it. AUTHZ-14.
#[tokio::test]
async fn authz_14_the_login_page_cannot_be_skipped() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    app.sign_in(&mut browser, "alice").await;
    let page = browser.open(&app.with("prompt", "login").authorize_url()).await.page();
    let flow = page.form("#sign-in").value("flow").to_owned();
    let consent = browser.open(&format!("/consent?flow={flow}")).await.page();
    let next = browser.press(&consent, "#allow").await.page();
    assert_eq!(next.path(), "/login");
    let select = browser.open(&format!("/select-account?flow={flow}")).await.page();
    let next = browser.press(&select, "button[name=account]").await.page();
    assert_eq!(next.path(), "/login");
}

/// prompt=consent shows the consent page, although everything was allowed before. Core §3.1.2.1.
#[tokio::test]
async fn section_3_1_2_1_prompt_consent_asks_again() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    app.sign_in(&mut browser, "alice").await;
    let page = browser.open(&app.with("prompt", "consent").authorize_url()).await.page();
    assert_eq!(page.path(), "/consent");
    granted(&browser.press(&page, "#allow").await.away());
}

/// prompt=select_account asks which account, and goes on with the chosen one or with another.
/// Core §3.1.2.1.
#[tokio::test]
async fn section_3_1_2_1_prompt_select_account_asks_which_account() {
    let issuer = Issuer::start().await;
    let alice = issuer.user("alice").await;
    let bob = issuer.user("bob").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    app.sign_in(&mut browser, "alice").await;
    let asking = app.clone().with("prompt", "select_account");
    let page = browser.open(&asking.authorize_url()).await.page();
    assert_eq!(page.path(), "/select-account");
    let url = browser.press(&page, "button[name=account]").await.away();
    assert_eq!(id_token(&app, &url).await["sub"], alice.id.to_string());
    let page = browser.open(&asking.authorize_url()).await.page();
    let login = browser.press(&page, "#another-account").await.page();
    assert_eq!(login.path(), "/login");
    let place = browser.try_password(&login, "bob", PASSWORD).await;
    let url = browser.go_on(place, "bob").await;
    assert_eq!(id_token(&app, &url).await["sub"], bob.id.to_string());
    let nobody = Browser::new(&issuer).open(&asking.authorize_url()).await.page();
    assert_eq!(nobody.path(), "/login");
}

/// An account that is not signed in here cannot be chosen.
#[tokio::test]
async fn section_3_1_2_1_only_an_account_that_is_signed_in_can_be_chosen() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let bob = issuer.user("bob").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    app.sign_in(&mut browser, "alice").await;
    let page = browser.open(&app.with("prompt", "select_account").authorize_url()).await.page();
    for account in [bob.id.to_string(), "x".to_owned(), String::new()] {
        let mut form = page.form("button[name=account]");
        form = form.fill("account", &account);
        let next = browser.submit(&form).await.page();
        assert!(next.path() == "/select-account", "{account}: {}", next.path());
    }
}

/// When the last authentication is older than `max_age`, the user MUST be asked again; otherwise not, and
/// the ID token has `auth_time`. Core §3.1.2.1, §2.
#[tokio::test]
async fn section_3_1_2_1_authz_07_max_age_bounds_the_age_of_the_sign_in() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    app.sign_in(&mut browser, "alice").await;
    issuer.wait(600).await;
    let young = app.clone().with("max_age", "600");
    let url = silently(&young, &mut browser).await;
    let first = id_token(&young, &url).await;
    assert_eq!(first["iat"].as_i64().unwrap() - first["auth_time"].as_i64().unwrap(), 600);
    for max_age in ["60", "599", "0"] {
        let old = app.clone().with("max_age", max_age);
        assert_eq!(refused(&silently(&old, &mut browser).await), "login_required", "{max_age}");
    }
    let page = browser.open(&app.clone().with("max_age", "60").authorize_url()).await.page();
    assert_eq!(page.path(), "/login");
    let url = browser.try_password(&page, "alice", PASSWORD).await.away();
    let second = id_token(&app, &url).await;
    assert_eq!(second["auth_time"].as_i64().unwrap() - first["auth_time"].as_i64().unwrap(), 600);
}

/// `max_age=0` is prompt=login: also in the very second of the last sign-in. Core §3.1.2.1.
#[tokio::test]
async fn section_3_1_2_1_max_age_0_asks_again_at_once() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.with("max_age", "0");
    let mut browser = Browser::new(&issuer);
    for _ in 0..2 {
        let page = browser.open(&app.authorize_url()).await.page();
        assert_eq!(page.path(), "/login");
        let place = browser.try_password(&page, "alice", PASSWORD).await;
        let url = browser.go_on(place, "alice").await;
        assert!(id_token(&app, &url).await["auth_time"].is_i64());
    }
}

/// What is no number of seconds is `invalid_request`. AUTHZ-07.
#[tokio::test]
async fn authz_07_max_age_is_a_number_of_seconds() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::web(&issuer).await;
    for bad in ["-1", "+1", "1.5", "1e3", "99999999999999999999", "x", " 1", "0x10"] {
        let app = app.clone().with("max_age", bad);
        let url = Browser::new(&issuer).open(&app.authorize_url()).await.away();
        assert_eq!(refused(&url), "invalid_request", "{bad}");
    }
}

/// A hint of the user who is signed in succeeds without a page, an expired one as well. Core §3.1.2.1.
#[tokio::test]
async fn section_3_1_2_1_an_id_token_hint_of_the_same_user_succeeds_although_expired() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let token = hint(&app, &mut browser, "alice").await;
    let hinting = app.clone().with("id_token_hint", &token);
    granted(&silently(&hinting, &mut browser).await);
    issuer.wait(20 * 3600).await;
    granted(&silently(&app, &mut browser).await);
    granted(&silently(&hinting, &mut browser).await);
}

/// A hint of another user, or without a session, is `login_required`; what is no ID token of ours for this
/// client proves nothing. A hint is no credential. Core §3.1.2.1, AUTHZ-17.
#[tokio::test]
async fn section_3_1_2_1_authz_17_a_hint_that_does_not_fit_is_login_required() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    issuer.user("bob").await;
    let app = RelyingParty::web(&issuer).await;
    let other_app = RelyingParty::public(&issuer).await;
    let alices = hint(&app, &mut Browser::new(&issuer), "alice").await;
    let mut browser = Browser::new(&issuer);
    let bobs = hint(&app, &mut browser, "bob").await;
    let elsewhere = hint(&other_app, &mut browser, "bob").await;
    let mut altered = bobs.clone();
    altered.replace_range(altered.len() - 12..altered.len() - 8, "AAAA");
    let body = bobs.split('.').nth(1).unwrap();
    let unsigned = format!("eyJhbGciOiJub25lIn0.{body}.");
    for bad in [&alices, &elsewhere, &altered, &unsigned, &"x".to_owned(), &"a.b.c".to_owned()] {
        let app = app.clone().with("id_token_hint", bad);
        assert_eq!(refused(&silently(&app, &mut browser).await), "login_required");
    }
    for token in [&alices, &bobs] {
        let app = app.clone().with("id_token_hint", token);
        let url = silently(&app, &mut Browser::new(&issuer)).await;
        assert_eq!(refused(&url), "login_required");
    }
}

/// Whoever signs in, the answer is for the user of the hint or there is none. Core §3.1.2.2.
#[tokio::test]
async fn section_3_1_2_2_another_user_cannot_answer_for_the_hint() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    issuer.user("bob").await;
    let app = RelyingParty::web(&issuer).await;
    let alices = hint(&app, &mut Browser::new(&issuer), "alice").await;
    let hinting = app.clone().with("id_token_hint", &alices);
    let mut browser = Browser::new(&issuer);
    app.sign_in(&mut browser, "bob").await;
    let page = browser.open(&hinting.authorize_url()).await.page();
    assert_eq!(page.path(), "/login");
    let page = browser.try_password(&page, "bob", PASSWORD).await.page();
    assert_eq!((page.status(), page.path()), (StatusCode::OK, "/login"), "bob is not alice");
    let url = browser.try_password(&page, "alice", PASSWORD).await.away();
    assert_eq!(id_token(&app, &url).await["sub"], claims(&alices)["sub"]);
}

/// The session ends while its request is under way: as if nobody had been signed in, the user is asked, or with
/// prompt=none the app is told, and no page is shown. Core §3.1.2.3, §3.1.2.6.
#[tokio::test]
async fn section_3_1_2_6_a_session_that_ends_meanwhile_is_no_session() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    for prompt in ["none", ""] {
        let mut browser = Browser::new(&issuer);
        app.sign_in(&mut browser, "alice").await;
        let cookie = browser.cookies["__Host-doorward-session"].clone();
        let current = browser_session::current(&issuer.ctx, Some(&cookie)).await.unwrap();
        assert!(current.is_some());
        let browser_hash = TokenHash::of(TokenKind::Browser, "any");
        let visitor = Visitor { browser: browser_hash, current, device: None };
        let account = browser.open("/account").await.page();
        browser.press(&account, "#sign-out").await.page();

        let request = encode(&app.clone().with("prompt", prompt).parameters());
        let params = Params::parse(request.as_bytes()).unwrap();
        let begun = authorize::begin(&issuer.ctx, &params, &visitor, &origin()).await.unwrap();
        assert!(begun.cookies.is_none());
        match begun.step {
            Step::Answer { delivery: Delivery::Redirect(url), .. } => {
                assert_eq!((prompt, refused(&url).as_str()), ("none", "login_required"));
            }
            Step::Show(shown) => {
                assert_eq!(
                    (prompt, shown.page, shown.reason),
                    ("", Page::Login, Reason::NoSession)
                );
            }
            Step::Answer { delivery, .. } => panic!("{delivery:?}"),
        }
    }
}
