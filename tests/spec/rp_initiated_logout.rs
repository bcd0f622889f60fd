//! OpenID Connect RP-Initiated Logout 1.0: an app asks to sign its user out.

use doorward::{
    protocol::client::ClientMetadata,
    types::audit::{Action, Actor},
};
use http::{Method, StatusCode, header};

use crate::actors::{
    Browser, Issuer, RelyingParty,
    browser::{Form, Place},
    issuer::PASSWORD,
    relying_party::{SIGNED_OUT, encode, web_app},
    visits::{granted, refused},
};

const SESSION: &str = "__Host-doorward-session";

/// The address of the end session endpoint with these parameters.
fn logout(parameters: &[(&str, &str)]) -> String {
    let parameters: Vec<(String, String)> =
        parameters.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    format!("/logout?{}", encode(&parameters))
}

/// Signs in and returns the ID token.
async fn id_token(app: &RelyingParty<'_>, browser: &mut Browser<'_>, username: &str) -> String {
    let code = granted(&app.sign_in(browser, username).await);
    app.redeem(&code).await.json()["id_token"].as_str().unwrap().to_owned()
}

/// Whether the browser is still signed in.
async fn is_signed_in(browser: &mut Browser<'_>) -> bool {
    browser.open("/account").await.page().path() == "/account"
}

/// A valid hint and a registered address: signed out, and sent there with `state`, and with nothing else.
/// §2, §3.
#[tokio::test]
async fn section_3_a_proven_request_signs_out_and_leads_back() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    for state in ["the state", "é \"<&#?=+%0d\r\n", ""] {
        let mut browser = Browser::new(&issuer);
        let hint = id_token(&app, &mut browser, "alice").await;
        let mut parameters =
            vec![("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", SIGNED_OUT)];
        if !state.is_empty() {
            parameters.push(("state", state));
        }
        let url = browser.open(&logout(&parameters)).await.away();
        let answer = crate::actors::relying_party::response_parameters(&url);
        assert_eq!(url.split('?').next(), Some(SIGNED_OUT));
        assert_eq!(answer.get("state").map_or("", String::as_str), state);
        assert_eq!(answer.len(), usize::from(!state.is_empty()), "{url}");
        assert!(!browser.cookies.contains_key(SESSION));
        let silent = app.clone().with("prompt", "none");
        let url = browser.open(&silent.authorize_url()).await.away();
        assert_eq!(refused(&url), "login_required");
    }
    assert_eq!(issuer.audited(Action::SignedOut).await, 3);
}

/// The endpoint MUST support POST as well. The form comes from the app's site. §2.
#[tokio::test]
async fn section_2_a_form_does_what_a_query_does() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let hint = id_token(&app, &mut browser, "alice").await;
    browser.headers.insert("origin", "https://app.example".parse().unwrap());
    browser.headers.insert("sec-fetch-site", "cross-site".parse().unwrap());
    let fields = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", SIGNED_OUT)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
    let form = Form { action: "/logout".to_owned(), fields };
    assert_eq!(browser.submit(&form).await.away(), SIGNED_OUT);
    browser.headers.clear();
    assert!(!is_signed_in(&mut browser).await);
}

/// An expired ID token is accepted as a hint. §2.
#[tokio::test]
async fn section_2_an_expired_hint_is_accepted() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let hint = id_token(&app, &mut browser, "alice").await;
    issuer.wait(20 * 3600).await;
    let address = logout(&[("id_token_hint", &hint), ("post_logout_redirect_uri", SIGNED_OUT)]);
    assert_eq!(browser.open(&address).await.away(), SIGNED_OUT);
}

