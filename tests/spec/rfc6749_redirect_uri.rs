//! RFC 6749 §3.1.2, RFC 9700 §2.1, OpenID Connect Core 1.0 §3.1.2.1: the redirection URI at the
//! authorization endpoint. What is not exactly registered gets a page of ours, and no redirect.

use doorward::protocol::client::ClientMetadata;
use http::StatusCode;

use crate::actors::{
    Browser, Issuer, RelyingParty,
    relying_party::{CALLBACK, response_parameters, web_app},
    visits::granted,
};

/// The app's request with another address leads to a page, whatever else is in it.
async fn refused_on_a_page(app: &RelyingParty<'_>, issuer: &Issuer, redirect_uri: &str) {
    for (name, value) in [("state", "the state"), ("prompt", "none"), ("response_type", "token")] {
        let app = app.clone().with("redirect_uri", redirect_uri).with(name, value);
        let page = Browser::new(issuer).open(&app.authorize_url()).await.page();
        assert_eq!(page.status(), StatusCode::BAD_REQUEST, "{redirect_uri:?}");
        assert_eq!(page.error_code(), "invalid_request", "{redirect_uri:?}");
        assert!(!page.has("a[href^=http], form, script, meta[http-equiv]"), "{redirect_uri:?}");
    }
}

/// Each registered address is reached exactly. RURI-01.
#[tokio::test]
async fn section_3_1_2_ruri_01_each_registered_address_works() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let uris = [CALLBACK, "https://app.example/other", "https://other.example/"];
    let metadata = ClientMetadata { redirect_uris: uris.map(str::to_owned).to_vec(), ..web_app() };
    let app = RelyingParty::register(&issuer, "notes", metadata).await;
    let mut browser = Browser::new(&issuer);
    for uri in uris {
        let app = app.clone().with("redirect_uri", uri);
        let url = app.sign_in(&mut browser, "alice").await;
        assert!(url.starts_with(&format!("{uri}?code=")), "{url}");
    }
}

/// Addresses are compared character by character: nothing that a parser could take for the same, and
/// nothing that begins or ends with it. RURI-02 to RURI-13 but for loopback addresses.
#[tokio::test]
async fn section_3_1_2_3_ruri_02_to_13_lookalikes_get_a_page() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::web(&issuer).await;
    for uri in [
        "https://app.example.evil.tld/cb",
        "https://evilapp.example/cb",
        "https://app.exampl",
        "https://app.example",
        "https://app.example/cb/../evil",
        "https://app.example/cb/./",
        "https://app.example/cb%2f..%2fevil",
        "https://app.example/cb/",
        "https://app.example/%2563b",
        "https://app.example/c%62",
        "https://app.example/cb%00",
        "https://app.example/cb%20",
        "https://app.example./cb",
        "https://app.example:443/cb",
        "https://appXexample/cb",
        "https://app.example/cb?x=1",
        "https://app.example/cb?",
        "https://app.example/cb#",
        "https://app.example/cb#frag",
        "https://app.example/cb?code=attacker",
        "https://app.example/cb;a",
        "https://app.example@evil.tld/cb",
        "https://evil.tld\\@app.example/cb",
        "https://localhost@evil.tld",
        "https://app.example/cb/..;/x",
        "https:/\\evil",
        "https:///evil",
        "//app.example/cb",
        "/cb",
        "https://app.example/\tcb",
        "https://app.example\n/cb",
        "https://app.example/cb\r\nLocation: https://evil.tld",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://app.example/cb",
        " https://app.example/cb",
        "https://app.example/cb ",
        "HTTPS://app.example/cb",
        "https://APP.example/cb",
        "https://app.example/CB",
        "http://app.example/cb",
        "https://\u{430}pp.example/cb",
        "*",
        "https://*",
        "x",
    ] {
        refused_on_a_page(&app, &issuer, uri).await;
    }
}

/// A name outside ASCII is registered in its A-label form, and only that form is the same. RURI-13.
#[tokio::test]
async fn section_3_1_2_3_ruri_13_a_label_and_u_label_are_two_names() {
    let issuer = Issuer::start().await;
    let metadata = ClientMetadata {
        redirect_uris: vec!["https://xn--bcher-kva.example/cb".to_owned()],
        ..web_app()
    };
    let app = RelyingParty::register(&issuer, "books", metadata).await;
    let good = app.clone().with("redirect_uri", "https://xn--bcher-kva.example/cb");
    assert_eq!(Browser::new(&issuer).open(&good.authorize_url()).await.page().path(), "/login");
    refused_on_a_page(&app, &issuer, "https://bücher.example/cb").await;
    refused_on_a_page(&app, &issuer, "https://b\u{fc}cher.example/cb").await;
    refused_on_a_page(&app, &issuer, "https://XN--BCHER-KVA.example/cb").await;
}

