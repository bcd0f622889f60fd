//! Tokens that an API asks its issuer about: opaque ones, API keys, and all of them in strict mode. RFC 7662.

use std::{net::SocketAddr, time::Duration};

use axum::extract::ConnectInfo;
use doorward::{
    identity::{AddressList, api_key::Owner},
    protocol::client::{AccessTokenFormat, ClientMetadata, GrantType},
    resource_server::{Builder, ClientAddress, Refusal, TokenError},
    service::api_keys::{self, NewApiKey},
    types::{ApiKeyId, Scope, Secret, Timestamp, api_key, audit::Actor},
};
use http::Request;
use serde_json::json;

use crate::actors::{
    Api, Issuer, RelyingParty,
    access::ROBOT,
    api::{AUDIENCE, Line},
    clock::START,
    issuer::{ISSUER, origin},
    relying_party::web_app,
};

const INTROSPECT: &str = "/introspect";

/// The API of `issuer` as a client that answers for the audience.
async fn api(issuer: &Issuer, adjust: impl FnOnce(Builder) -> Builder) -> Api {
    let metadata = ClientMetadata {
        grant_types: [GrantType::ClientCredentials].into(),
        audiences: vec![AUDIENCE.to_owned()],
        scope: Scope::default(),
        ..ClientMetadata::default()
    };
    let secret = issuer.client("notes-api", metadata).await.secret.unwrap();
    Api::with(Line::to(issuer), &issuer.clock, |builder| {
        adjust(builder.introspection("notes-api", Secret::new(secret)))
    })
}

async fn app(issuer: &Issuer, access_token_format: AccessTokenFormat) -> RelyingParty<'_> {
    issuer.full_user("alice").await;
    let metadata = ClientMetadata {
        access_token_audience: vec![AUDIENCE.to_owned()],
        access_token_format,
        ..web_app()
    };
    RelyingParty::register(issuer, "notes", metadata).await.asking("openid roles")
}

async fn token_of(app: &RelyingParty<'_>) -> String {
    app.tokens("alice").await["access_token"].as_str().unwrap().to_owned()
}

/// What an issuer answers about a live token.
fn active() -> serde_json::Value {
    json!({
        "active": true, "sub": "alice", "aud": AUDIENCE, "iss": ISSUER, "exp": START + 600,
        "scope": "notes:read", "token_type": "Bearer",
    })
}

/// RFC 7662 §2.2: an opaque token passes, and says the same as a JWT would.
#[tokio::test]
async fn section_2_2_an_opaque_token_passes() {
    let issuer = Issuer::start().await;
    let api = api(&issuer, |builder| builder).await;
    let token = token_of(&app(&issuer, AccessTokenFormat::Opaque).await).await;
    let reply = api.me(&token).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.json()["roles"], json!(["moderator", "user"]));
    assert_eq!(reply.json()["client_id"], "notes");
    assert_eq!(api.call_with("GET /zone", &token).await.status, 200);
    api.call_with("DELETE /notes/1", &token).await.refused_by_api(403, "insufficient_scope");
}

/// RFC 7662 §4: a token for another API is not told about, and refused.
#[tokio::test]
async fn section_4_a_token_for_another_api_is_refused() {
    let issuer = Issuer::start().await;
    let api = api(&issuer, |builder| builder).await;
    issuer.user("bob").await;
    let metadata = ClientMetadata { access_token_format: AccessTokenFormat::Opaque, ..web_app() };
    let other = RelyingParty::register(&issuer, "other", metadata).await.tokens("bob").await;
    let reply = api.me(other["access_token"].as_str().unwrap()).await;
    reply.refused_by_api(401, "invalid_token");
}

/// RFC 7662 §4: a positive answer is remembered for five seconds: a revoked token dies then.
#[tokio::test]
async fn section_4_a_revoked_token_dies_when_the_answer_is_forgotten() {
    let issuer = Issuer::start().await;
    let api = api(&issuer, |builder| builder).await;
    let app = app(&issuer, AccessTokenFormat::Opaque).await;
    let token = token_of(&app).await;
    assert_eq!(api.me(&token).await.status, 200);
    app.revoke(&token).await;
    issuer.wait(4).await;
    assert_eq!((api.me(&token).await.status.as_u16(), api.line.asked(INTROSPECT)), (200, 1));
    issuer.wait(1).await;
    api.me(&token).await.refused_by_api(401, "invalid_token");
}

/// A refusal is not remembered: each one is asked about.
#[tokio::test]
async fn section_4_only_positive_answers_are_remembered() {
    let issuer = Issuer::start().await;
    let api = api(&issuer, |builder| builder).await;
    for round in 1..=3 {
        api.me("dwa_AAAA").await.refused_by_api(401, "invalid_token");
        assert_eq!(api.line.asked(INTROSPECT), round);
    }
}

