//! Token introspection. RFC 7662.

use doorward::{
    protocol::client::{AccessTokenFormat, ClientMetadata, GrantType},
    types::Scope,
};
use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::actors::{
    Issuer, RelyingParty,
    clock::START,
    issuer::ISSUER,
    relying_party::{jose_header, machine, public_app, web_app},
    request::form,
};

const FORMATS: [AccessTokenFormat; 2] = [AccessTokenFormat::Jwt, AccessTokenFormat::Opaque];
const API: &str = "https://notes.example/api";

fn of_format(access_token_format: AccessTokenFormat) -> ClientMetadata {
    ClientMetadata { access_token_format, access_token_audience: vec![API.to_owned()], ..web_app() }
}

/// An API that answers for `audience`.
fn api(audience: &str) -> ClientMetadata {
    ClientMetadata {
        grant_types: [GrantType::ClientCredentials].into(),
        audiences: vec![audience.to_owned()],
        scope: Scope::default(),
        ..ClientMetadata::default()
    }
}

fn text(tokens: &Value, name: &str) -> String {
    tokens[name].as_str().unwrap().to_owned()
}

/// The one inactive answer there is. INTR-03: exactly one member.
#[track_caller]
fn is_inactive(answer: &Value) {
    assert_eq!(*answer, json!({ "active": false }));
}

/// RFC 7662 §2.2: what an active answer says, in both forms of access tokens.
#[tokio::test]
async fn section_2_2_a_live_token_is_described() {
    for format in FORMATS {
        let issuer = Issuer::start().await;
        let alice = issuer.full_user("alice").await;
        let app = RelyingParty::register(&issuer, "notes", of_format(format)).await;
        let tokens = app.clone().asking("openid roles").tokens("alice").await;
        issuer.wait(10).await;
        let answer = app.introspect(&text(&tokens, "access_token")).await;
        let mut expected = json!({
            "active": true, "scope": "openid roles", "client_id": "notes", "username": "alice",
            "token_type": "Bearer", "exp": START + 600, "iat": START, "sub": alice.id.to_string(),
            "aud": [ISSUER, API], "iss": ISSUER, "auth_time": START, "acr": answer["acr"],
            "roles": ["moderator", "user"],
        });
        if format == AccessTokenFormat::Jwt {
            expected["jti"] = answer["jti"].clone();
            assert!(answer["jti"].is_string());
        }
        assert_eq!(answer, expected);
    }
}

/// A token that the client has for itself speaks of no user.
#[tokio::test]
async fn section_2_2_a_machine_s_token_speaks_of_no_user() {
    for access_token_format in FORMATS {
        let issuer = Issuer::start().await;
        let metadata = ClientMetadata { access_token_format, ..machine() };
        let app = RelyingParty::register(&issuer, "batch", metadata).await;
        let tokens = app.token(&[("grant_type", "client_credentials")]).await.granted();
        let answer = app.introspect(&text(&tokens, "access_token")).await;
        assert_eq!((&answer["active"], &answer["sub"]), (&json!(true), &json!("batch")));
        for absent in ["username", "auth_time", "acr", "roles"] {
            assert!(answer.get(absent).is_none(), "{absent}");
        }
    }
}

/// INTR-01, RFC 7662 §2.1: the caller authenticates; a public client cannot.
#[tokio::test]
async fn intr_01_the_caller_authenticates() {
    let issuer = Issuer::start().await;
    RelyingParty::register(&issuer, "spa", public_app()).await;
    let app = RelyingParty::register(&issuer, "batch", machine()).await;
    let tokens = app.token(&[("grant_type", "client_credentials")]).await.granted();
    let token = text(&tokens, "access_token");
    for body in [
        form(&[("token", &token)]),
        form(&[("token", &token), ("client_id", "spa")]),
        form(&[("token", &token), ("client_id", "batch")]),
        form(&[("token", &token), ("client_id", "nobody")]),
    ] {
        issuer.post("/introspect", &[], &body).await.is_invalid_client();
    }
    // An access token is no client authentication here.
    let bearer = format!("Bearer {token}");
    let reply = issuer.post("/introspect", &[("authorization", &bearer)], "token=x").await;
    reply.is_invalid_client();
}

