//! API keys: who makes them, what they allow, when they end. The attack catalogue's APIK rows, and what
//! introspection (RFC 7662) says of them.

use std::time::Duration;

use doorward::{
    identity::{AddressList, api_key::Owner, user::User},
    protocol::client::{ClientMetadata, GrantType},
    service::{
        api_keys::{self, ApiKeyError, Created, NewApiKey},
        seen, users,
    },
    types::{
        ApiKeyId, ClientId, Scope, Timestamp, api_key,
        audit::{Action, Actor},
    },
};
use http::StatusCode;
use serde_json::{Value, json};

use crate::actors::{
    Issuer, RelyingParty,
    access::{NOTES_API, ROBOT},
    clock::START,
    issuer::{ISSUER, origin},
    relying_party::machine,
};

const DAY: i64 = 86_400;
const OTHER_API: &str = "https://files.example";

fn scope(text: &str) -> Scope {
    Scope::parse(text).unwrap()
}

fn new(permissions: &str) -> NewApiKey {
    NewApiKey {
        name: "Backup".to_owned(),
        permissions: scope(permissions),
        lifetime: None,
        addresses: AddressList::default(),
    }
}

fn of(user: &User) -> Owner {
    Owner::User(user.id)
}

async fn made(issuer: &Issuer, owner: &Owner, new: NewApiKey) -> Result<Created, ApiKeyError> {
    api_keys::create(&issuer.ctx, owner.clone(), new, Actor::Operator, &origin()).await
}

async fn key(issuer: &Issuer, owner: &Owner, permissions: &str) -> (ApiKeyId, String) {
    let created = made(issuer, owner, new(permissions)).await.unwrap();
    (created.key.id, created.text.expose().clone())
}

async fn api<'a>(issuer: &'a Issuer, id: &str, audience: &str) -> RelyingParty<'a> {
    let metadata = ClientMetadata {
        grant_types: [GrantType::ClientCredentials].into(),
        audiences: vec![audience.to_owned()],
        scope: Scope::default(),
        ..ClientMetadata::default()
    };
    RelyingParty::register(issuer, id, metadata).await
}

/// A user who may read and write notes.
async fn alice(issuer: &Issuer) -> User {
    let alice = issuer.user("alice").await;
    issuer.give(&alice, ROBOT).await;
    alice
}

#[track_caller]
fn is_inactive(answer: &Value) {
    assert_eq!(*answer, json!({ "active": false }));
}

/// RFC 7662 §2.2: what the API learns of a user's key.
#[tokio::test]
async fn a_user_s_key_is_described() {
    let issuer = Issuer::start().await;
    let alice = alice(&issuer).await;
    let notes = api(&issuer, "notes-api", NOTES_API).await;
    let (_, text) = key(&issuer, &of(&alice), "notes:read roles").await;
    let expected = json!({
        "active": true, "scope": "notes:read roles", "username": "alice", "token_type": "Bearer",
        "exp": START + 90 * DAY, "iat": START, "sub": alice.id.to_string(), "aud": NOTES_API,
        "iss": ISSUER, "roles": ["robot", "user"],
    });
    assert_eq!(notes.introspect(&text).await, expected);
    let (_, silent) = key(&issuer, &of(&alice), "notes:read").await;
    assert!(notes.introspect(&silent).await.get("roles").is_none(), "roles were not put into it");
}

