//! Attacks with and on API keys: guessed, shown in the wrong place, taken for something else, revoked under
//! load. Attack catalogue, APIK; what keys allow is in `api_keys`.

use std::time::Duration;

use doorward::{
    identity::{api_key::Owner, user::User},
    protocol::{
        client::GrantType,
        grant::token_exchange::{ACCESS_TOKEN, API_KEY},
    },
    service::api_keys::{self, ApiKeyError},
    types::{ApiKeyId, Timestamp, api_key, audit::Actor},
};
use http::StatusCode;
use serde_json::json;

use crate::actors::{
    Browser, Issuer, RelyingParty,
    access::ROBOT,
    api_key::{exchanger, new_key},
    clock::START,
    issuer::origin,
    request::form,
};

/// A user who may read and write notes, with a key for it.
async fn alice(issuer: &Issuer) -> (User, String) {
    let alice = issuer.user("alice").await;
    issuer.give(&alice, ROBOT).await;
    let key = issuer.api_key(&Owner::User(alice.id), "notes:read").await;
    (alice, key)
}

/// The API that introspects and exchanges.
async fn notes(issuer: &Issuer) -> RelyingParty<'_> {
    RelyingParty::register(issuer, "notes-api", exchanger()).await
}

/// A key that nobody made, with a checksum that fits.
fn guess(number: u16) -> String {
    let [high, low] = number.to_be_bytes();
    let id = ApiKeyId::new(Timestamp::from_unix(START + i64::from(number)), [low; 10]);
    api_key::mint(id, [high ^ low; 32]).expose().clone()
}

/// APIK-01: a key counts in the one place that each endpoint reads, and nowhere else.
#[tokio::test]
async fn apik_01_a_key_in_another_place_is_refused() {
    let issuer = Issuer::start().await;
    let (_, key) = alice(&issuer).await;
    let notes = notes(&issuer).await;
    let query = form(&[("token", &key), ("access_token", &key), ("api_key", &key)]);
    for path in ["/introspect", "/token", "/userinfo", "/admin/api/v1/users"] {
        let reply = issuer.fetch(&format!("{path}?{query}")).await;
        assert!(reply.status.is_client_error(), "{path} in the query: {}", reply.status);
        for header in ["cookie", "x-api-key"] {
            let value = if header == "cookie" { format!("api_key={key}") } else { key.clone() };
            let reply = issuer.fetch_with(path, header, &value).await;
            assert!(reply.status.is_client_error(), "{path} in {header}: {}", reply.status);
        }
    }
    let in_query = notes.call(&format!("/introspect?{query}"), &[]).await;
    in_query.refused(StatusCode::BAD_REQUEST, "invalid_request");
    let two = notes.call("/introspect", &[("token", &key), ("token", &key)]).await;
    two.refused(StatusCode::BAD_REQUEST, "invalid_request");
    let two = notes.exchange(&key, &[("subject_token", &key)]).await;
    two.refused(StatusCode::BAD_REQUEST, "invalid_request");
}