/// RFC 7662 §4: no answer is remembered past the token's end.
#[tokio::test]
async fn section_4_no_answer_outlives_the_token() {
    let issuer = Issuer::start().await;
    let minute = Duration::from_mins(1);
    let api = api(&issuer, |builder| builder.introspection_cache(minute, 10)).await;
    let mut members = active();
    members["exp"] = json!(START + 10);
    api.line.lie(INTROSPECT, 200, &members.to_string());
    assert_eq!(api.me("dwa_AAAA").await.status, 200);
    issuer.wait(9).await;
    assert_eq!(api.me("dwa_AAAA").await.status, 200);
    issuer.wait(1).await;
    api.me("dwa_AAAA").await.refused_by_api(401, "invalid_token");
}

/// A flood of tokens reaches the issuer through 64 questions at a time; the rest is told to come back,
/// and nobody is let through.
#[tokio::test]
async fn a_flood_is_asked_about_through_a_bounded_number_of_questions() {
    let issuer = Issuer::start().await;
    let api = api(&issuer, |builder| builder).await;
    api.me("dwa_AAAA").await.refused_by_api(401, "invalid_token");
    let mut tasks = tokio::task::JoinSet::new();
    for round in 0..100 {
        let validator = api.validator.clone();
        tasks.spawn(async move { validator.check(&format!("dwa_{round}")).await.unwrap_err() });
    }
    let refusals = tasks.join_all().await;
    let turned_away =
        refusals.iter().filter(|refusal| matches!(refusal, Refusal::Unavailable(_))).count();
    assert_eq!((turned_away, api.line.asked(INTROSPECT)), (36, 65));
}

/// In strict mode a revoked JWT dies as the answer is forgotten; without it, at its end.
#[tokio::test]
async fn strict_mode_sees_the_revocation_of_a_jwt() {
    for (strict, after) in [(false, 200), (true, 401)] {
        let issuer = Issuer::start().await;
        let api = api(&issuer, |builder| if strict { builder.strict() } else { builder }).await;
        let app = app(&issuer, AccessTokenFormat::Jwt).await;
        let token = token_of(&app).await;
        assert_eq!(api.me(&token).await.status, 200);
        app.revoke(&token).await;
        issuer.wait(4).await;
        assert_eq!(api.me(&token).await.status, 200, "what was said a moment ago counts");
        issuer.wait(1).await;
        assert_eq!(api.me(&token).await.status, after, "strict: {strict}");
    }
}

/// With a cache of no time a revoked JWT is dead at once.
#[tokio::test]
async fn strict_mode_without_a_cache_sees_a_revocation_at_once() {
    let issuer = Issuer::start().await;
    let api = api(&issuer, |builder| builder.strict().introspection_cache(Duration::ZERO, 0)).await;
    let app = app(&issuer, AccessTokenFormat::Jwt).await;
    let token = token_of(&app).await;
    assert_eq!(api.me(&token).await.status, 200);
    app.revoke(&token).await;
    api.me(&token).await.refused_by_api(401, "invalid_token");
}

/// In strict mode a JWT that is no good is refused without asking anybody.
#[tokio::test]
async fn strict_mode_asks_only_about_good_tokens() {
    let issuer = Issuer::start().await;
    let api = api(&issuer, Builder::strict).await;
    api.me("a.b.c").await.refused_by_api(401, "invalid_token");
    assert_eq!(api.line.asked(INTROSPECT), 0);
}

/// An API key by either header is asked about in the same way.
#[tokio::test]
async fn an_api_key_is_asked_about() {
    let issuer = Issuer::start().await;
    let api = api(&issuer, |builder| builder).await;
    let id = ApiKeyId::new(Timestamp::from_unix(0), [1; 10]);
    let key = api_key::mint(id, [1; 32]).expose().clone();
    let reply = api.call("GET /me", &[("x-api-key", &key)]).await;
    reply.refused_by_api(401, "invalid_token");
    api.line.lie(INTROSPECT, 200, &active().to_string());
    for header in [("x-api-key", key.clone()), ("authorization", format!("Bearer {key}"))] {
        let reply = api.call("GET /me", &[(header.0, &header.1)]).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["sub"]), (200, &json!("alice")));
    }
    assert_eq!(api.line.asked(INTROSPECT), 2);
    let typo = key.replace("_0101", "_0102");
    for header in [("x-api-key", typo.clone()), ("authorization", format!("Bearer {typo}"))] {
        let reply = api.call("GET /me", &[(header.0, &header.1)]).await;
        reply.refused_by_api(401, "invalid_token");
    }
    assert_eq!(api.line.asked(INTROSPECT), 2, "nobody is asked about a typo");
}