/// A client that acts for itself owns keys within its registration and its roles.
#[tokio::test]
async fn a_machine_s_key_is_described() {
    let issuer = Issuer::start().await;
    let batch = RelyingParty::register(
        &issuer,
        "batch",
        ClientMetadata { scope: scope("notes:read notes:delete"), ..machine() },
    )
    .await;
    issuer.give_client("batch", ROBOT).await;
    let owner = Owner::Client(ClientId::parse("batch").unwrap());
    let (_, text) = key(&issuer, &owner, "notes:read").await;
    for teller in [&batch, &api(&issuer, "notes-api", NOTES_API).await] {
        let expected = json!({
            "active": true, "scope": "notes:read", "client_id": "batch", "token_type": "Bearer",
            "exp": START + 90 * DAY, "iat": START, "sub": "batch", "aud": NOTES_API, "iss": ISSUER,
        });
        assert_eq!(teller.introspect(&text).await, expected);
    }
    for (permission, why) in [
        ("notes:write", "not in the registration"),
        ("notes:delete", "in no role"),
        ("notes:read roles", "a client has no roles to tell"),
    ] {
        let refused = made(&issuer, &owner, new(permission)).await.unwrap_err();
        assert!(matches!(refused, ApiKeyError::NotHeld(_)), "{why}: {refused}");
    }
    let web = RelyingParty::web(&issuer).await;
    let owner = Owner::Client(ClientId::parse(web.id()).unwrap());
    let refused = made(&issuer, &owner, new("notes:read")).await.unwrap_err();
    assert!(matches!(refused, ApiKeyError::NotAServiceClient), "{refused}");
}

/// APIK-03: never more than the owner holds at the time of use.
#[tokio::test]
async fn apik_03_a_key_follows_its_owner() {
    let issuer = Issuer::start().await;
    let alice = alice(&issuer).await;
    let notes = api(&issuer, "notes-api", NOTES_API).await;
    for bad in ["notes:delete", "notes:read notes:delete", "nothing:there", "openid notes:read"] {
        let refused = made(&issuer, &of(&alice), new(bad)).await.unwrap_err();
        assert!(matches!(refused, ApiKeyError::NotHeld(_)), "{bad}: {refused}");
    }
    for bad in ["", "roles"] {
        let refused = made(&issuer, &of(&alice), new(bad)).await.unwrap_err();
        assert!(matches!(refused, ApiKeyError::NoPermission), "{bad}: {refused}");
    }
    let (_, text) = key(&issuer, &of(&alice), "notes:read notes:write").await;
    assert_eq!(notes.introspect(&text).await["scope"], "notes:read notes:write");
    issuer.role("reader", &["notes:read"]).await;
    issuer.give(&alice, "reader").await;
    issuer.take(&alice, ROBOT).await;
    assert_eq!(notes.introspect(&text).await["scope"], "notes:read", "at once");
    issuer.take(&alice, "reader").await;
    is_inactive(&notes.introspect(&text).await);
    issuer.give(&alice, ROBOT).await;
    assert_eq!(notes.introspect(&text).await["scope"], "notes:read notes:write");
    users::disable(&issuer.ctx, alice.id, Actor::Operator, &origin()).await.unwrap();
    is_inactive(&notes.introspect(&text).await);
}

/// INTR-04: an API learns of its own permissions and roles, a stranger of nothing.
#[tokio::test]
async fn an_api_learns_what_concerns_itself() {
    let issuer = Issuer::start().await;
    let alice = alice(&issuer).await;
    issuer.api(OTHER_API, &["files:read"]).await;
    issuer.role_of(OTHER_API, "filer", &["files:read"]).await;
    issuer.give(&alice, "filer").await;
    let notes = api(&issuer, "notes-api", NOTES_API).await;
    let files = api(&issuer, "files-api", OTHER_API).await;
    let stranger = api(&issuer, "stranger", "https://else.example").await;
    let (_, text) = key(&issuer, &of(&alice), "notes:read files:read roles").await;
    let answer = notes.introspect(&text).await;
    assert_eq!((&answer["scope"], &answer["aud"]), (&json!("notes:read roles"), &json!(NOTES_API)));
    assert_eq!(answer["roles"], json!(["robot", "user"]));
    let answer = files.introspect(&text).await;
    assert_eq!((&answer["scope"], &answer["aud"]), (&json!("files:read roles"), &json!(OTHER_API)));
    assert_eq!(answer["roles"], json!(["filer", "robot", "user"]));
    is_inactive(&stranger.introspect(&text).await);
}

