//! Token exchange: an API key becomes a short access token. RFC 8693, attack catalogue TEX.

use std::time::Duration;

use doorward::{
    identity::{AddressList, api_key::Owner, user::User},
    protocol::{
        client::{AccessTokenFormat, ClientMetadata, GrantType, TokenEndpointAuthMethod},
        grant::token_exchange::{ACCESS_TOKEN, API_KEY},
    },
    service::{
        api_keys::{self, NewApiKey},
        users,
    },
    types::{
        ClientId, Scope,
        audit::{Action, Actor},
    },
};
use http::StatusCode;
use serde_json::{Value, json};

use crate::actors::{
    Api, Issuer, RelyingParty,
    access::{NOTES_API, ROBOT},
    api_key::{exchanger, new_key},
    clock::START,
    issuer::{ISSUER, Reply, origin},
    relying_party::{claims, jose_header, machine, web_app},
};

const OTHER_API: &str = "https://files.example";
const MINUTE: i64 = 60;

/// A user who may read and write notes.
async fn alice(issuer: &Issuer) -> User {
    let alice = issuer.user("alice").await;
    issuer.give(&alice, ROBOT).await;
    alice
}

fn of(user: &User) -> Owner {
    Owner::User(user.id)
}

async fn gateway(issuer: &Issuer) -> RelyingParty<'_> {
    RelyingParty::register(issuer, "gateway", exchanger()).await
}

fn token(reply: &Reply) -> String {
    reply.granted()["access_token"].as_str().unwrap().to_owned()
}

#[track_caller]
fn is_refused(reply: &Reply, error: &str) {
    reply.refused(StatusCode::BAD_REQUEST, error);
}

#[track_caller]
fn is_inactive(answer: &Value) {
    assert_eq!(*answer, json!({ "active": false }));
}

/// RFC 8693 §2.2.1: the answer; RFC 9068 §2.2: the token.
#[tokio::test]
async fn section_2_2_1_a_key_becomes_an_access_token() {
    let issuer = Issuer::start().await;
    let alice = alice(&issuer).await;
    let gateway = gateway(&issuer).await;
    let key = issuer.api_key(&of(&alice), "notes:read notes:write roles").await;
    let reply = gateway.exchange(&key, &[("requested_token_type", ACCESS_TOKEN)]).await;
    let answer = reply.granted();
    let access = answer["access_token"].as_str().unwrap();
    let expected = json!({
        "access_token": access, "token_type": "Bearer", "issued_token_type": ACCESS_TOKEN,
        "expires_in": 300, "scope": "notes:read notes:write roles",
    });
    assert_eq!(answer, expected);
    let mut said = claims(access);
    let jti = said.as_object_mut().unwrap().remove("jti").unwrap();
    assert_eq!(jti.as_str().unwrap().len(), 44);
    let expected = json!({
        "iss": ISSUER, "sub": alice.id.to_string(), "aud": NOTES_API, "client_id": "gateway",
        "scope": "notes:read notes:write roles", "roles": ["robot", "user"],
        "iat": START, "nbf": START, "exp": START + 5 * MINUTE,
    });
    assert_eq!(said, expected);
    assert_eq!(jose_header(access)["typ"], "at+jwt");
    assert_eq!(issuer.audited(Action::ApiKeyExchanged).await, 1);
}

/// An API checks the token offline, with the library, and knows whose it is.
#[tokio::test]
async fn section_1_the_token_is_checked_offline() {
    let issuer = Issuer::start().await;
    let alice = alice(&issuer).await;
    let key = issuer.api_key(&of(&alice), "notes:read").await;
    let opaque = ClientMetadata { access_token_format: AccessTokenFormat::Opaque, ..exchanger() };
    let gateway = RelyingParty::register(&issuer, "gateway", opaque).await;
    let access = token(&gateway.exchange(&key, &[]).await);
    let api = Api::of(&issuer);
    let reply = api.me(&access).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["sub"]), (200, &json!(alice.id.to_string())));
    assert_eq!(api.line.asked("/introspect"), 0, "a JWT, whatever the client registered");
    api.call_with("DELETE /notes/1", &access).await.refused_by_api(403, "insufficient_scope");
}