/// A request that proves nothing is asked about, and nothing happens until the user says yes: a visit from
/// elsewhere signs nobody out. §2, §6, LOGO-01.
#[tokio::test]
async fn section_2_logo_01_without_proof_the_user_is_asked() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    for parameters in [
        vec![],
        vec![("state", "x")],
        vec![("client_id", app.id())],
        vec![("client_id", app.id()), ("post_logout_redirect_uri", SIGNED_OUT)],
        vec![("id_token_hint", "x")],
        vec![("logout_hint", "alice"), ("ui_locales", "de tlh")],
    ] {
        let mut browser = Browser::new(&issuer);
        browser.sign_in("alice").await;
        let page = browser.open(&logout(&parameters)).await.page();
        assert_eq!((page.status(), page.path()), (StatusCode::OK, "/logout"));
        assert!(is_signed_in(&mut browser).await);
        let stay = browser.press(&page, "#stay").await.page();
        assert_eq!(stay.path(), "/account");
        let place = browser.press(&page, "#sign-out").await;
        match place {
            Place::Away(url) => assert_eq!(url, SIGNED_OUT),
            Place::Page(page) => assert!(page.path().starts_with("/signed-out"), "{}", page.path()),
        }
        assert!(!is_signed_in(&mut browser).await);
    }
}

/// The question and the page at the end are in the language that the app wishes, as far as there is one. §2.
#[tokio::test]
async fn section_2_ui_locales_choose_the_language() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    for (wish, lang) in
        [("tlh de", "de"), ("fr-CA", "fr"), ("tlh", "en"), ("<b>", "en"), ("", "en")]
    {
        let mut browser = Browser::new(&issuer);
        browser.sign_in("alice").await;
        let page = browser.open(&logout(&[("ui_locales", wish)])).await.page();
        let is_read = format!("html[lang={lang}]");
        assert!(page.has(&is_read) && page.has("#stay"), "{wish}");
        let page = browser.press(&page, "#sign-out").await.page();
        assert!(page.has(&is_read) && page.path().starts_with("/signed-out"), "{wish}");
        // Without a question it is the same page.
        let hint = id_token(&app, &mut browser, "alice").await;
        let address = logout(&[("id_token_hint", &hint), ("ui_locales", wish)]);
        let page = browser.open(&address).await.page();
        assert!(page.has(&is_read) && page.path().starts_with("/signed-out"), "{wish}");
    }
}

/// LOGO-01: a link or a form of another site, without a hint, gets the question, and nobody is signed out.
#[tokio::test]
async fn logo_01_another_site_signs_nobody_out() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    browser.sign_in("alice").await;
    browser.headers.insert("origin", "https://evil.example".parse().unwrap());
    browser.headers.insert("sec-fetch-site", "cross-site".parse().unwrap());
    for fields in [
        vec![],
        vec![("client_id", app.id())],
        vec![("client_id", app.id()), ("post_logout_redirect_uri", SIGNED_OUT)],
        vec![("action", "sign-out"), ("flow", ""), ("csrf", "")],
    ] {
        let asked = browser.open(&logout(&fields)).await.page();
        assert!(asked.has("#sign-out"), "{fields:?}: {}", asked.text());
        let fields = fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let form = Form { action: "/logout".to_owned(), fields };
        let asked = browser.submit(&form).await.page();
        assert!(asked.has("#sign-out"), "{form:?}: {}", asked.text());
    }
    assert!(is_signed_in(&mut browser).await);
    assert_eq!(issuer.audited(Action::SignedOut).await, 0);
}

/// The request goes on after the question: the address and `state` are those that were asked about.
#[tokio::test]
async fn section_3_the_question_keeps_the_request() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    browser.sign_in("alice").await;
    let address = logout(&[
        ("client_id", app.id()),
        ("post_logout_redirect_uri", SIGNED_OUT),
        ("state", "a b"),
    ]);
    let page = browser.open(&address).await.page();
    assert!(page.text().contains("Notes"), "{}", page.text());
    let mut form = page.form("#sign-out");
    for (name, value) in [("post_logout_redirect_uri", "https://evil.example/"), ("state", "other")]
    {
        form.fields.push((name.to_owned(), value.to_owned()));
    }
    let url = browser.submit(&form).await.away();
    assert_eq!(url, format!("{SIGNED_OUT}?state=a%20b"));
}