/// APIK-01, APIK-06: a key is no access token, no client secret and no refresh token.
#[tokio::test]
async fn apik_06_a_key_opens_nothing_else() {
    let issuer = Issuer::start().await;
    let alice = alice(&issuer).await;
    let batch = RelyingParty::register(&issuer, "batch", machine()).await;
    let (_, text) = key(&issuer, &of(&alice), "notes:read").await;
    let bearer = format!("Bearer {text}");
    let reply = issuer.post("/userinfo", &[("authorization", &bearer)], "").await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    issuer.post("/introspect", &[("authorization", &bearer)], "token=x").await.is_invalid_client();
    let body = format!("grant_type=client_credentials&client_id=batch&client_secret={text}");
    issuer.post("/token", &[], &body).await.is_invalid_client();
    assert_eq!(batch.refresh(&text).await.status, StatusCode::BAD_REQUEST);
}

/// APIK-02: keys that look right and are not.
#[tokio::test]
async fn apik_02_other_texts_are_inactive() {
    let issuer = Issuer::start().await;
    let alice = alice(&issuer).await;
    let notes = api(&issuer, "notes-api", NOTES_API).await;
    let (id, text) = key(&issuer, &of(&alice), "notes:read").await;
    let unknown = ApiKeyId::new(Timestamp::from_unix(START), [9; 10]);
    let flipped = text.replace("_0", "_1");
    for bad in [
        api_key::mint(id, [7; 32]).expose().as_str(),
        api_key::mint(unknown, [7; 32]).expose(),
        &text.to_uppercase(),
        &format!("{text}0"),
        &text[..text.len() - 1],
        &flipped[..],
        "dw_",
        "dw_k_s_c",
    ] {
        if bad != text {
            is_inactive(&notes.introspect(bad).await);
        }
    }
    assert_eq!(notes.introspect(&text).await["active"], true);
}

/// APIK-07: a thousand keys that nobody made cost no password hash and no write.
#[tokio::test]
async fn apik_07_guesses_cost_nothing() {
    let issuer = Issuer::start().await;
    let alice = alice(&issuer).await;
    let notes = api(&issuer, "notes-api", NOTES_API).await;
    let (id, text) = key(&issuer, &of(&alice), "notes:read").await;
    assert_eq!(notes.introspect(&text).await["active"], true);
    let mut witness = issuer.witness().await;
    let (before, hashes) = (witness.state().await, issuer.ctx.passwords.hashes_computed());
    for number in 0..500_u16 {
        let [high, low] = number.to_be_bytes();
        let (mut secret, mut stranger) = ([7; 32], [9; 10]);
        (secret[0], secret[1], stranger[0], stranger[1]) = (high, low, high, low);
        let stranger = ApiKeyId::new(Timestamp::from_unix(START), stranger);
        for guess in [api_key::mint(id, secret), api_key::mint(stranger, secret)] {
            is_inactive(&notes.introspect(guess.expose()).await);
        }
    }
    assert_eq!(issuer.ctx.passwords.hashes_computed(), hashes);
    assert_eq!(witness.state().await, before);
}

/// A revoked key is refused at once, everywhere; one that has expired as well.
#[tokio::test]
async fn apik_05_a_key_ends() {
    let issuer = Issuer::start().await;
    let other = issuer.another_node().await;
    let alice = alice(&issuer).await;
    let bob = issuer.user("bob").await;
    let notes = api(&issuer, "notes-api", NOTES_API).await;
    let (id, text) = key(&issuer, &of(&alice), "notes:read").await;
    let (_, lasting) = key(&issuer, &of(&alice), "notes:read").await;
    assert_eq!(notes.introspect(&text).await["active"], true);
    let (ctx, owner) = (&issuer.ctx, of(&bob));
    let stolen = api_keys::revoke(ctx, id, Some(&owner), Actor::User(bob.id), &origin()).await;
    assert!(matches!(stolen, Err(ApiKeyError::NoKey(_))), "somebody else's");
    for _ in 0..2 {
        let owner = of(&alice);
        api_keys::revoke(ctx, id, Some(&owner), Actor::User(alice.id), &origin()).await.unwrap();
    }
    is_inactive(&notes.introspect(&text).await);
    is_inactive(&notes.on(&other).introspect(&text).await);
    assert_eq!(issuer.audited(Action::ApiKeyCreated).await, 2);
    assert_eq!(issuer.audited(Action::ApiKeyRevoked).await, 1, "once");
    issuer.wait(90 * DAY - 1).await;
    assert_eq!(notes.introspect(&lasting).await["active"], true);
    issuer.wait(1).await;
    is_inactive(&notes.introspect(&lasting).await);
}