/// The key of a client speaks for that client, whoever exchanges it.
#[tokio::test]
async fn a_machine_s_key_names_the_machine() {
    let issuer = Issuer::start().await;
    let registered = ClientMetadata {
        grant_types: [GrantType::ClientCredentials, GrantType::TokenExchange].into(),
        scope: Scope::parse("notes:read").unwrap(),
        ..machine()
    };
    let batch = RelyingParty::register(&issuer, "batch", registered).await;
    issuer.give_client("batch", ROBOT).await;
    let owner = Owner::Client(ClientId::parse("batch").unwrap());
    let key = issuer.api_key(&owner, "notes:read").await;
    for exchanger in [&gateway(&issuer).await, &batch] {
        let access = token(&exchanger.exchange(&key, &[]).await);
        let said = claims(&access);
        assert_eq!((&said["sub"], &said["client_id"]), (&json!("batch"), &json!(exchanger.id())));
        let told = exchanger.introspect(&access).await;
        assert_eq!((&told["active"], &told["sub"]), (&json!(true), &json!("batch")));
    }
}

/// TEX-01: only clients that were registered for it, and that prove who they are.
#[tokio::test]
async fn tex_01_a_client_without_the_right_is_unauthorized() {
    let issuer = Issuer::start().await;
    let alice = alice(&issuer).await;
    let key = issuer.api_key(&of(&alice), "notes:read").await;
    let without =
        ClientMetadata { grant_types: [GrantType::ClientCredentials].into(), ..exchanger() };
    let without = RelyingParty::register(&issuer, "without", without).await;
    is_refused(&without.exchange(&key, &[]).await, "unauthorized_client");
    let public = TokenEndpointAuthMethod::None;
    let spa = ClientMetadata { token_endpoint_auth_method: public, ..web_app() };
    let spa = RelyingParty::register(&issuer, "spa", spa).await;
    is_refused(&spa.exchange(&key, &[]).await, "unauthorized_client");
    assert_eq!(issuer.audited(Action::ApiKeyExchanged).await, 0);
}

/// RFC 8693 §2.2.2: a client exchanges keys that are for its own API, and nobody else's.
#[tokio::test]
async fn section_2_2_2_another_api_s_key_is_invalid_request() {
    let issuer = Issuer::start().await;
    let alice = alice(&issuer).await;
    issuer.api(OTHER_API, &["files:read"]).await;
    issuer.role_of(OTHER_API, "filer", &["files:read"]).await;
    issuer.give(&alice, "filer").await;
    let gateway = gateway(&issuer).await;
    let foreign = issuer.api_key(&of(&alice), "files:read").await;
    is_refused(&gateway.exchange(&foreign, &[]).await, "invalid_request");
    let both = issuer.api_key(&of(&alice), "notes:read files:read").await;
    let answer = gateway.exchange(&both, &[]).await.granted();
    assert_eq!(answer["scope"], "notes:read");
    assert_eq!(claims(answer["access_token"].as_str().unwrap())["aud"], NOTES_API);
    for (wider, error) in [
        (("scope", "notes:read files:read"), "invalid_scope"),
        (("resource", OTHER_API), "invalid_target"),
        (("audience", OTHER_API), "invalid_target"),
    ] {
        is_refused(&gateway.exchange(&both, &[wider]).await, error);
    }
}

/// TEX-02: what is missing, empty, or another type than it says.
#[tokio::test]
async fn tex_02_the_subject_token_is_what_its_type_says() {
    let issuer = Issuer::start().await;
    let alice = alice(&issuer).await;
    let gateway = gateway(&issuer).await;
    let key = issuer.api_key(&of(&alice), "notes:read").await;
    let access = token(&gateway.exchange(&key, &[]).await);
    let grant = ("grant_type", GrantType::TokenExchange.as_str());
    let (subject, kind) = (("subject_token", &key[..]), ("subject_token_type", API_KEY));
    for fields in [
        &[grant, kind][..],
        &[grant, subject],
        &[grant, ("subject_token", ""), kind],
        &[grant, subject, ("subject_token_type", "")],
        &[grant, subject, ("subject_token_type", ACCESS_TOKEN)],
        &[grant, ("subject_token", &access), kind],
        &[grant, ("subject_token", &access), ("subject_token_type", ACCESS_TOKEN)],
        &[grant, subject, kind, ("actor_token", &access), ("actor_token_type", ACCESS_TOKEN)],
        &[grant, subject, kind, ("requested_token_type", API_KEY)],
        &[grant, subject, kind, ("requested_token_type", "urn:ietf:params:oauth:token-type:jwt")],
    ] {
        is_refused(&gateway.token(fields).await, "invalid_request");
    }
    let wrong = gateway.token(&[grant, subject, ("subject_token_type", ACCESS_TOKEN)]).await;
    let description = wrong.json()["error_description"].as_str().unwrap().to_owned();
    assert!(description.contains(API_KEY), "it says what is supported: {description}");
    assert_eq!(issuer.audited(Action::ApiKeyExchanged).await, 1);
}