/// An address that is not registered exactly, or a hint that is none of ours for this client, MUST NOT
/// lead anywhere. §2, §3, §4, LOGO-02.
#[tokio::test]
async fn section_3_logo_02_what_is_not_registered_leads_nowhere() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let metadata = ClientMetadata { post_logout_redirect_uris: Vec::new(), ..web_app() };
    let other = RelyingParty::register(&issuer, "other", metadata).await;
    let mut browser = Browser::new(&issuer);
    let hint = id_token(&app, &mut browser, "alice").await;
    let others = id_token(&other, &mut browser, "alice").await;
    let mut altered = hint.clone();
    altered.replace_range(altered.len() - 12..altered.len() - 8, "AAAA");
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", hint.split('.').nth(1).unwrap());
    let access_token = app.tokens("alice").await["access_token"].as_str().unwrap().to_owned();
    let mut table = vec![
        vec![("post_logout_redirect_uri", SIGNED_OUT)],
        vec![("post_logout_redirect_uri", SIGNED_OUT), ("state", "x")],
        vec![("post_logout_redirect_uri", SIGNED_OUT), ("client_id", "nobody")],
        vec![("post_logout_redirect_uri", SIGNED_OUT), ("client_id", "other")],
        vec![
            ("post_logout_redirect_uri", SIGNED_OUT),
            ("client_id", "other"),
            ("id_token_hint", &hint),
        ],
    ];
    for bad in [&others, &altered, &unsigned, &access_token] {
        table.push(vec![("post_logout_redirect_uri", SIGNED_OUT), ("id_token_hint", bad)]);
    }
    for uri in [
        "https://app.example/bye?x",
        "https://app.example/bye#",
        "https://app.example/bye/",
        "https://app.example/cb",
        "https://APP.example/bye",
        "https://app.example.evil.tld/bye",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
    ] {
        table.push(vec![("post_logout_redirect_uri", uri), ("id_token_hint", &hint)]);
        table.push(vec![("post_logout_redirect_uri", uri), ("client_id", app.id())]);
    }
    for parameters in table {
        let page = browser.open(&logout(&parameters)).await.page();
        assert_eq!(page.status(), StatusCode::BAD_REQUEST, "{parameters:?}");
        assert!(!page.has("form, a[href^=http]"), "{parameters:?}");
    }
    assert!(is_signed_in(&mut browser).await);
    assert_eq!(issuer.audited(Action::SignedOut).await, 0);
}

/// An ID token of another user, or of another session, proves nothing about this one. LOGO-08.
#[tokio::test]
async fn section_2_logo_08_the_hint_of_another_session_signs_nobody_out() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    issuer.user("bob").await;
    let app = RelyingParty::web(&issuer).await;
    let alices = id_token(&app, &mut Browser::new(&issuer), "alice").await;
    let elsewhere = id_token(&app, &mut Browser::new(&issuer), "bob").await;
    let mut browser = Browser::new(&issuer);
    browser.sign_in("bob").await;
    for hint in [&alices, &elsewhere] {
        let address = logout(&[("id_token_hint", hint), ("post_logout_redirect_uri", SIGNED_OUT)]);
        let page = browser.open(&address).await.page();
        assert_eq!((page.status(), page.path()), (StatusCode::OK, "/logout"));
        assert!(is_signed_in(&mut browser).await);
    }
    assert_eq!(issuer.audited(Action::SignedOut).await, 0);
}

/// Nobody is signed in: there is nothing to end, and the way back is the same. §2.
#[tokio::test]
async fn section_2_without_a_session_the_way_back_is_the_same() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let hint = id_token(&app, &mut Browser::new(&issuer), "alice").await;
    let mut browser = Browser::new(&issuer);
    assert_eq!(browser.open("/logout").await.page().path(), "/signed-out");
    let address = logout(&[("id_token_hint", &hint), ("post_logout_redirect_uri", SIGNED_OUT)]);
    assert_eq!(browser.open(&address).await.away(), SIGNED_OUT);
}

