//! Bearer tokens at UserInfo. RFC 6750.

use http::{Request, StatusCode, header};
use serde_json::Value;

use crate::actors::{
    Browser, Issuer, RelyingParty, issuer::Reply, relying_party::machine, request::form,
};

async fn token_of(issuer: &Issuer) -> String {
    issuer.user("alice").await;
    let app = RelyingParty::web(issuer).await;
    app.tokens("alice").await["access_token"].as_str().unwrap().to_owned()
}

fn challenge(reply: &Reply) -> &str {
    reply.header(header::WWW_AUTHENTICATE)
}

/// The refusal of RFC 6750 §3.1: status, body and challenge say the same.
#[track_caller]
fn refused(reply: &Reply, status: StatusCode, error: &str) {
    assert_eq!((reply.status, reply.error().as_str()), (status, error), "{}", reply.text());
    if status != StatusCode::BAD_REQUEST || reply.headers.contains_key(header::WWW_AUTHENTICATE) {
        assert!(challenge(reply).starts_with("Bearer "), "{}", challenge(reply));
        assert!(challenge(reply).contains(&format!("error=\"{error}\"")), "{}", challenge(reply));
    }
}

/// RFC 6750 §2.1, §2.2 and Core §5.3.1: the header by GET and POST, or the form; the scheme in any
/// case (RFC 9110 §11.1).
#[tokio::test]
async fn section_2_a_token_comes_in_the_header_or_in_the_form() {
    let issuer = Issuer::start().await;
    let token = token_of(&issuer).await;
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let value = format!("{scheme} {token}");
        assert_eq!(issuer.fetch_with("/userinfo", "authorization", &value).await.status, 200);
        let reply = issuer.post("/userinfo", &[("authorization", &value)], "").await;
        assert_eq!(reply.status, 200);
    }
    let body = form(&[("access_token", &token)]);
    assert_eq!(issuer.post("/userinfo", &[], &body).await.status, 200);
}

/// UINF-01, RFC 6750 §3.1: a request that lacks any authentication gets a challenge without an error.
#[tokio::test]
async fn uinf_01_no_token_is_a_bare_challenge() {
    let issuer = Issuer::start().await;
    let replies = [
        issuer.fetch("/userinfo").await,
        issuer.post("/userinfo", &[], "").await,
        issuer.fetch_with("/userinfo", "authorization", "Basic eDp5").await,
        issuer.fetch_with("/userinfo", "cookie", "access_token=x").await,
    ];
    for reply in replies {
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
        assert!(challenge(&reply).starts_with("Bearer"), "{}", challenge(&reply));
        assert!(!challenge(&reply).contains("error"), "{}", challenge(&reply));
    }
}

/// UINF-01, RFC 6750 §2: not in more than one way.
#[tokio::test]
async fn uinf_01_a_token_in_two_places_is_invalid_request() {
    let issuer = Issuer::start().await;
    let token = token_of(&issuer).await;
    let value = format!("Bearer {token}");
    let body = form(&[("access_token", &token)]);
    let in_query = format!("/userinfo?{body}");
    let both = issuer.post("/userinfo", &[("authorization", &value)], &body).await;
    refused(&both, StatusCode::BAD_REQUEST, "invalid_request");
    let twice = [("authorization", value.as_str()), ("authorization", value.as_str())];
    let reply = issuer.post("/userinfo", &twice, "").await;
    refused(&reply, StatusCode::BAD_REQUEST, "invalid_request");
    let reply = issuer.fetch_with(&in_query, "authorization", &value).await;
    refused(&reply, StatusCode::BAD_REQUEST, "invalid_request");
    let reply = issuer.post("/userinfo", &[], &format!("{body}&{body}")).await;
    refused(&reply, StatusCode::BAD_REQUEST, "invalid_request");
}

/// RFC 9700 §4.3.2: never in the query, where it would be logged.
#[tokio::test]
async fn rfc9700_section_4_3_2_a_token_in_the_query_opens_nothing() {
    let issuer = Issuer::start().await;
    let token = token_of(&issuer).await;
    let query = form(&[("access_token", &token)]);
    let replies = [
        issuer.fetch(&format!("/userinfo?{query}")).await,
        issuer.post(&format!("/userinfo?{query}"), &[], "").await,
    ];
    for reply in replies {
        assert!(reply.status.is_client_error());
        assert!(!reply.text().contains("sub"));
    }
}

/// RFC 6750 §3.1: an expired, revoked or malformed token is `invalid_token`.
#[tokio::test]
async fn section_3_1_a_bad_token_is_invalid_token() {
    let issuer = Issuer::start().await;
    let token = token_of(&issuer).await;
    let (signed, _) = token.rsplit_once('.').unwrap();
    for bad in ["x", "dwa_x", "a.b.c", "..", &format!("{signed}."), &format!("{token}A"), signed] {
        let value = format!("Bearer {bad}");
        let reply = issuer.fetch_with("/userinfo", "authorization", &value).await;
        refused(&reply, StatusCode::UNAUTHORIZED, "invalid_token");
    }
    issuer.wait(600).await;
    let reply = issuer.fetch_with("/userinfo", "authorization", &format!("Bearer {token}")).await;
    refused(&reply, StatusCode::UNAUTHORIZED, "invalid_token");
}

