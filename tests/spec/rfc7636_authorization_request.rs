//! RFC 7636 §4.2, §4.3, §4.4 and RFC 9700 §2.1.1: PKCE at the authorization endpoint.

use doorward::protocol::client::ClientMetadata;
use http::StatusCode;

use crate::actors::{
    Browser, Issuer, RelyingParty,
    relying_party::{CALLBACK, VERIFIER, web_app},
    visits::{granted, refused},
};

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The example of appendix B, from the request to the token.
#[tokio::test]
async fn appendix_b_pkce_01_s256_works() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.with("code_challenge", CHALLENGE);
    let code = granted(&app.sign_in(&mut Browser::new(&issuer), "alice").await);
    assert_eq!(app.redeem(&code).await.status, StatusCode::OK);
}

/// S256 alone: `plain`, by name or by silence, and what nobody knows are `invalid_request`, told to the
/// client. §4.3, §4.4.1, PKCE-02.
#[tokio::test]
async fn section_4_4_1_pkce_02_only_s256_is_a_method() {
    let issuer = Issuer::start().await;
    for app in [RelyingParty::web(&issuer).await, RelyingParty::public(&issuer).await] {
        for method in ["plain", "s256", "S512", "none", "S256 ", ""] {
            let app = app.clone().with("code_challenge_method", method);
            let url = Browser::new(&issuer).open(&app.authorize_url()).await.away();
            assert!(url.starts_with(CALLBACK));
            assert_eq!(refused(&url), "invalid_request", "{method}");
        }
        let app = app.clone().with("code_challenge", "");
        let url = Browser::new(&issuer).open(&app.authorize_url()).await.away();
        assert_eq!(refused(&url), "invalid_request", "a method without a challenge");
    }
}

/// A request without a challenge is refused, from public and confidential clients alike. §4.4.1,
/// RFC 9700 §2.1.1, PKCE-03.
#[tokio::test]
async fn section_4_4_1_pkce_03_a_challenge_is_required() {
    let issuer = Issuer::start().await;
    for app in [RelyingParty::web(&issuer).await, RelyingParty::public(&issuer).await] {
        let app = app.with("code_challenge", "").with("code_challenge_method", "");
        let url = Browser::new(&issuer).open(&app.authorize_url()).await.away();
        assert_eq!(refused(&url), "invalid_request");
    }
}

/// A confidential client that was excused may do without, and what it sends all the same is enforced.
#[tokio::test]
async fn rfc9700_section_2_1_1_an_excused_client_may_do_without() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let metadata = ClientMetadata { require_pkce: false, ..web_app() };
    let app = RelyingParty::register(&issuer, "old", metadata).await;
    let bare = app.clone().with("code_challenge", "").with("code_challenge_method", "");
    let code = granted(&bare.sign_in(&mut Browser::new(&issuer), "alice").await);
    let parameters =
        [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", CALLBACK)];
    assert_eq!(bare.token(&parameters).await.status, StatusCode::OK);
    let code = granted(&app.sign_in(&mut Browser::new(&issuer), "alice").await);
    let parameters =
        [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", CALLBACK)];
    assert_eq!(app.token(&parameters).await.error(), "invalid_grant");
    for method in ["plain", "S512"] {
        let app = app.clone().with("code_challenge_method", method);
        let url = Browser::new(&issuer).open(&app.authorize_url()).await.away();
        assert_eq!(refused(&url), "invalid_request", "{method}");
    }
}

/// The challenge is the canonical base64url of a SHA-256, and nothing else. §4.2, PKCE-08.
#[tokio::test]
async fn section_4_2_pkce_08_a_challenge_has_one_spelling() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::web(&issuer).await;
    for bad in [
        &CHALLENGE[..42],
        &format!("{CHALLENGE}A"),
        &format!("{CHALLENGE}="),
        &CHALLENGE.replace('-', "+"),
        // 'N' differs from 'M' in the two bits that no byte has.
        &CHALLENGE.replace("cM", "cN"),
        &CHALLENGE.replace('E', "!"),
        &format!(" {CHALLENGE}"),
        VERIFIER.trim_end_matches('k'),
        &"A".repeat(128),
        "é",
    ] {
        let app = app.clone().with("code_challenge", bad);
        let url = Browser::new(&issuer).open(&app.authorize_url()).await.away();
        assert_eq!(refused(&url), "invalid_request", "{bad}");
    }
}