/// The question is answered by the browser that was asked, with its own form. CSRF-02.
#[tokio::test]
async fn csrf_02_the_answer_comes_from_our_own_form() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let mut browser = Browser::new(&issuer);
    browser.sign_in("alice").await;
    let page = browser.open("/logout").await.page();
    let form = page.form("#sign-out");
    let foreign = browser.submit(&form.clone().fill("csrf", "AAAA")).await.page();
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    browser.headers.insert("sec-fetch-site", "cross-site".parse().unwrap());
    assert_eq!(browser.submit(&form).await.page().status(), StatusCode::FORBIDDEN);
    browser.headers.clear();
    let sealed = browser.submit(&form.clone().fill("flow", "AAAA")).await.page();
    assert_eq!(sealed.status(), StatusCode::BAD_REQUEST);
    assert!(is_signed_in(&mut browser).await);
    // Without the anti-forgery value the form is an app's request, and asks.
    let asked = browser.submit(&form.clone().without("csrf")).await.page();
    assert!(asked.has("#sign-out"));
    assert!(is_signed_in(&mut browser).await);
}

/// After signing out the cookie opens nothing, on no node, and no page of before is kept. LOGO-03, LOGO-09.
#[tokio::test]
async fn logo_03_09_a_cookie_of_before_opens_nothing_anywhere() {
    let issuer = Issuer::start().await;
    let other = issuer.another_node().await;
    issuer.user("alice").await;
    let mut browser = Browser::new(&issuer);
    let account = browser.sign_in("alice").await;
    assert_eq!(account.reply.header(header::CACHE_CONTROL), "no-store");
    let before = browser.cookies.clone();
    browser.press(&account, "#sign-out").await.page();
    for node in [&issuer, &other] {
        let mut thief = Browser::new(node);
        thief.cookies = before.clone();
        assert_eq!(thief.open("/account").await.page().path(), "/login");
        let reply = thief.send(Method::GET, "/account", None).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER);
    }
}

/// Signing out ends what the apps were given in this session, but for offline access. LOGO-10.
#[tokio::test]
async fn logo_10_tokens_of_the_session_end_with_it() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let code = granted(&app.sign_in(&mut browser, "alice").await);
    let online = app.redeem(&code).await.json();
    let offline = app.clone().asking("openid offline_access");
    let code = granted(&offline.sign_in(&mut browser, "alice").await);
    let offline = app.redeem(&code).await.json();
    let account = browser.open("/account").await.page();
    browser.press(&account, "#sign-out").await.page();
    issuer.wait(0).await;
    let token = |tokens: &serde_json::Value| tokens["access_token"].as_str().unwrap().to_owned();
    assert_eq!(app.userinfo(&token(&online)).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.userinfo(&token(&offline)).await.status, StatusCode::OK);
    let refresh = offline["refresh_token"].as_str().unwrap();
    assert_eq!(app.refresh(refresh).await.status, StatusCode::OK);
}

/// A request in another tab dies with the session that it was shown to. LOGO-07.
#[tokio::test]
async fn logo_07_a_page_in_another_tab_is_dead_after_signing_out() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let account = browser.sign_in("alice").await;
    let consent = browser.open(&app.authorize_url()).await.page();
    assert_eq!(consent.path(), "/consent");
    browser.press(&account, "#sign-out").await.page();
    let page = browser.press(&consent, "#allow").await.page();
    assert!(page.status().is_client_error());
    assert_eq!(issuer.audited(Action::ConsentGranted).await, 0);
    // Nor is it answered by whoever signs in next.
    issuer.user("bob").await;
    browser.sign_in("bob").await;
    let page = browser.press(&consent, "#allow").await.page();
    assert!(page.status().is_client_error());
}

