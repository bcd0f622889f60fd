//! RFC 8252: OAuth 2.0 for native apps.

use doorward::protocol::client::{ApplicationType, ClientMetadata, ConsentPolicy};
use http::StatusCode;

use crate::actors::{
    Browser, Issuer, RelyingParty,
    relying_party::public_app,
    visits::{granted, refused},
};

fn native(redirect_uri: &str) -> ClientMetadata {
    ClientMetadata {
        application_type: ApplicationType::Native,
        redirect_uris: vec![redirect_uri.to_owned()],
        ..public_app()
    }
}

/// The server MUST allow any port at the time of the request for loopback IP redirect URIs. §7.3.
#[tokio::test]
async fn section_7_3_ruri_07_the_port_of_a_loopback_address_may_vary() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    for (id, registered, presented) in [
        (
            "v4",
            "http://127.0.0.1/cb",
            ["http://127.0.0.1/cb", "http://127.0.0.1:1/cb", "http://127.0.0.1:65535/cb"],
        ),
        (
            "v6",
            "http://[::1]/cb",
            ["http://[::1]/cb", "http://[::1]:8080/cb", "http://[::1]:49152/cb"],
        ),
    ] {
        let app = RelyingParty::register(&issuer, id, native(registered)).await;
        let mut browser = Browser::new(&issuer);
        for uri in presented {
            let app = app.clone().with("redirect_uri", uri);
            let url = app.sign_in(&mut browser, "alice").await;
            assert!(url.starts_with(&format!("{uri}?code=")), "{url}");
            let code = granted(&url);
            let reply = app
                .token(&[
                    ("grant_type", "authorization_code"),
                    ("code", &code),
                    ("redirect_uri", uri),
                    ("code_verifier", crate::actors::relying_party::VERIFIER),
                ])
                .await;
            assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
        }
    }
}

/// Nothing but the port varies, and only a native app's. §7.3, §8.10, RURI-07.
#[tokio::test]
async fn section_7_3_ruri_07_nothing_but_the_port_varies() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::register(&issuer, "native", native("http://127.0.0.1/cb")).await;
    for uri in [
        "http://localhost:1/cb",
        "http://127.0.0.1:1/other",
        "http://127.0.0.1:1/cb?x",
        "http://127.0.0.1:1/cb#x",
        "http://127.0.0.2:1/cb",
        "http://[::1]:1/cb",
        "http://127.0.0.1:99999/cb",
        "http://127.0.0.1:0/cb",
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:1@evil.tld/cb",
        "http://127.0.0.1.evil.tld/cb",
        "http://2130706433:1/cb",
        "http://127.1:1/cb",
        "https://127.0.0.1:1/cb",
    ] {
        let app = app.clone().with("redirect_uri", uri);
        let page = Browser::new(&issuer).open(&app.authorize_url()).await.page();
        assert_eq!(page.error_code(), "invalid_request", "{uri}");
    }
    let web =
        ClientMetadata { application_type: ApplicationType::Web, ..native("http://127.0.0.1/cb") };
    let app = RelyingParty::register(&issuer, "web", web).await;
    let app = app.with("redirect_uri", "http://127.0.0.1:4711/cb");
    let page = Browser::new(&issuer).open(&app.authorize_url()).await.page();
    assert_eq!(page.error_code(), "invalid_request", "a web app's port is its own");
}

/// A scheme of the app's own works, and is compared like every other address. §7.1.
#[tokio::test]
async fn section_7_1_a_scheme_of_the_apps_own_works() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let uri = "com.example.notes:/oauth2redirect";
    let app = RelyingParty::register(&issuer, "phone", native(uri)).await.with("redirect_uri", uri);
    let url = app.sign_in(&mut Browser::new(&issuer), "alice").await;
    assert!(url.starts_with(&format!("{uri}?code=")), "{url}");
    for other in [
        "com.example.notes:/other",
        "com.example.notes://oauth2redirect",
        "com.example.NOTES:/oauth2redirect",
    ] {
        let app = app.clone().with("redirect_uri", other);
        let page = Browser::new(&issuer).open(&app.authorize_url()).await.page();
        assert_eq!(page.error_code(), "invalid_request", "{other}");
    }
}

/// Requests of an app that any other app can pretend to be SHOULD NOT be processed without the user's
/// consent, whatever was allowed before. §8.6, AUTHZ-24.
#[tokio::test]
async fn section_8_6_authz_24_an_app_that_anybody_can_be_is_never_answered_silently() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    for (id, uri) in [("phone", "com.example.notes:/cb"), ("laptop", "http://127.0.0.1/cb")] {
        let app = RelyingParty::register(&issuer, id, native(uri)).await.with("redirect_uri", uri);
        let mut browser = Browser::new(&issuer);
        granted(&app.sign_in(&mut browser, "alice").await);
        let page = browser.open(&app.authorize_url()).await.page();
        assert_eq!(page.path(), "/consent", "{id}");
        assert!(page.has("#warning"), "{}", page.text());
        let silent = app.clone().with("prompt", "none");
        let url = browser.open(&silent.authorize_url()).await.away();
        assert_eq!(refused(&url), "consent_required", "{id}");
    }
}

/// An app behind an https address names its owner: there the consent of before is enough. §8.6.
#[tokio::test]
async fn section_8_6_a_claimed_https_address_is_answered_by_the_consent_of_before() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::public(&issuer).await;
    let mut browser = Browser::new(&issuer);
    app.sign_in(&mut browser, "alice").await;
    granted(&browser.open(&app.with("prompt", "none").authorize_url()).await.away());
}

/// An operator's implied consent does not open the way without a page either: the sign-in page is the
/// least. §8.6.
#[tokio::test]
async fn section_8_6_implied_consent_needs_a_page_all_the_same() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let uri = "com.example.notes:/cb";
    let metadata = ClientMetadata { consent: ConsentPolicy::Implied, ..native(uri) };
    let app = RelyingParty::register(&issuer, "phone", metadata).await.with("redirect_uri", uri);
    let mut browser = Browser::new(&issuer);
    granted(&app.sign_in(&mut browser, "alice").await);
    let url = browser.open(&app.with("prompt", "none").authorize_url()).await.away();
    assert_eq!(refused(&url), "consent_required");
}

/// Public native clients MUST use PKCE. §6, §8.1.
#[tokio::test]
async fn section_8_1_a_native_app_uses_pkce() {
    let issuer = Issuer::start().await;
    let uri = "http://127.0.0.1/cb";
    let app =
        RelyingParty::register(&issuer, "native", native(uri)).await.with("redirect_uri", uri);
    let app = app.with("code_challenge", "").with("code_challenge_method", "");
    let url = Browser::new(&issuer).open(&app.authorize_url()).await.away();
    assert_eq!(refused(&url), "invalid_request");
}
