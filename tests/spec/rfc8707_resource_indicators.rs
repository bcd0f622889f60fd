//! Resource indicators: which API a token is for. RFC 8707.

use doorward::{protocol::client::ClientMetadata, types::Scope};
use http::StatusCode;
use serde_json::{Value, json};

use crate::actors::{
    Browser, Issuer, RelyingParty,
    access::NOTES_API,
    browser::Form,
    issuer::ISSUER,
    relying_party::{CALLBACK, VERIFIER, claims, machine, response_parameters, web_app},
};

const MAIL_API: &str = "https://mail.example";
const EVERYTHING: &str = "openid offline_access notes:read notes:delete mail:send";

/// Two APIs, and alice, who may do everything at both.
async fn world() -> Issuer {
    let issuer = Issuer::start().await;
    issuer.api(MAIL_API, &["mail:send"]).await;
    issuer.role("writer", &["notes:read", "notes:delete", "mail:send"]).await;
    let alice = issuer.user("alice").await;
    issuer.give(&alice, "writer").await;
    issuer
}

async fn app(issuer: &Issuer) -> RelyingParty<'_> {
    let metadata = ClientMetadata { scope: Scope::parse(EVERYTHING).unwrap(), ..web_app() };
    RelyingParty::register(issuer, "notes", metadata).await.asking(EVERYTHING)
}

/// Signs alice in with these resources in the authorization request; the code.
async fn code(app: &RelyingParty<'_>, issuer: &Issuer, resources: &[&str]) -> String {
    let mut address = app.authorize_url();
    for resource in resources {
        address = format!("{address}&resource={}", form_urlencoded_of(resource));
    }
    let mut browser = Browser::new(issuer);
    let place = browser.open(&address).await;
    let url = browser.go_on(place, "alice").await;
    response_parameters(&url).remove("code").unwrap_or_else(|| panic!("no code in {url}"))
}

fn form_urlencoded_of(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

async fn redeem(
    app: &RelyingParty<'_>,
    code: &str,
    resources: &[&str],
) -> crate::actors::issuer::Reply {
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    fields.extend(resources.iter().map(|resource| ("resource", *resource)));
    app.token(&fields).await
}

fn access(tokens: &Value) -> Value {
    claims(tokens["access_token"].as_str().unwrap())
}

/// RFC 8707 §2, RFC 9068 §3: without `resource`, the audience is that of the APIs whose permissions
/// were granted, and this server where UserInfo is.
#[tokio::test]
async fn section_2_the_audience_follows_the_scope() {
    let issuer = world().await;
    let app = app(&issuer).await;
    let tokens = redeem(&app, &code(&app, &issuer, &[]).await, &[]).await.granted();
    assert_eq!(access(&tokens)["aud"], json!([ISSUER, MAIL_API, NOTES_API]));
    assert_eq!(tokens["scope"], "mail:send notes:delete notes:read offline_access openid");
    let plain = app.clone().asking("openid notes:read");
    let tokens = redeem(&plain, &code(&plain, &issuer, &[]).await, &[]).await.granted();
    assert_eq!(access(&tokens)["aud"], json!([ISSUER, NOTES_API]));
}

/// RFC 8707 §2.1: the authorization request names the resources, and the scope is narrowed to them.
#[tokio::test]
async fn section_2_1_the_authorization_request_narrows() {
    let issuer = world().await;
    let app = app(&issuer).await;
    let tokens = redeem(&app, &code(&app, &issuer, &[MAIL_API]).await, &[]).await.granted();
    assert_eq!(access(&tokens)["aud"], json!([ISSUER, MAIL_API]));
    assert_eq!(tokens["scope"], "mail:send offline_access openid");
    let both = code(&app, &issuer, &[MAIL_API, NOTES_API]).await;
    let tokens = redeem(&app, &both, &[]).await.granted();
    assert_eq!(access(&tokens)["aud"], json!([ISSUER, MAIL_API, NOTES_API]));
}

/// RFC 8707 §2.2: the token request narrows once more, for each token by itself, and a token for an API
/// is no key to UserInfo.
#[tokio::test]
async fn section_2_2_the_token_request_narrows() {
    let issuer = world().await;
    let app = app(&issuer).await;
    let code = code(&app, &issuer, &[MAIL_API, NOTES_API]).await;
    let tokens = redeem(&app, &code, &[NOTES_API]).await.granted();
    assert_eq!(access(&tokens)["aud"], NOTES_API);
    assert_eq!(tokens["scope"], "notes:delete notes:read offline_access openid");
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(app.userinfo(token).await.status, StatusCode::UNAUTHORIZED);
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let fields =
        [("grant_type", "refresh_token"), ("refresh_token", refresh_token), ("resource", MAIL_API)];
    let tokens = app.token(&fields).await.granted();
    assert_eq!(access(&tokens)["aud"], MAIL_API);
    assert_eq!(tokens["scope"], "mail:send offline_access openid");
}

/// RFC 8707 §2.2: and never widens what was authorized. A refusal uses nothing up.
#[tokio::test]
async fn section_2_2_the_token_request_never_widens() {
    let issuer = world().await;
    let app = app(&issuer).await;
    let code = code(&app, &issuer, &[MAIL_API]).await;
    for beyond in [&[NOTES_API][..], &[MAIL_API, NOTES_API]] {
        redeem(&app, &code, beyond).await.refused(StatusCode::BAD_REQUEST, "invalid_target");
    }
    let tokens = redeem(&app, &code, &[MAIL_API]).await.granted();
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token),
        ("resource", NOTES_API),
    ];
    app.token(&fields).await.refused(StatusCode::BAD_REQUEST, "invalid_target");
}