/// A disabled client leads nobody anywhere.
#[tokio::test]
async fn section_2_a_disabled_client_leads_nowhere() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let hint = id_token(&app, &mut browser, "alice").await;
    let (id, origin) = (&app.registered.client.id, crate::actors::issuer::origin());
    doorward::service::client_registry::disable(&issuer.ctx, id, Actor::Operator, &origin)
        .await
        .unwrap();
    let address = logout(&[("id_token_hint", &hint), ("post_logout_redirect_uri", SIGNED_OUT)]);
    let page = browser.open(&address).await.page();
    assert_eq!(page.status(), StatusCode::BAD_REQUEST);
    let page = browser.open("/logout").await.page();
    browser.press(&page, "#sign-out").await.page();
    assert!(!is_signed_in(&mut browser).await);
    assert_eq!(
        browser
            .open("/login")
            .await
            .page()
            .form("#sign-in")
            .fill("password", PASSWORD)
            .value("password"),
        PASSWORD
    );
}

/// Parameters are read strictly here too: once each, in the query or in the body. RFC 6749 §3.1.
#[tokio::test]
async fn parameters_come_once_and_from_one_place() {
    let issuer = Issuer::start().await;
    let mut browser = Browser::new(&issuer);
    let page = browser.open("/logout?state=a&state=b").await.page();
    assert_eq!(page.error_code(), "invalid_request");
    let reply = browser.send(Method::POST, "/logout?state=a", Some("state=b".to_owned())).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    let long = "x".repeat(5_000);
    let page = browser.open(&logout(&[("state", &long)])).await.page();
    assert_eq!(page.error_code(), "invalid_request");
}

/// CSRF-06: HEAD looks ahead and changes nothing, even with a hint that GET would obey. RFC 9110 §9.2.1.
#[tokio::test]
async fn csrf_06_looking_ahead_signs_nobody_out() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let hint = id_token(&app, &mut browser, "alice").await;
    let reply = browser.send(Method::HEAD, &logout(&[("id_token_hint", &hint)]), None).await;
    assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(reply.headers[header::ALLOW], "GET, POST");
    let ahead = browser.send(Method::HEAD, &app.authorize_url(), None).await;
    assert_eq!(ahead.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(is_signed_in(&mut browser).await);
}

/// A hint that proves the session is enough: it ends, and a page says so. §2.
#[tokio::test]
async fn section_2_a_hint_alone_signs_out() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let hint = id_token(&app, &mut browser, "alice").await;
    for more in [vec![], vec![("state", "x")]] {
        let mut parameters = vec![("id_token_hint", hint.as_str())];
        parameters.extend(more);
        let page = browser.open(&logout(&parameters)).await.page();
        assert_eq!((page.status(), page.path()), (StatusCode::OK, "/signed-out"));
        assert!(!page.address.contains("state"), "{}", page.address);
        assert!(!is_signed_in(&mut browser).await);
    }
    assert_eq!(issuer.audited(Action::SignedOut).await, 1);
}

/// Parameters that are not understood MUST be ignored. §2.
#[tokio::test]
async fn section_2_unknown_parameters_are_ignored() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    for method in [Method::GET, Method::POST] {
        let hint = id_token(&app, &mut browser, "alice").await;
        let parameters = [
            ("id_token_hint", hint.as_str()),
            ("post_logout_redirect_uri", SIGNED_OUT),
            ("redirect_uri", "https://evil.example/"),
            ("return_to", "/account"),
            ("unknown", "\"><script>"),
        ];
        let address = logout(&parameters);
        let place = if method == Method::GET {
            browser.open(&address).await
        } else {
            let fields = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
            browser.submit(&Form { action: "/logout".to_owned(), fields: fields.to_vec() }).await
        };
        assert_eq!(place.away(), SIGNED_OUT, "{method}");
        assert!(!is_signed_in(&mut browser).await);
    }
}