/// RFC 6750 §2.1: what are no characters of a token is no token.
#[tokio::test]
async fn section_2_1_other_characters_are_invalid_request() {
    let issuer = Issuer::start().await;
    for bad in ["", "a b", "a,b", "\"x\"", "=", "a=b"] {
        let value = format!("Bearer {bad}");
        let reply = issuer.fetch_with("/userinfo", "authorization", &value).await;
        assert!(
            [StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED].contains(&reply.status),
            "{bad}: {}",
            reply.status
        );
    }
    let request =
        Request::get("/userinfo").header(header::AUTHORIZATION, b"Bearer \xff".as_slice());
    let reply = issuer.send(request.body(String::new()).unwrap()).await;
    assert!(reply.status.is_client_error());
}

/// UINF-03, RFC 6750 §3.1: without the scope `openid` it is 403 `insufficient_scope`, which says what
/// would have been enough.
#[tokio::test]
async fn uinf_03_without_openid_is_insufficient_scope() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.asking("profile email");
    let tokens = app.tokens("alice").await;
    let reply = app.userinfo(tokens["access_token"].as_str().unwrap()).await;
    refused(&reply, StatusCode::FORBIDDEN, "insufficient_scope");
    assert!(challenge(&reply).contains("scope=\"openid\""), "{}", challenge(&reply));
}

/// A machine's token speaks of no user.
#[tokio::test]
async fn a_machine_s_token_is_refused() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::register(&issuer, "batch", machine()).await;
    let tokens: Value = app.token(&[("grant_type", "client_credentials")]).await.granted();
    let reply = app.userinfo(tokens["access_token"].as_str().unwrap()).await;
    assert!([401, 403].contains(&reply.status.as_u16()), "{}", reply.status);
    assert!(challenge(&reply).starts_with("Bearer "));
}

/// TOK-12: no other credential is an access token.
#[tokio::test]
async fn tok_12_other_tokens_are_no_access_tokens() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.asking("openid offline_access");
    let tokens = app.tokens("alice").await;
    let id_token = tokens["id_token"].as_str().unwrap();
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    for other in [id_token, refresh_token, app.registered.secret.as_deref().unwrap()] {
        refused(&app.userinfo(other).await, StatusCode::UNAUTHORIZED, "invalid_token");
    }
}

/// RFC 6749 §3.1, RFC 6750 §2.2: other parameters do not matter, and an `access_token` without a value was
/// not sent.
#[tokio::test]
async fn section_2_2_unknown_parameters_are_ignored() {
    let issuer = Issuer::start().await;
    let token = token_of(&issuer).await;
    let value = format!("Bearer {token}");
    let reply = issuer.fetch_with("/userinfo?schema=openid&x=1", "authorization", &value).await;
    assert_eq!(reply.status, 200);
    let body = form(&[("x", "1"), ("access_token", &token), ("client_id", "nobody")]);
    assert_eq!(issuer.post("/userinfo?x=1", &[], &body).await.status, 200);
    let empty = form(&[("access_token", ""), ("x", "1")]);
    let header = [("authorization", value.as_str())];
    assert_eq!(issuer.post("/userinfo", &header, &empty).await.status, 200);
    let reply = issuer.post("/userinfo", &[], &empty).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    assert!(!challenge(&reply).contains("error"), "{}", challenge(&reply));
}

/// RFC 6750 §3.1: a token that was revoked, itself or with its session, is `invalid_token`.
#[tokio::test]
async fn section_3_1_a_revoked_token_is_invalid_token() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let revoked = app.tokens("alice").await;
    let revoked = revoked["access_token"].as_str().unwrap();
    assert_eq!(app.revoke(revoked).await.status, 200);
    refused(&app.userinfo(revoked).await, StatusCode::UNAUTHORIZED, "invalid_token");

    let mut browser = Browser::new(&issuer);
    let code = app.code(&mut browser, "alice").await;
    let tokens = app.redeem(&code).await.granted();
    let account = browser.open("/account").await.page();
    browser.press(&account, "#sign-out").await.page();
    issuer.wait(0).await;
    let reply = app.userinfo(tokens["access_token"].as_str().unwrap()).await;
    refused(&reply, StatusCode::UNAUTHORIZED, "invalid_token");
}

/// Core §5.3: apps in the browser read the claims, and the challenge when there are none; the scripts of
/// other origins see no header of a response but those that it names.
#[tokio::test]
async fn core_section_5_3_apps_in_the_browser_read_claims_and_challenges() {
    let issuer = Issuer::start().await;
    let value = format!("Bearer {}", token_of(&issuer).await);
    for (authorization, status) in [(value.as_str(), 200), ("Bearer x", 401), ("Basic eDp5", 401)] {
        let request = Request::get("/userinfo")
            .header(header::ORIGIN, "https://spa.example")
            .header(header::AUTHORIZATION, authorization);
        let reply = issuer.send(request.body(String::new()).unwrap()).await;
        assert_eq!(reply.status, status);
        assert_eq!(reply.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
        assert_eq!(reply.header(header::ACCESS_CONTROL_EXPOSE_HEADERS), "WWW-Authenticate");
        assert!(!reply.headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
    }
}