/// The address of another client is not one's own.
#[tokio::test]
async fn section_3_1_2_3_the_address_of_another_client_gets_a_page() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::web(&issuer).await;
    let metadata =
        ClientMetadata { redirect_uris: vec!["https://other.example/cb".to_owned()], ..web_app() };
    RelyingParty::register(&issuer, "other", metadata).await;
    refused_on_a_page(&app, &issuer, "https://other.example/cb").await;
}

/// A query that was registered MUST be kept; the answer goes behind it. RFC 6749 §3.1.2.
#[tokio::test]
async fn section_3_1_2_a_registered_query_is_kept() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let uri = "https://app.example/cb?tenant=a%26b&x=";
    let metadata = ClientMetadata { redirect_uris: vec![uri.to_owned()], ..web_app() };
    let app = RelyingParty::register(&issuer, "notes", metadata).await;
    let app = app.with("redirect_uri", uri);
    let url = app.sign_in(&mut Browser::new(&issuer), "alice").await;
    assert!(url.starts_with(&format!("{uri}&code=")), "{url}");
    assert_eq!(response_parameters(&url)["tenant"], "a&b");
    granted(&url);
    refused_on_a_page(&app, &issuer, "https://app.example/cb").await;
    refused_on_a_page(&app, &issuer, "https://app.example/cb?x=&tenant=a%26b").await;
}

/// `redirect_uri` is REQUIRED in an OpenID Connect request; plain OAuth may leave it out when exactly one
/// is registered. Core §3.1.2.1, RFC 6749 §3.1.2.3, RURI-12.
#[tokio::test]
async fn section_3_1_2_3_ruri_12_a_missing_address_is_implied_in_one_case_only() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.with("redirect_uri", "");
    let page = Browser::new(&issuer).open(&app.authorize_url()).await.page();
    assert_eq!(page.error_code(), "invalid_request");
    let plain = app.clone().asking("profile");
    let url = plain.sign_in(&mut Browser::new(&issuer), "alice").await;
    assert!(url.starts_with(CALLBACK));
    granted(&url);

    let two = [CALLBACK, "https://app.example/other"];
    let metadata = ClientMetadata { redirect_uris: two.map(str::to_owned).to_vec(), ..web_app() };
    let app = RelyingParty::register(&issuer, "two", metadata).await;
    for scope in ["profile", "openid"] {
        let app = app.clone().asking(scope).with("redirect_uri", "");
        let page = Browser::new(&issuer).open(&app.authorize_url()).await.page();
        assert_eq!(page.error_code(), "invalid_request");
    }
}

/// The developer of the client is told what is registered; the browser is sent nowhere, and what was sent
/// is text on the page.
#[tokio::test]
async fn the_error_page_says_which_address_is_registered() {
    let issuer = Issuer::start().await;
    let hostile = "https://app.example/cb\"><script>alert(1)</script>";
    let app = RelyingParty::web(&issuer).await.with("redirect_uri", hostile);
    let page = Browser::new(&issuer).open(&app.authorize_url()).await.page();
    assert!(page.text_of("#error-hint").contains(CALLBACK), "{}", page.text());
    assert!(page.text_of("#error-hint").contains("<script>"), "{}", page.text());
    assert!(!page.has("script"));
}

/// An address that was taken from the client while the user was signing in is not used. RURI-16.
#[tokio::test]
async fn section_3_1_2_3_ruri_16_the_address_is_checked_again_at_the_end() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let login = browser.open(&app.authorize_url()).await.page();
    let metadata = ClientMetadata {
        redirect_uris: vec!["https://app.example/new".to_owned()],
        ..app.registered.client.metadata.clone()
    };
    let secret = doorward::service::client_registry::NewSecret::Generated;
    let (actor, origin) =
        (doorward::types::audit::Actor::Operator, crate::actors::issuer::origin());
    let id = &app.registered.client.id;
    doorward::service::client_registry::update(&issuer.ctx, id, metadata, secret, actor, &origin)
        .await
        .unwrap();
    issuer.wait(0).await;
    let place = browser.try_password(&login, "alice", crate::actors::issuer::PASSWORD).await;
    let page = place.page();
    assert_eq!(
        (page.status(), page.error_code()),
        (StatusCode::BAD_REQUEST, "invalid_request".to_owned())
    );
    assert!(!browser.cookies.contains_key("__Host-doorward-session"));
}