/// TEX-04: narrower in scope and audience, never wider.
#[tokio::test]
async fn tex_04_nothing_is_widened() {
    let issuer = Issuer::start().await;
    let alice = alice(&issuer).await;
    let gateway = gateway(&issuer).await;
    let key = issuer.api_key(&of(&alice), "notes:read roles").await;
    let narrow = gateway.exchange(&key, &[("scope", "notes:read"), ("resource", NOTES_API)]).await;
    let said = claims(&token(&narrow));
    assert_eq!((&said["scope"], &said["aud"]), (&json!("notes:read"), &json!(NOTES_API)));
    assert!(said.get("roles").is_none(), "{said}");
    let named = gateway.exchange(&key, &[("audience", NOTES_API)]).await.granted();
    assert_eq!(named["scope"], "notes:read roles");
    for (wider, error) in [
        (("scope", "notes:read notes:write"), "invalid_scope"),
        (("scope", "notes:delete"), "invalid_scope"),
        (("scope", "openid"), "invalid_scope"),
        (("scope", "offline_access notes:read"), "invalid_scope"),
        (("scope", "roles"), "invalid_scope"),
        (("scope", "a\"b"), "invalid_scope"),
        (("resource", ISSUER), "invalid_target"),
        (("resource", "https://else.example"), "invalid_target"),
        (("audience", "gateway"), "invalid_target"),
    ] {
        is_refused(&gateway.exchange(&key, &[wider]).await, error);
    }
}

/// TEX-05: a key that does not count, or not from here.
#[tokio::test]
async fn tex_05_a_dead_key_is_invalid_request() {
    let issuer = Issuer::start().await;
    let alice = alice(&issuer).await;
    let gateway = gateway(&issuer).await;
    let key = issuer.api_key(&of(&alice), "notes:read").await;
    let revoked = issuer.make_key(&of(&alice), new_key("notes:read")).await;
    let (ctx, id) = (&issuer.ctx, revoked.key.id);
    api_keys::revoke(ctx, id, None, Actor::Operator, &origin()).await.unwrap();
    for bad in ["", "dw_", "x", &key[..key.len() - 1], &key.to_uppercase(), revoked.text.expose()] {
        is_refused(&gateway.exchange(bad, &[]).await, "invalid_request");
    }
    token(&gateway.exchange(&key, &[]).await);
    users::disable(ctx, alice.id, Actor::Operator, &origin()).await.unwrap();
    is_refused(&gateway.exchange(&key, &[]).await, "invalid_request");
    users::enable(ctx, alice.id, Actor::Operator, &origin()).await.unwrap();
    issuer.wait(90 * 86_400).await;
    is_refused(&gateway.exchange(&key, &[]).await, "invalid_request");
}

/// A key that is bound to addresses is exchanged for callers from there alone.
#[tokio::test]
async fn a_bound_key_is_exchanged_from_where_it_may_be_used() {
    let issuer = Issuer::start().await;
    let alice = alice(&issuer).await;
    let gateway = gateway(&issuer).await;
    let addresses = AddressList::parse("192.0.2.0/24").unwrap();
    let bound = NewApiKey { addresses, ..new_key("notes:read") };
    let key = issuer.make_key(&of(&alice), bound).await.text.expose().clone();
    token(&gateway.exchange(&key, &[("client_address", "192.0.2.9")]).await);
    is_refused(&gateway.exchange(&key, &[]).await, "invalid_request");
    for bad in ["203.0.113.9", "::1", "nonsense"] {
        is_refused(&gateway.exchange(&key, &[("client_address", bad)]).await, "invalid_request");
    }
}

/// TEX-06: what was exchanged is not exchanged again.
#[tokio::test]
async fn tex_06_an_exchange_is_not_exchanged() {
    let issuer = Issuer::start().await;
    let alice = alice(&issuer).await;
    let gateway = gateway(&issuer).await;
    let key = issuer.api_key(&of(&alice), "notes:read").await;
    let access = token(&gateway.exchange(&key, &[]).await);
    is_refused(&gateway.exchange(&access, &[]).await, "invalid_request");
    let answer = gateway.exchange(&key, &[]).await.granted();
    assert!(answer.get("refresh_token").is_none() && answer.get("id_token").is_none());
}