/// A key is rotated once, and lives on beside its successor as long as was said.
#[tokio::test]
async fn a_key_is_rotated_with_an_overlap() {
    let issuer = Issuer::start().await;
    let alice = alice(&issuer).await;
    let notes = api(&issuer, "notes-api", NOTES_API).await;
    let owner = of(&alice);
    let (id, old) = key(&issuer, &owner, "notes:read notes:write").await;
    let rotate = |id, seconds| {
        let (ctx, owner) = (&issuer.ctx, &owner);
        async move {
            let overlap = Duration::from_secs(seconds);
            api_keys::rotate(ctx, id, Some(owner), overlap, Actor::Operator, &origin()).await
        }
    };
    let long = rotate(id, 7 * 86_400 + 1).await.unwrap_err();
    assert!(matches!(long, ApiKeyError::Overlap(_)), "{long}");
    issuer.role("reader", &["notes:read"]).await;
    issuer.give(&alice, "reader").await;
    issuer.take(&alice, ROBOT).await;
    issuer.wait(100).await;
    let successor = rotate(id, 60).await.unwrap();
    assert_eq!(successor.key.permissions, scope("notes:read"), "what is held now");
    assert_eq!(successor.key.expires_at.unix(), START + 100 + 90 * DAY);
    let again = rotate(id, 60).await.unwrap_err();
    assert!(matches!(again, ApiKeyError::Dead(_)), "{again}");
    issuer.wait(59).await;
    for text in [&old, successor.text.expose()] {
        assert_eq!(notes.introspect(text).await["active"], true);
    }
    issuer.wait(1).await;
    is_inactive(&notes.introspect(&old).await);
    assert_eq!(notes.introspect(successor.text.expose()).await["active"], true);
    let last = rotate(successor.key.id, 0).await.unwrap();
    is_inactive(&notes.introspect(successor.text.expose()).await);
    assert_eq!(notes.introspect(last.text.expose()).await["active"], true);
}

/// What `notes` is told of a key that is used from `address`.
async fn used_from(notes: &RelyingParty<'_>, text: &str, address: Option<&str>) -> Value {
    let address = address.map(|address| ("client_address", address));
    let asked: Vec<_> = [("token", text)].into_iter().chain(address).collect();
    let reply = notes.call("/introspect", &asked).await;
    assert_eq!(reply.status, 200, "{address:?}: {}", reply.text());
    reply.json()
}

/// A key with an allow-list is worth nothing from elsewhere, nor where nobody says from where.
#[tokio::test]
async fn a_key_is_used_from_where_it_may_be() {
    let issuer = Issuer::start().await;
    let alice = alice(&issuer).await;
    let notes = api(&issuer, "notes-api", NOTES_API).await;
    let addresses = AddressList::parse("192.0.2.0/24 2001:db8::7").unwrap();
    let bound = NewApiKey { addresses: addresses.clone(), ..new("notes:read") };
    let bound = made(&issuer, &of(&alice), bound).await.unwrap();
    let text = bound.text.expose();
    let (_, free) = key(&issuer, &of(&alice), "notes:read").await;
    // Twice, so that what the node remembers is asked as well.
    for _ in 0..2 {
        for near in ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::7"] {
            assert_eq!(used_from(&notes, text, Some(near)).await["active"], true, "{near}");
        }
        for far in [None, Some(""), Some("192.0.3.1"), Some("2001:db8::8"), Some("::1")] {
            is_inactive(&used_from(&notes, text, far).await);
            assert_eq!(used_from(&notes, &free, far).await["active"], true, "{far:?}");
        }
    }
    let (ctx, id, now) = (&issuer.ctx, bound.key.id, Duration::ZERO);
    let next = api_keys::rotate(ctx, id, None, now, Actor::Operator, &origin()).await.unwrap();
    assert_eq!(next.key.addresses, addresses, "the successor has the same list");
    is_inactive(&used_from(&notes, next.text.expose(), Some("192.0.3.1")).await);
}

