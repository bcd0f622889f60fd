//! The pages as people, scripts and assistive technology meet them. RFC 9700 §4.2.4, §4.16, OIDC
//! Registration §2.

use doorward::protocol::client::ClientMetadata;
use http::{StatusCode, header};

use crate::actors::{Browser, Issuer, RelyingParty, relying_party::web_app};

/// Sign-in and consent show who asks, with the picture and the pages that the app registered.
/// Registration §2.
#[tokio::test]
async fn registration_section_2_the_app_is_shown() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let metadata = ClientMetadata {
        client_name: Some("Notes & More".to_owned()),
        client_uri: Some("https://app.example/".to_owned()),
        logo_uri: Some("https://pictures.example/logo.png".to_owned()),
        policy_uri: Some("https://app.example/policy".to_owned()),
        tos_uri: Some("https://app.example/tos".to_owned()),
        ..web_app()
    };
    let app = RelyingParty::register(&issuer, "notes", metadata).await;
    let mut browser = Browser::new(&issuer);
    let login = browser.open(&app.authorize_url()).await.page();
    browser.sign_in("alice").await;
    let consent = browser.open(&app.authorize_url()).await.page();
    for page in [login, consent] {
        assert!(page.text().contains("Notes & More"), "{}", page.text());
        assert!(page.has("img[src='https://pictures.example/logo.png']"));
        assert!(page.has("a[href='https://app.example/policy']"));
        assert!(page.has("a[href='https://app.example/tos']"));
        let policy = page.reply.header(header::CONTENT_SECURITY_POLICY);
        assert!(policy.contains("img-src 'self' https://pictures.example;"), "{policy}");
    }
}

/// Every form has names that stay, a visible way out, labels, and needs no script.
#[tokio::test]
async fn forms_have_stable_names_and_a_way_out() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let login = browser.open(&app.authorize_url()).await.page();
    for selector in [
        "label[for=username]",
        "label[for=password]",
        "input#username[name=username]",
        "input#password[name=password][type=password][autocomplete=current-password]",
        "button#sign-in",
        "button#cancel",
    ] {
        assert!(login.has(selector), "{selector}");
    }
    browser.sign_in("alice").await;
    let consent = browser.open(&app.authorize_url()).await.page();
    for selector in [
        "button#allow[name=action][value=allow]",
        "button#cancel[name=action][value=cancel]",
        "button#another-account",
    ] {
        assert!(consent.has(selector), "{selector}");
    }
    let select = app.clone().with("prompt", "select_account");
    let select = browser.open(&select.authorize_url()).await.page();
    for selector in [
        "button[name=account]",
        "button#another-account",
        "button#cancel[name=action][value=cancel]",
    ] {
        assert!(select.has(selector), "{selector}");
    }
    let logout = browser.open("/logout").await.page();
    assert!(logout.has("button#sign-out") && logout.has("button#stay"));
    let signed_out = browser.open("/signed-out").await.page();
    for page in [&login, &consent, &select, &logout, &signed_out] {
        assert!(page.has("html[lang]") && page.has("main h1") && page.has("title"));
        assert!(!page.has("script"), "{} needs no script", page.address);
        assert_eq!(page.reply.header(header::CACHE_CONTROL), "no-store");
        assert_eq!(page.reply.header(header::REFERRER_POLICY), "no-referrer");
        assert_eq!(page.reply.header(header::CONTENT_TYPE), "text/html; charset=utf-8");
    }
}

/// An error page names the code of the error, and an id that the log knows.
#[tokio::test]
async fn an_error_page_names_the_error() {
    let issuer = Issuer::start().await;
    let mut browser = Browser::new(&issuer);
    for (address, status, code) in [
        ("/authorize", 400, "invalid_request"),
        ("/authorize?client_id=nobody", 400, ""),
        ("/nothing", 404, "not_found"),
        ("/consent", 400, "invalid_request"),
        ("/login?flow=x", 400, "invalid_request"),
    ] {
        let page = browser.open(address).await.page();
        assert_eq!(page.status().as_u16(), status, "{address}");
        assert!(page.error_code().contains(code) && !page.error_code().is_empty(), "{address}");
        let id = page.reply.headers.get("x-request-id").unwrap().to_str().unwrap();
        assert_eq!(page.text_of("#error-id"), id);
    }
}

/// A wrong password is said on the page, beside the name that was typed; the password is not sent back.
#[tokio::test]
async fn a_failed_sign_in_keeps_the_name_and_says_one_thing() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let page = browser.open(&app.authorize_url()).await.page();
    let page = browser.try_password(&page, "alice", "a wrong password").await.page();
    assert_eq!(page.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.has("#error[role=alert]"));
    assert_eq!(page.form("#sign-in").value("username"), "alice");
    assert!(!page.reply.text().contains("a wrong password"));
    // The form still works: nothing has to be begun anew.
    let place = browser.try_password(&page, "alice", crate::actors::issuer::PASSWORD).await;
    browser.go_on(place, "alice").await;
}