/// RFC 7662 §2.1: POST, and `token` is required.
#[tokio::test]
async fn section_2_1_the_request_is_a_post_with_a_token() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::register(&issuer, "batch", machine()).await;
    app.call("/introspect", &[]).await.is_invalid_request();
    app.call("/introspect", &[("token", "")]).await.is_invalid_request();
    app.call("/introspect", &[("token", "a"), ("token", "b")]).await.is_invalid_request();
    app.call("/introspect?token=a", &[]).await.is_invalid_request();
    let reply = issuer.call(Method::GET, "/introspect?token=a").await;
    assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED);
}

/// RFC 7662 §4, INTR-04: an API learns of tokens for itself, a client of its own; others of none.
#[tokio::test]
async fn section_4_only_those_concerned_are_told() {
    for format in FORMATS {
        let issuer = Issuer::start().await;
        issuer.user("alice").await;
        let app = RelyingParty::register(&issuer, "notes", of_format(format)).await;
        let concerned = RelyingParty::register(&issuer, "api", api(API)).await;
        let strangers = [
            RelyingParty::register(&issuer, "other-api", api("https://other.example")).await,
            RelyingParty::register(&issuer, "prefix-api", api("https://notes.example/ap")).await,
            RelyingParty::register(&issuer, "other", web_app()).await,
            RelyingParty::register(&issuer, "batch", machine()).await,
        ];
        let tokens = app.clone().asking("openid offline_access").tokens("alice").await;
        let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
        for teller in [&app, &concerned] {
            assert_eq!(teller.introspect(&access).await["active"], true);
        }
        assert_eq!(app.introspect(&refresh).await["active"], true);
        is_inactive(&concerned.introspect(&refresh).await);
        for stranger in &strangers {
            is_inactive(&stranger.introspect(&access).await);
            is_inactive(&stranger.introspect(&refresh).await);
        }
    }
}

/// A refresh token is described without a type, as long as it would be exchanged; looking uses nothing
/// up.
#[tokio::test]
async fn section_2_2_a_refresh_token_is_described() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    for app in [RelyingParty::web(&issuer).await] {
        let app = app.asking("openid offline_access");
        let refresh = text(&app.tokens("alice").await, "refresh_token");
        let answer = app.introspect(&refresh).await;
        assert_eq!(answer["active"], true);
        assert_eq!(answer["scope"], "offline_access openid");
        assert_eq!(answer["client_id"], "notes");
        assert!(answer.get("token_type").is_none());
        app.refresh(&refresh).await.granted();
        issuer.wait(30 * 86_400).await;
        is_inactive(&app.introspect(&refresh).await);
    }
}

/// INTR-03: whatever form of answer is asked for, an inactive one has its one member, and no JWT. RFC 9701
/// is not supported, and what is asked for is no error.
#[tokio::test]
async fn intr_03_no_form_of_answer_says_more() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let access = text(&app.tokens("alice").await, "access_token");
    assert_eq!(app.revoke(&access).await.status, 200);
    for accept in ["application/token-introspection+jwt", "application/jwt", "text/html", "*/*"] {
        let mut request = app.request("/introspect", &[("token", &access)]);
        request.headers_mut().insert(header::ACCEPT, accept.parse().unwrap());
        is_inactive(&issuer.send(request).await.granted());
    }
}

/// INTR-05: garbage, an ID token and everything else that is no token of ours is inactive.
#[tokio::test]
async fn intr_05_what_is_no_token_is_inactive() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.asking("openid offline_access");
    let tokens = app.tokens("alice").await;
    let access = text(&tokens, "access_token");
    let (signed, signature) = access.rsplit_once('.').unwrap();
    let unsigned = format!("{signed}.");
    let swapped = format!("{}.{signature}", text(&tokens, "id_token").rsplit_once('.').unwrap().0);
    for token in [
        "x",
        "dwa_",
        "dwr_",
        "..",
        "a.b.c",
        &text(&tokens, "id_token"),
        app.registered.secret.as_deref().unwrap(),
        &unsigned,
        &swapped,
        &format!("{access}A"),
        &access[..access.len() - 1],
        &access.to_uppercase(),
        &format!("{access}.{access}"),
        &".".repeat(10_000),
    ] {
        is_inactive(&app.introspect(token).await);
    }
    assert_eq!(jose_header(&access)["typ"], "at+jwt");
    let body = form(&[("token", &"x".repeat(17 * 1024))]);
    let reply = issuer.post("/introspect", &[], &body).await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
}