/// What is no address is refused, whatever the token: an API that sends nonsense hears of it.
#[tokio::test]
async fn a_malformed_client_address_is_invalid_request() {
    let issuer = Issuer::start().await;
    let notes = api(&issuer, "notes-api", NOTES_API).await;
    for bad in ["localhost", "192.0.2.1:443", "[::1]", "192.0.2.0/24", "192.0.2.1, 10.0.0.1", " "] {
        let asked = [("token", "unknown"), ("client_address", bad)];
        let reply = notes.call("/introspect", &asked).await;
        reply.refused(StatusCode::BAD_REQUEST, "invalid_request");
    }
}

/// Names, lifetimes and the number of keys have bounds.
#[tokio::test]
async fn what_is_made_has_bounds() {
    let issuer = Issuer::start_with(|policy| policy.api_keys.most = 2).await;
    let alice = alice(&issuer).await;
    let owner = of(&alice);
    for name in ["", " a", "a\nb", &"x".repeat(101)] {
        let bad = NewApiKey { name: name.to_owned(), ..new("notes:read") };
        let refused = made(&issuer, &owner, bad).await.unwrap_err();
        assert!(matches!(refused, ApiKeyError::Name), "{name:?}");
    }
    for seconds in [0, 365 * 86_400 + 1] {
        let lifetime = Some(Duration::from_secs(seconds));
        let refused = made(&issuer, &owner, NewApiKey { lifetime, ..new("notes:read") }).await;
        assert!(matches!(refused, Err(ApiKeyError::Lifetime(_))), "{seconds}");
    }
    let (first, _) = key(&issuer, &owner, "notes:read").await;
    key(&issuer, &owner, "notes:read").await;
    let refused = made(&issuer, &owner, new("notes:read")).await.unwrap_err();
    assert!(matches!(refused, ApiKeyError::TooMany(2)), "{refused}");
    api_keys::revoke(&issuer.ctx, first, None, Actor::Operator, &origin()).await.unwrap();
    key(&issuer, &owner, "notes:read").await;
    assert_eq!(api_keys::list(&issuer.ctx, &owner, None, 9).await.unwrap().len(), 3);
    let offers = api_keys::offers(&issuer.ctx, &owner).await.unwrap();
    let offered: Vec<&str> = offers.iter().map(|offer| offer.permission.as_str()).collect();
    assert_eq!(offered, ["notes:read", "notes:write"]);
}

/// When a key was used last is written behind, and no text of a key is kept.
#[tokio::test]
async fn the_last_use_is_noted() {
    let issuer = Issuer::start().await;
    let alice = alice(&issuer).await;
    let notes = api(&issuer, "notes-api", NOTES_API).await;
    let (id, text) = key(&issuer, &of(&alice), "notes:read").await;
    issuer.wait(5).await;
    notes.introspect(&text).await;
    assert_eq!(api_keys::find(&issuer.ctx, id, None).await.unwrap().last_used_at, None);
    seen::flush(&issuer.ctx).await.unwrap();
    let key = api_keys::find(&issuer.ctx, id, None).await.unwrap();
    assert_eq!(key.last_used_at, Some(Timestamp::from_unix(START + 5)));
    assert!(!format!("{key:?}").contains(&text));
}