/// APIK-06: a key is no access token, no client's credential, no password and no session.
#[tokio::test]
async fn apik_06_a_key_is_nothing_else() {
    let issuer = Issuer::start().await;
    let (_, key) = alice(&issuer).await;
    let notes = notes(&issuer).await;
    let bearer = format!("Bearer {key}");
    for path in ["/userinfo", "/admin/api/v1/users"] {
        let reply = issuer.fetch_with(path, "authorization", &bearer).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let twice = [("authorization", bearer.as_str()), ("authorization", bearer.as_str())];
    let reply = issuer.post("/userinfo", &twice, "").await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    let secret = form(&[("token", "x"), ("client_id", "notes-api"), ("client_secret", &key)]);
    issuer.post("/introspect", &[], &secret).await.is_invalid_client();
    let mut browser = Browser::new(&issuer);
    let login = browser.open("/login").await.page();
    let refused = browser.try_password(&login, "alice", &key).await;
    assert!(!browser.cookies.contains_key("__Host-doorward-session"), "{}", refused.page().text());
    let session = format!("__Host-doorward-session={key}");
    let account = issuer.fetch_with("/account", "cookie", &session).await;
    assert_eq!(account.status, StatusCode::SEE_OTHER, "to the login page");
    for (subject, kind) in [(&key[..], ACCESS_TOKEN), ("dwa_AAAA", API_KEY)] {
        let fields = [
            ("grant_type", GrantType::TokenExchange.as_str()),
            ("subject_token", subject),
            ("subject_token_type", kind),
        ];
        notes.token(&fields).await.refused(StatusCode::BAD_REQUEST, "invalid_request");
    }
}

/// RFC 7009 §2.2.1: a key is not revoked at the endpoint for tokens, and nobody is told that it was.
#[tokio::test]
async fn rfc7009_section_2_2_1_a_key_is_no_token_to_revoke() {
    let issuer = Issuer::start().await;
    let (_, key) = alice(&issuer).await;
    let notes = notes(&issuer).await;
    for text in [&key, &guess(1)] {
        notes.revoke(text).await.refused(StatusCode::BAD_REQUEST, "unsupported_token_type");
    }
    assert_eq!(notes.revoke(&key[..40]).await.status, StatusCode::OK, "no key at all");
    assert_eq!(notes.introspect(&key).await["active"], true);
}

/// APIK-07: ten thousand guesses cost no password hash, leave nothing behind, and say nothing.
#[tokio::test]
async fn apik_07_guesses_cost_no_password_hash() {
    let issuer = Issuer::start().await;
    let (_, key) = alice(&issuer).await;
    let notes = notes(&issuer).await;
    let before = issuer.ctx.passwords.hashes_computed();
    let mut witness = issuer.witness().await;
    let written = witness.state().await;
    for number in 0..10_000 {
        let presented = api_key::parse(&guess(number)).unwrap();
        assert!(api_keys::resolve(&issuer.ctx, &presented, None).await.unwrap().is_none());
    }
    for number in 0..20 {
        assert_eq!(notes.introspect(&guess(number)).await, json!({ "active": false }));
        let exchanged = notes.exchange(&guess(number), &[]).await;
        exchanged.refused(StatusCode::BAD_REQUEST, "invalid_request");
    }
    assert_eq!(issuer.ctx.passwords.hashes_computed(), before);
    assert_eq!(witness.state().await, written, "a guess writes nothing");
    assert_eq!(notes.introspect(&key).await["active"], true);
}

/// APIK-07: a text with a wrong checksum is answered without the database, which is away here; one that
/// could be a key is not.
#[tokio::test]
async fn apik_07_a_wrong_checksum_costs_no_database_access() {
    let issuer = Issuer::start().await;
    let (_, key) = alice(&issuer).await;
    let notes = notes(&issuer).await;
    assert_eq!(notes.introspect(&key).await["active"], true);
    issuer.ctx.db.close().await;
    let mut typo = guess(1);
    let last = typo.pop().unwrap();
    typo.push(if last == '0' { '1' } else { '0' });
    assert!(api_key::parse(&typo).is_none());
    for text in [&typo[..], "dw_", &key[..key.len() - 1], &key.to_uppercase().replace("DW", "dw")] {
        assert_eq!(notes.introspect(text).await, json!({ "active": false }), "{text}");
        let exchanged = notes.exchange(text, &[]).await;
        exchanged.refused(StatusCode::BAD_REQUEST, "invalid_request");
    }
    let asked = notes.call("/introspect", &[("token", &guess(2))]).await;
    assert_eq!(asked.status, StatusCode::SERVICE_UNAVAILABLE, "nobody is inactive by default");
    let asked = notes.exchange(&guess(2), &[]).await;
    assert_eq!(asked.status, StatusCode::SERVICE_UNAVAILABLE);
}

/// APIK-08: revoked while three nodes answer for it: dead at once where it was revoked, and a second later
/// everywhere, with what it was exchanged for.
#[tokio::test]
async fn apik_08_a_key_is_revoked_under_load() {
    let issuer = Issuer::start().await;
    let (second, third) = (issuer.another_node().await, issuer.another_node().await);
    let (alice, _) = alice(&issuer).await;
    let notes = notes(&issuer).await;
    let made = issuer.make_key(&Owner::User(alice.id), new_key("notes:read")).await;
    let (id, key) = (made.key.id, made.text.expose());
    let everywhere = [notes.clone(), notes.on(&second), notes.on(&third)];
    let access = notes.exchange(key, &[]).await.granted();
    let access = access["access_token"].as_str().unwrap();
    for node in &everywhere {
        for text in [key, access] {
            assert_eq!(node.introspect(text).await["active"], true);
        }
    }
    let load = async {
        for _ in 0..20 {
            for node in &everywhere {
                drop(node.introspect(key).await);
            }
        }
    };
    let origin = origin();
    let revoking = api_keys::revoke(&issuer.ctx, id, None, Actor::Operator, &origin);
    let ((), revoked) = tokio::join!(load, revoking);
    revoked.unwrap();
    for text in [key, access] {
        assert_eq!(notes.introspect(text).await, json!({ "active": false }), "at once");
    }
    second.wait(1).await;
    third.wait(1).await;
    for node in &everywhere {
        for text in [key, access] {
            assert_eq!(node.introspect(text).await, json!({ "active": false }));
        }
        node.exchange(key, &[]).await.refused(StatusCode::BAD_REQUEST, "invalid_request");
    }
}

/// However often keys are rotated with an overlap, an owner never has more than twice as many as may be made.
#[tokio::test]
async fn a_chain_of_rotations_is_bounded() {
    let issuer = Issuer::start_with(|policy| policy.api_keys.most = 2).await;
    let alice = issuer.user("alice").await;
    issuer.give(&alice, ROBOT).await;
    let owner = Owner::User(alice.id);
    let overlap = Duration::from_hours(24);
    let rotate = |id| {
        let (ctx, owner) = (&issuer.ctx, &owner);
        async move { api_keys::rotate(ctx, id, Some(owner), overlap, Actor::Operator, &origin()).await }
    };
    let mut last = issuer.make_key(&owner, new_key("notes:read")).await.key.id;
    for _ in 0..3 {
        last = rotate(last).await.unwrap().key.id;
    }
    let refused = rotate(last).await.unwrap_err();
    assert!(matches!(refused, ApiKeyError::TooMany(4)), "{refused}");
    issuer.wait(86_400).await;
    rotate(last).await.unwrap();
}