/// A request with an API key over a connection of `peer`.
fn of_peer(key: &str, peer: &str) -> Request<String> {
    let mut request = Request::get("/me").header("x-api-key", key).body(String::new()).unwrap();
    let peer = SocketAddr::new(peer.parse().unwrap(), 4_711);
    request.extensions_mut().insert(ConnectInfo(peer));
    request
}

/// A key with an allow-list passes from there alone. What was remembered for one address does not count
/// for another, and a header says nothing.
#[tokio::test]
async fn an_api_key_is_held_to_its_addresses() {
    let issuer = Issuer::start().await;
    let api = api(&issuer, |builder| builder).await;
    let alice = issuer.user("alice").await;
    issuer.give(&alice, ROBOT).await;
    let new = NewApiKey {
        name: "Backup".to_owned(),
        permissions: Scope::parse("notes:read").unwrap(),
        lifetime: None,
        addresses: AddressList::parse("10.0.0.0/8").unwrap(),
    };
    let (ctx, owner) = (&issuer.ctx, Owner::User(alice.id));
    let made = api_keys::create(ctx, owner, new, Actor::Operator, &origin()).await.unwrap();
    let key = made.text.expose();
    for _ in 0..2 {
        assert_eq!(api.send(of_peer(key, "10.1.2.3")).await.status, 200);
        api.send(of_peer(key, "11.1.2.3")).await.refused_by_api(401, "invalid_token");
        api.call("GET /me", &[("x-api-key", key)]).await.refused_by_api(401, "invalid_token");
    }
    // A caller who forges what proxies write is refused even from where the key may be used: so the
    // proxy in 10.0.0.0/8 that passes everybody on opens nothing.
    for (name, value) in [("x-forwarded-for", "10.9.9.9"), ("forwarded", "for=10.9.9.9")] {
        for peer in ["10.1.2.3", "11.1.2.3"] {
            let mut request = of_peer(key, peer);
            request.headers_mut().insert(name, value.parse().unwrap());
            api.send(request).await.refused_by_api(401, "invalid_token");
        }
    }
    for (said, status) in [("10.9.9.9", 200), ("203.0.113.9", 401)] {
        let mut request = of_peer(key, "10.1.2.3");
        request.headers_mut().insert("x-forwarded-for", "10.9.9.9".parse().unwrap());
        request.extensions_mut().insert(ClientAddress(said.parse().unwrap()));
        assert_eq!(api.send(request).await.status.as_u16(), status, "{said}");
    }
    let near = api.validator.check_from(key, "10.0.0.9".parse().unwrap()).await;
    assert_eq!(near.unwrap().subject(), alice.id.to_string());
    let unknown = api.validator.check(key).await.unwrap_err();
    assert_eq!(unknown, Refusal::InvalidToken(TokenError::Inactive));
}

/// Without a client to ask with, what is no JWT is refused, and nobody is asked.
#[tokio::test]
async fn without_introspection_only_jwts_pass() {
    let issuer = Issuer::start().await;
    let api = Api::of(&issuer);
    let token = token_of(&app(&issuer, AccessTokenFormat::Opaque).await).await;
    api.me(&token).await.refused_by_api(401, "invalid_token");
    assert_eq!(api.line.asked(INTROSPECT), 0);
}

/// An issuer that is away, fails, or does not know this API's client: nobody passes (503), and nothing
/// says 401 about a token that may be good.
#[tokio::test]
async fn no_answer_is_no_permission() {
    let issuer = Issuer::start().await;
    let api = api(&issuer, |builder| builder).await;
    let token = token_of(&app(&issuer, AccessTokenFormat::Opaque).await).await;
    for (status, body) in
        [(500, ""), (401, r#"{"error":"invalid_client"}"#), (200, "<html>"), (302, "")]
    {
        api.line.lie(INTROSPECT, status, body);
        api.me(&token).await.unavailable();
    }
    api.line.cut();
    api.me(&token).await.unavailable();
    issuer.wait(901).await;
    api.me(&token).await.unavailable();
}

/// What was said a moment ago counts while the issuer is away, and no longer.
#[tokio::test]
async fn a_remembered_answer_bridges_seconds() {
    let issuer = Issuer::start().await;
    let api = api(&issuer, |builder| builder).await;
    let token = token_of(&app(&issuer, AccessTokenFormat::Opaque).await).await;
    assert_eq!(api.me(&token).await.status, 200);
    api.line.cut();
    issuer.wait(4).await;
    assert_eq!(api.me(&token).await.status, 200);
    issuer.wait(1).await;
    api.me(&token).await.unavailable();
}