/// TOK-08, RFC 8707 §2: unknown, relative and with a fragment, at both endpoints.
#[tokio::test]
async fn tok_08_unknown_relative_and_fragment_are_invalid_target() {
    let issuer = world().await;
    let app = app(&issuer).await;
    let robot = RelyingParty::register(&issuer, "robot", machine()).await;
    for bad in [
        "https://other.example",
        "https://mail.example/",
        "HTTPS://MAIL.EXAMPLE",
        "https://mail.example#f",
        "mail.example",
        "/mail",
        "//mail.example",
        "urn:nothing",
        "\"><script>",
    ] {
        let address = format!("{}&resource={}", app.authorize_url(), form_urlencoded_of(bad));
        let url = Browser::new(&issuer).open(&address).await.away();
        let answer = response_parameters(&url);
        assert_eq!(answer.get("error").map(String::as_str), Some("invalid_target"), "{bad}");
        assert_eq!(answer.get("state").map(String::as_str), Some("the state"), "{bad}");
        let fields = [("grant_type", "client_credentials"), ("resource", bad)];
        robot.token(&fields).await.refused(StatusCode::BAD_REQUEST, "invalid_target");
    }
    let fields = [("grant_type", "client_credentials"), ("resource", MAIL_API)];
    // The machine is registered for nothing there.
    robot.token(&fields).await.refused(StatusCode::BAD_REQUEST, "invalid_target");
    let fields = [("grant_type", "client_credentials"), ("resource", NOTES_API)];
    let tokens = robot.token(&fields).await.granted();
    assert_eq!(access(&tokens)["aud"], NOTES_API);
}

/// RFC 8707 §2: `resource` may be there several times, in a form as in a query.
#[tokio::test]
async fn section_2_a_form_names_several_resources() {
    let issuer = world().await;
    let app = app(&issuer).await;
    let mut fields = app.parameters();
    for resource in [MAIL_API, NOTES_API] {
        fields.push(("resource".to_owned(), resource.to_owned()));
    }
    let mut browser = Browser::new(&issuer);
    let place = browser.submit(&Form { action: "/authorize".to_owned(), fields }).await;
    let url = browser.go_on(place, "alice").await;
    let code = response_parameters(&url).remove("code").unwrap();
    let tokens = redeem(&app, &code, &[]).await.granted();
    assert_eq!(access(&tokens)["aud"], json!([ISSUER, MAIL_API, NOTES_API]));
}