/// TEX-08: never longer than the server, the client and the key say.
#[tokio::test]
async fn tex_08_the_token_dies_with_its_key_at_the_latest() {
    let issuer = Issuer::start().await;
    let alice = alice(&issuer).await;
    let gateway = gateway(&issuer).await;
    let short = NewApiKey { lifetime: Some(Duration::from_secs(100)), ..new_key("notes:read") };
    let short = issuer.make_key(&of(&alice), short).await.text.expose().clone();
    assert_eq!(gateway.exchange(&short, &[]).await.granted()["expires_in"], 100);
    issuer.wait(99).await;
    assert_eq!(gateway.exchange(&short, &[]).await.granted()["expires_in"], 1);
    let key = issuer.api_key(&of(&alice), "notes:read").await;
    for (name, registered, seconds) in [("brief", 60, 60), ("long", 3_600, 300)] {
        let metadata = ClientMetadata { access_token_lifetime: Some(registered), ..exchanger() };
        let client = RelyingParty::register(&issuer, name, metadata).await;
        assert_eq!(client.exchange(&key, &[]).await.granted()["expires_in"], seconds, "{name}");
    }
}

/// RFC 7662 §2.2: introspection says what the token is worth at that moment, and a revoked key takes
/// its tokens along, on every node.
#[tokio::test]
async fn a_revoked_key_takes_its_tokens_along() {
    let issuer = Issuer::start().await;
    let node = issuer.another_node().await;
    let alice = alice(&issuer).await;
    let gateway = gateway(&issuer).await;
    let made = issuer.make_key(&of(&alice), new_key("notes:read notes:write roles")).await;
    let access = token(&gateway.exchange(made.text.expose(), &[]).await);
    let mut told = gateway.introspect(&access).await;
    told.as_object_mut().unwrap().remove("jti").unwrap();
    let expected = json!({
        "active": true, "scope": "notes:read notes:write roles", "client_id": "gateway",
        "username": "alice", "token_type": "Bearer", "exp": START + 5 * MINUTE, "iat": START,
        "sub": alice.id.to_string(), "aud": NOTES_API, "iss": ISSUER, "roles": ["robot", "user"],
    });
    assert_eq!(told, expected);
    issuer.role("reader", &["notes:read"]).await;
    issuer.give(&alice, "reader").await;
    issuer.take(&alice, ROBOT).await;
    assert_eq!(gateway.introspect(&access).await["scope"], "notes:read roles", "at once");
    let there = gateway.on(&node);
    assert_eq!(there.introspect(&access).await["active"], true);
    let (ctx, id) = (&issuer.ctx, made.key.id);
    api_keys::revoke(ctx, id, None, Actor::Operator, &origin()).await.unwrap();
    is_inactive(&gateway.introspect(&access).await);
    node.wait(1).await;
    is_inactive(&there.introspect(&access).await);
}

/// A key that was rotated takes its tokens along when it ends; what its successor was exchanged for lives.
#[tokio::test]
async fn a_rotated_key_takes_its_tokens_along() {
    let issuer = Issuer::start().await;
    let alice = alice(&issuer).await;
    let gateway = gateway(&issuer).await;
    let made = issuer.make_key(&of(&alice), new_key("notes:read")).await;
    let old = token(&gateway.exchange(made.text.expose(), &[]).await);
    let (ctx, id, overlap) = (&issuer.ctx, made.key.id, Duration::from_mins(1));
    let next = api_keys::rotate(ctx, id, None, overlap, Actor::Operator, &origin()).await.unwrap();
    let new = token(&gateway.exchange(next.text.expose(), &[]).await);
    for access in [&old, &new] {
        assert_eq!(gateway.introspect(access).await["active"], true);
    }
    issuer.wait(60).await;
    is_inactive(&gateway.introspect(&old).await);
    assert_eq!(gateway.introspect(&new).await["active"], true);
}

/// RFC 7009 §2.1: the client revokes one token, and the key lives on; it is nobody else's to revoke.
#[tokio::test]
async fn rfc7009_one_token_is_revoked_alone() {
    let issuer = Issuer::start().await;
    let alice = alice(&issuer).await;
    let gateway = gateway(&issuer).await;
    let other = RelyingParty::register(&issuer, "other", exchanger()).await;
    let key = issuer.api_key(&of(&alice), "notes:read").await;
    let (first, second) =
        (token(&gateway.exchange(&key, &[]).await), token(&gateway.exchange(&key, &[]).await));
    is_refused(&other.revoke(&first).await, "unauthorized_client");
    assert_eq!(gateway.revoke(&first).await.status, 200);
    is_inactive(&gateway.introspect(&first).await);
    assert_eq!(gateway.introspect(&second).await["active"], true);
}

/// The token is none for UserInfo: no user signed in for it.
#[tokio::test]
async fn the_token_is_no_sign_in() {
    let issuer = Issuer::start().await;
    let alice = alice(&issuer).await;
    let gateway = gateway(&issuer).await;
    let key = issuer.api_key(&of(&alice), "notes:read roles").await;
    let access = token(&gateway.exchange(&key, &[]).await);
    assert_eq!(gateway.userinfo(&access).await.status, StatusCode::UNAUTHORIZED);
}
