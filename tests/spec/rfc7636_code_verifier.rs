//! PKCE at the token endpoint. RFC 7636 §4.5, §4.6; RFC 9700 §2.1.1.

use base64ct::{Base64UrlUnpadded, Encoding};
use doorward::{protocol::client::ClientMetadata, types::digest::sha256};

use crate::actors::{
    Browser, Issuer, RelyingParty,
    issuer::Reply,
    relying_party::{CALLBACK, VERIFIER, web_app},
};

async fn redeem_with(app: &RelyingParty<'_>, code: &str, verifier: Option<&str>) -> Reply {
    let mut fields =
        vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK)];
    fields.extend(verifier.map(|verifier| ("code_verifier", verifier)));
    app.token(&fields).await
}

/// PKCE-01: the right verifier redeems; from 43 to 128 characters, all that §4.1 allows.
#[tokio::test]
async fn pkce_01_the_right_verifier_redeems() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::public(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let all = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".to_owned();
    for verifier in [VERIFIER.to_owned(), "a".repeat(43), "~".repeat(128), all] {
        let challenge = Base64UrlUnpadded::encode_string(&sha256(verifier.as_bytes()));
        let app = app.clone().with("code_challenge", &challenge);
        let code = app.code(&mut browser, "alice").await;
        redeem_with(&app, &code, Some(&verifier)).await.granted();
    }
}

/// PKCE-04, RFC 9700 §4.8.2: a verifier without a challenge is a downgrade: somebody took the
/// challenge out of the request.
#[tokio::test]
async fn pkce_04_a_verifier_that_nobody_asked_for_is_invalid_grant() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let excused = ClientMetadata { require_pkce: false, ..web_app() };
    let app = RelyingParty::register(&issuer, "legacy", excused).await;
    let app = app.with("code_challenge", "").with("code_challenge_method", "");
    let code = app.code(&mut Browser::new(&issuer), "alice").await;
    redeem_with(&app, &code, Some(VERIFIER)).await.is_invalid_grant();
    redeem_with(&app, &code, None).await.granted();
}

/// PKCE-05, RFC 7636 §4.6: a challenge that was sent is enforced, for an excused client as well.
#[tokio::test]
async fn pkce_05_a_missing_verifier_is_invalid_grant() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let excused = ClientMetadata { require_pkce: false, ..web_app() };
    let apps = [
        RelyingParty::web(&issuer).await,
        RelyingParty::public(&issuer).await,
        RelyingParty::register(&issuer, "legacy", excused).await,
    ];
    for app in apps {
        let code = app.code(&mut Browser::new(&issuer), "alice").await;
        redeem_with(&app, &code, None).await.is_invalid_grant();
        redeem_with(&app, &code, Some("")).await.is_invalid_grant();
        redeem_with(&app, &code, Some(VERIFIER)).await.granted();
    }
}

/// PKCE-06: four wrong guesses change nothing, the fifth kills the code; no token is revoked.
#[tokio::test]
async fn pkce_06_wrong_verifiers_are_counted() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::public(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let earlier = app.tokens("alice").await;
    let wrong = "w".repeat(43);

    let code = app.code(&mut browser, "alice").await;
    for _ in 0..4 {
        redeem_with(&app, &code, Some(&wrong)).await.is_invalid_grant();
    }
    redeem_with(&app, &code, Some(VERIFIER)).await.granted();

    let code = app.code(&mut browser, "alice").await;
    for _ in 0..5 {
        redeem_with(&app, &code, Some(&wrong)).await.is_invalid_grant();
    }
    redeem_with(&app, &code, Some(VERIFIER)).await.is_invalid_grant();
    assert_eq!(app.userinfo(earlier["access_token"].as_str().unwrap()).await.status, 200);
}

/// PKCE-06: a stranger who does not authenticate cannot use the guesses up.
#[tokio::test]
async fn pkce_06_only_the_client_itself_can_use_the_guesses_up() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let other = RelyingParty::register(&issuer, "other", web_app()).await;
    let code = app.code(&mut Browser::new(&issuer), "alice").await;
    for _ in 0..6 {
        redeem_with(&other, &code, Some(&"w".repeat(43))).await.is_invalid_grant();
    }
    redeem_with(&app, &code, Some(VERIFIER)).await.granted();
}

/// PKCE-07, RFC 7636 §4.1: 43 to 128 unreserved characters; anything else is no verifier.
#[tokio::test]
async fn pkce_07_a_malformed_verifier_is_invalid_request() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::public(&issuer).await;
    let code = app.code(&mut Browser::new(&issuer), "alice").await;
    let fits = &VERIFIER[..42];
    for malformed in [
        fits.to_owned(),
        "a".repeat(129),
        format!("{fits}="),
        format!("{fits} "),
        format!("{fits}+"),
        format!("{fits}\0"),
        format!("{fits}\n"),
        format!("{fits}é"),
        "a".repeat(10_000),
    ] {
        redeem_with(&app, &code, Some(&malformed)).await.is_invalid_request();
    }
    redeem_with(&app, &code, Some(VERIFIER)).await.granted();
}

/// RFC 7636 §4.6: the challenge itself is no verifier, nor is the verifier in another case.
#[tokio::test]
async fn section_4_6_the_challenge_is_not_its_own_verifier() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::public(&issuer).await;
    let code = app.code(&mut Browser::new(&issuer), "alice").await;
    let challenge = Base64UrlUnpadded::encode_string(&sha256(VERIFIER.as_bytes()));
    for wrong in [challenge, VERIFIER.to_lowercase(), format!("{VERIFIER}A")] {
        redeem_with(&app, &code, Some(&wrong)).await.is_invalid_grant();
    }
    redeem_with(&app, &code, Some(VERIFIER)).await.granted();
}

/// PKCE-09: a code that was stolen in the front channel is of no use in another sign-in of the same app.
#[tokio::test]
async fn pkce_09_a_code_of_another_sign_in_is_invalid_grant() {
    let issuer = Issuer::start().await;
    issuer.user("victim").await;
    issuer.user("attacker").await;
    let app = RelyingParty::public(&issuer).await;
    let attackers_verifier = "attackers-verifier-attackers-verifier-attackers";
    let challenge = Base64UrlUnpadded::encode_string(&sha256(attackers_verifier.as_bytes()));
    let attackers = app.clone().with("code_challenge", &challenge);
    let code = app.code(&mut Browser::new(&issuer), "victim").await;
    let own = attackers.code(&mut Browser::new(&issuer), "attacker").await;
    redeem_with(&app, &code, Some(attackers_verifier)).await.is_invalid_grant();
    redeem_with(&app, &own, Some(VERIFIER)).await.is_invalid_grant();
    redeem_with(&app, &code, Some(VERIFIER)).await.granted();
}
