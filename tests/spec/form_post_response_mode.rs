//! OAuth 2.0 Form Post Response Mode: the answer as a form that the browser posts.

use doorward::protocol::client::ClientMetadata;
use http::{StatusCode, header};

use crate::actors::{
    Browser, Issuer, RelyingParty,
    browser::{Form, Page},
    issuer::ISSUER,
    relying_party::{CALLBACK, web_app},
};

/// Signs alice in and returns the page that posts the answer.
async fn answered(app: &RelyingParty<'_>, browser: &mut Browser<'_>) -> Page {
    let login = browser.open(&app.authorize_url()).await.page();
    let place = browser.try_password(&login, "alice", crate::actors::issuer::PASSWORD).await;
    let consent = place.page();
    browser.press(&consent, "#allow").await.page()
}

fn fields(form: &Form) -> Vec<&str> {
    let mut names: Vec<&str> = form.fields.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names
}

/// The answer is an HTML page with a form that goes to the registered address by POST; nothing is in an
/// address. §2.
#[tokio::test]
async fn section_2_a_success_is_posted() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.with("response_mode", "form_post");
    let page = answered(&app, &mut Browser::new(&issuer)).await;
    assert_eq!(page.status(), StatusCode::OK);
    assert!(!page.reply.headers.contains_key(header::LOCATION));
    assert_eq!(page.reply.header(header::CONTENT_TYPE), "text/html; charset=utf-8");
    assert_eq!(page.reply.header(header::CACHE_CONTROL), "no-store");
    let form = page.form("#continue");
    assert!(page.has("form[method=post]"));
    assert_eq!(form.action, CALLBACK);
    assert_eq!(fields(&form), ["code", "iss", "state"]);
    assert_eq!((form.value("iss"), form.value("state")), (ISSUER, "the state"));
    assert_eq!(app.redeem(form.value("code")).await.status, StatusCode::OK);
}

/// Errors travel the same way. §2.
#[tokio::test]
async fn section_2_a_refusal_is_posted() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::web(&issuer).await.with("response_mode", "form_post");
    for (name, value, error) in [
        ("prompt", "none", "login_required"),
        ("response_type", "token", "unsupported_response_type"),
        ("code_challenge", "", "invalid_request"),
    ] {
        let app = app.clone().with(name, value);
        let page = Browser::new(&issuer).open(&app.authorize_url()).await.page();
        assert_eq!(page.status(), StatusCode::OK);
        let form = page.form("#continue");
        assert_eq!(form.action, CALLBACK);
        assert_eq!(fields(&form), ["error", "error_description", "iss", "state"]);
        assert_eq!(form.value("error"), error);
    }
}

/// Every value is escaped; the only script is a file of our own, and the form may lead nowhere but to the
/// app. §2, §4, XSS-02.
#[tokio::test]
async fn section_4_xss_02_values_are_escaped() {
    let issuer = Issuer::start().await;
    let uri = "https://app.example/cb?a=%22%3E%3Cscript%3E&b=%27&amp;c";
    let metadata = ClientMetadata { redirect_uris: vec![uri.to_owned()], ..web_app() };
    let app = RelyingParty::register(&issuer, "hostile", metadata).await;
    for state in [
        "\"><script>alert(1)</script>",
        "' onfocus=alert(1) x='",
        "</form><form action=//evil>",
        "{{7*7}}",
        "\r\n\u{2028}",
    ] {
        let app = app
            .clone()
            .with("redirect_uri", uri)
            .with("response_mode", "form_post")
            .with("prompt", "none")
            .with("state", state);
        let page = Browser::new(&issuer).open(&app.authorize_url()).await.page();
        let form = page.form("#continue");
        assert_eq!(form.action, uri);
        // HTML forms carry line ends as they please.
        assert_eq!(form.value("state").replace(['\r', '\n'], ""), state.replace(['\r', '\n'], ""));
        assert!(!page.has("script:not([src^='/static/'])"), "{}", page.reply.text());
        assert!(!page.has("[onfocus], [onload], [onclick]"));
        assert!(!page.has("form ~ form"));
        let csp = page.reply.header(header::CONTENT_SECURITY_POLICY);
        assert!(csp.contains("form-action 'self' https:;"), "{csp}");
        assert!(csp.contains("script-src 'self'"), "{csp}");
    }
}

/// The form is submitted by the page itself, without a click: by a file of our own that the policy of the page
/// lets in; without scripts, its button does the same. §2.
#[tokio::test]
async fn section_2_the_page_submits_itself() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.with("response_mode", "form_post");
    let page = answered(&app, &mut Browser::new(&issuer)).await;
    let source = doorward::http::assets::Asset::FormPost.url();
    assert!(page.has(&format!("script[src='{source}'][defer]")), "{}", page.reply.text());
    assert!(page.has("form button#continue[type=submit]"));
    let csp = page.reply.header(header::CONTENT_SECURITY_POLICY);
    assert!(csp.contains("script-src 'self'"), "{csp}");
    let script = issuer.fetch(source).await;
    assert_eq!(script.status, StatusCode::OK);
    assert!(script.header(header::CONTENT_TYPE).starts_with("text/javascript"));
    assert!(script.text().contains("document.forms[0].submit()"), "{}", script.text());
}