/// TOK-06: only the very text of an opaque token is the token.
#[tokio::test]
async fn tok_06_an_altered_opaque_token_is_inactive() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let metadata = of_format(AccessTokenFormat::Opaque);
    let app = RelyingParty::register(&issuer, "notes", metadata).await;
    let access = text(&app.tokens("alice").await, "access_token");
    let mut altered = vec![
        format!("{access}A"),
        format!("{access}="),
        access.to_uppercase(),
        access.replacen("dwa_", "dwc_", 1),
        access.replacen("dwa_", "", 1),
    ];
    altered.extend((0..access.len()).map(|position| {
        let mut bytes = access.clone().into_bytes();
        bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    }));
    altered.extend((1..access.len()).map(|cut| access[..cut].to_owned()));
    for token in &altered {
        is_inactive(&app.introspect(token).await);
        assert_eq!(app.userinfo(token).await.status, 401, "{token}");
    }
    assert_eq!(app.introspect(&access).await["active"], true);
}

/// RFC 7662 §2.2: an expired token is inactive, from the second of its `exp` on.
#[tokio::test]
async fn section_2_2_an_expired_token_is_inactive() {
    for format in FORMATS {
        let issuer = Issuer::start().await;
        issuer.user("alice").await;
        let app = RelyingParty::register(&issuer, "notes", of_format(format)).await;
        let access = text(&app.tokens("alice").await, "access_token");
        issuer.wait(599).await;
        assert_eq!(app.introspect(&access).await["active"], true);
        issuer.wait(1).await;
        is_inactive(&app.introspect(&access).await);
    }
}

/// INTR-06: what a node remembers is never wider or older than what counts: a revocation is heard of
/// within a second on every node.
#[tokio::test]
async fn intr_06_a_revocation_is_heard_of_on_every_node() {
    for format in FORMATS {
        let issuer = Issuer::start().await;
        issuer.user("alice").await;
        let app = RelyingParty::register(&issuer, "notes", of_format(format)).await;
        let node = issuer.another_node().await;
        let there = app.on(&node);
        let access = text(&app.tokens("alice").await, "access_token");
        for teller in [&app, &there] {
            assert_eq!(teller.introspect(&access).await["active"], true);
        }
        assert_eq!(app.revoke(&access).await.status, 200);
        is_inactive(&app.introspect(&access).await);
        node.wait(0).await;
        is_inactive(&there.introspect(&access).await);
    }
}

/// INTR-06: a node that could not follow the log for more than a second asks the database.
#[tokio::test]
async fn intr_06_a_node_that_lost_touch_believes_nothing_it_remembers() {
    for format in FORMATS {
        let issuer = Issuer::start().await;
        issuer.user("alice").await;
        let app = RelyingParty::register(&issuer, "notes", of_format(format)).await;
        let node = issuer.another_node().await;
        let there = app.on(&node);
        let access = text(&app.tokens("alice").await, "access_token");
        assert_eq!(there.introspect(&access).await["active"], true);
        assert_eq!(app.revoke(&access).await.status, 200);
        issuer.clock.advance(2);
        is_inactive(&there.introspect(&access).await);
    }
}

/// RFC 7662 §2.2: the answer is JSON that nobody keeps; it has no CORS, since no browser asks.
#[tokio::test]
async fn section_2_2_the_answer_is_for_apis_alone() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::register(&issuer, "batch", machine()).await;
    let reply = app.call("/introspect", &[("token", "x")]).await;
    reply.granted();
    assert!(!reply.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
    let hinted = [("token", "x"), ("token_type_hint", "nonsense")];
    is_inactive(&app.call("/introspect", &hinted).await.granted());
}

/// RFC 6749 §3.2: what is unknown is ignored here too; a parameter without a value was not sent.
#[tokio::test]
async fn section_2_1_unknown_parameters_are_ignored() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::register(&issuer, "batch", machine()).await;
    let tokens = app.token(&[("grant_type", "client_credentials")]).await.granted();
    let access = text(&tokens, "access_token");
    let fields = [
        ("token", access.as_str()),
        ("token_type_hint", ""),
        ("scope", "nothing"),
        ("resource", "https://elsewhere.example"),
        ("x", "1"),
    ];
    let told = app.call("/introspect", &fields).await.granted();
    assert_eq!(told, app.introspect(&access).await);
    assert_eq!(told["active"], true);
}
