//! API keys by the admin API: who makes one for whom, what is told of it, how it ends. Attack catalogue,
//! ADM-03, ADM-04, ADM-07, APIK-03; the keys themselves are in `api_keys`.

use doorward::{
    protocol::client::{ClientMetadata, GrantType},
    types::{Scope, audit::Action},
};
use http::header;
use serde_json::{Value, json};

use crate::actors::{
    Issuer, RelyingParty,
    access::{NOTES_API, ROBOT},
    admin::{Admin, NOBODY, console},
    api_key::exchanger,
    clock::START,
    issuer::ISSUER,
    relying_party::{claims, machine},
};

const DAY: i64 = 86_400;

/// Somebody who looks after API keys, and reads notes.
const KEEPER: [&str; 5] = [
    "doorward:users:read",
    "doorward:clients:read",
    "doorward:api-keys:read",
    "doorward:api-keys:write",
    "notes:read",
];

/// What every test begins with: alice, who reads and writes notes, and the API that is asked.
struct World<'a> {
    root: Admin<'a>,
    notes: RelyingParty<'a>,
    alice: String,
}

async fn world(issuer: &Issuer) -> World<'_> {
    let root = Admin::root(issuer).await;
    let alice = issuer.user("alice").await;
    issuer.give(&alice, ROBOT).await;
    let metadata = ClientMetadata {
        grant_types: [GrantType::ClientCredentials].into(),
        audiences: vec![NOTES_API.to_owned()],
        scope: Scope::default(),
        ..ClientMetadata::default()
    };
    let notes = RelyingParty::register(issuer, "notes-api", metadata).await;
    World { root, notes, alice: alice.id.to_string() }
}

fn backup(permissions: &[&str]) -> Value {
    json!({"name": "Backup", "permissions": permissions})
}

#[tokio::test]
async fn adm_07_the_text_of_a_key_is_told_once_and_never_read_back() {
    let issuer = Issuer::start().await;
    let World { root, notes, alice } = world(&issuer).await;
    let list = format!("/users/{alice}/api-keys");
    let made = root.ask(&format!("POST {list}"), backup(&["notes:read", "roles"])).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(made.header(header::CACHE_CONTROL), "no-store");
    let (place, body) = (made.header(header::LOCATION).to_owned(), made.json());
    let text = body["key"].as_str().unwrap();
    assert_eq!(notes.introspect(text).await["scope"], "notes:read roles");
    let id = body["api_key"]["id"].as_str().unwrap();
    assert_eq!(place, format!("/admin/api/v1/api-keys/{id}"));
    assert_eq!(
        root.get(&place).await,
        json!({
            "id": id, "name": "Backup", "user": alice, "client_id": null,
            "permissions": ["notes:read", "roles"], "addresses": [], "status": "live",
            "created_at": START,
            "expires_at": START + 90 * DAY, "last_used_at": null, "revoked_at": null,
            "successor": null,
        })
    );
    assert_eq!(root.get(&list).await["items"][0], root.get(&place).await);
    let secret = text.split('_').nth(2).unwrap();
    for path in [place.as_str(), &list, "/audit-events"] {
        let told = root.get(path).await.to_string();
        assert!(!told.contains(secret) && !told.contains("hash\""), "{path}: {told}");
    }
    assert_eq!(issuer.audited(Action::ApiKeyCreated).await, 1);
}

#[tokio::test]
async fn a_key_that_was_asked_for_twice_is_made_once_and_told_once() {
    let issuer = Issuer::start().await;
    let World { root, alice, .. } = world(&issuer).await;
    let key = [("idempotency-key", "one-key")];
    let list = format!("/users/{alice}/api-keys");
    let first = root.send(&format!("POST {list}"), &key, &backup(&["notes:read"])).await;
    assert_eq!(first.status, 201, "{}", first.text());
    let place = first.header(header::LOCATION);
    let again = root.send(&format!("POST {list}"), &key, &backup(&["notes:read"])).await;
    assert_eq!(again.status, 200);
    assert_eq!(again.json(), json!({"status": 201, "location": place}));
    assert_eq!(root.get(&list).await["items"].as_array().unwrap().len(), 1);
    let line = format!("POST {place}/rotate");
    let successor = root.send(&line, &key, &json!({})).await;
    assert_eq!(successor.status, 201, "{}", successor.text());
    let again = root.send(&line, &key, &json!({})).await;
    assert_eq!(
        again.json(),
        json!({"status": 201, "location": successor.header(header::LOCATION)})
    );
}

#[tokio::test]
async fn a_machine_s_key_is_made_rotated_and_revoked() {
    let issuer = Issuer::start().await;
    let World { root, notes, .. } = world(&issuer).await;
    let scope = Scope::parse("notes:read notes:write").unwrap();
    RelyingParty::register(&issuer, "batch", ClientMetadata { scope, ..machine() }).await;
    issuer.give_client("batch", ROBOT).await;
    let made = root.ask("POST /clients/batch/api-keys", backup(&["notes:read"])).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let place = made.header(header::LOCATION).to_owned();
    let old = made.json()["key"].as_str().unwrap().to_owned();
    assert_eq!(made.json()["api_key"]["client_id"], "batch");
    let line = format!("POST {place}/rotate");
    root.ask(&line, json!({"overlap": 7 * DAY + 1})).await.invalid("/overlap");
    let rotated = root.ask(&line, json!({"overlap": 60})).await;
    assert_eq!(rotated.status, 201, "{}", rotated.text());
    let next = rotated.header(header::LOCATION).to_owned();
    let new = rotated.json()["key"].as_str().unwrap().to_owned();
    assert_eq!(root.get(&place).await["status"], "rotated");
    assert_eq!(root.get(&place).await["successor"], rotated.json()["api_key"]["id"]);
    root.ask(&line, json!({})).await.problem(409, "conflict");
    for text in [&old, &new] {
        assert_eq!(notes.introspect(text).await["active"], true);
    }
    for (place, text) in [(&place, &old), (&next, &new)] {
        for _ in 0..2 {
            let revoked = root.ask(&format!("DELETE {place}"), Value::Null).await;
            assert_eq!(revoked.status, 204, "{}", revoked.text());
        }
        assert_eq!(notes.introspect(text).await, json!({"active": false}));
        assert_eq!(root.get(place).await["status"], "revoked");
        root.ask(&format!("POST {place}/rotate"), json!({})).await.problem(409, "conflict");
    }
    assert_eq!(issuer.audited(Action::ApiKeyRotated).await, 1);
    assert_eq!(issuer.audited(Action::ApiKeyRevoked).await, 2);
    let events = root.get("/audit-events?action=api_key.rotated").await;
    let detail = &events["items"][0]["detail"];
    let expected = json!({"permissions": "notes:read", "expires_at": START + 90 * DAY});
    assert_eq!((&detail["before"], &detail["after"]), (&expected, &expected));
}

#[tokio::test]
async fn keys_are_listed_in_pages() {
    let issuer = Issuer::start().await;
    let World { root, alice, .. } = world(&issuer).await;
    let list = format!("/users/{alice}/api-keys");
    for _ in 0..3 {
        root.ask(&format!("POST {list}"), backup(&["notes:read"])).await;
        issuer.wait(1).await;
    }
    let whole = root.get(&list).await;
    let first = root.get(&format!("{list}?limit=2")).await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = root.get(&format!("{list}?cursor={cursor}")).await;
    let both = [&first, &rest].map(|page| page["items"].as_array().unwrap().clone()).concat();
    assert_eq!(json!(both), whole["items"]);
    assert_eq!(both.len(), 3);
    // A cursor of one owner is none of another's.
    let bob = issuer.user("bob").await.id;
    let line = format!("GET /users/{bob}/api-keys?cursor={cursor}");
    root.ask(&line, Value::Null).await.invalid_parameter("cursor");
    assert_eq!(root.get(&format!("/users/{bob}/api-keys")).await["items"], json!([]));
}

#[tokio::test]
async fn adm_03_a_key_is_made_by_those_alone_who_have_every_right_of_its_owner() {
    let issuer = Issuer::start().await;
    let World { root, alice, .. } = world(&issuer).await;
    let keeper = Admin::with(&issuer, "keeper", &KEEPER).await;
    let of_alice = format!("/users/{alice}/api-keys");
    let line = format!("POST {of_alice}");
    // The keeper has the permission of the key, and alice has one more.
    let refused = keeper.ask(&line, backup(&["notes:read"])).await;
    let problem = refused.problem(403, "beyond-your-rights");
    assert!(problem["detail"].as_str().unwrap().contains("notes:write"), "{problem}");
    let made = root.ask(&line, backup(&["notes:read"])).await;
    let place = made.header(header::LOCATION).to_owned();
    let rotate = format!("POST {place}/rotate");
    keeper.ask(&rotate, json!({})).await.problem(403, "beyond-your-rights");
    // Themselves, within their rights.
    let own = root.get("/users?username=keeper").await["items"][0]["id"].clone();
    let own = format!("POST /users/{}/api-keys", own.as_str().unwrap());
    let made = keeper.ask(&own, backup(&["notes:read"])).await;
    assert_eq!(made.status, 201, "{}", made.text());
    keeper.ask(&own, backup(&["notes:write"])).await.problem(403, "beyond-your-rights");
    // What leaked is stopped by whoever sees it.
    let revoked = keeper.ask(&format!("DELETE {place}"), Value::Null).await;
    assert_eq!(revoked.status, 204, "{}", revoked.text());
}

#[tokio::test]
async fn adm_03_a_key_of_a_machine_with_more_scope_is_not_made() {
    let issuer = Issuer::start().await;
    let World { root, .. } = world(&issuer).await;
    let scope = Scope::parse("notes:read notes:write").unwrap();
    RelyingParty::register(&issuer, "batch", ClientMetadata { scope, ..machine() }).await;
    issuer.role("reader", &["notes:read"]).await;
    issuer.give_client("batch", "reader").await;
    let keeper = Admin::with(&issuer, "keeper", &KEEPER).await;
    let refused = keeper.ask("POST /clients/batch/api-keys", backup(&["notes:read"])).await;
    refused.problem(403, "beyond-your-rights");
    let made = root.ask("POST /clients/batch/api-keys", backup(&["notes:read"])).await;
    assert_eq!(made.status, 201, "{}", made.text());
}

#[tokio::test]
async fn apik_03_an_administrator_gives_a_key_no_more_than_its_owner_holds() {
    let issuer = Issuer::start().await;
    let World { root, alice, .. } = world(&issuer).await;
    let line = format!("POST /users/{alice}/api-keys");
    for (permissions, pointer) in [
        (vec!["notes:delete"], "/permissions"),
        (vec!["doorward:users:write"], "/permissions"),
        (vec!["openid"], "/permissions"),
        (vec!["roles"], "/permissions"),
        (vec![], "/permissions"),
        (vec!["notes:read", "notes:read notes:write"], "/permissions/1"),
        (vec![""], "/permissions/0"),
        (vec!["notes:\"read"], "/permissions/0"),
    ] {
        root.ask(&line, backup(&permissions)).await.invalid(pointer);
    }
}

#[tokio::test]
async fn adm_04_a_key_has_the_members_that_are_told_and_no_others() {
    let issuer = Issuer::start().await;
    let World { root, alice, .. } = world(&issuer).await;
    let line = format!("POST /users/{alice}/api-keys");
    for (member, value) in
        [("id", json!(NOBODY)), ("user", json!(NOBODY)), ("expires_at", json!(START + 900 * DAY))]
    {
        let mut body = backup(&["notes:read"]);
        body[member] = value;
        root.ask(&line, body).await.problem(400, "invalid-request");
    }
    for (member, value) in [
        ("name", json!("")),
        ("name", json!("two\nlines")),
        ("lifetime", json!(0)),
        ("lifetime", json!(365 * DAY + 1)),
        ("lifetime", json!(-1)),
        ("addresses", json!((0..17).map(|last| format!("192.0.2.{last}")).collect::<Vec<_>>())),
        ("addresses", json!("192.0.2.1")),
    ] {
        let mut body = backup(&["notes:read"]);
        body[member] = value;
        root.ask(&line, body).await.invalid(&format!("/{member}"));
    }
    for bad in ["", "nowhere", "192.0.2.1/33", "192.0.2.1 192.0.2.2", "192.0.2.1:80"] {
        let mut body = backup(&["notes:read"]);
        body["addresses"] = json!(["192.0.2.9", bad]);
        root.ask(&line, body).await.invalid("/addresses/1");
    }
    let mut body = backup(&["notes:read"]);
    body["addresses"] = json!(["192.0.2.1/24", "::1"]);
    let made = root.ask(&line, body).await.json();
    assert_eq!(made["api_key"]["addresses"], json!(["192.0.2.0/24", "::1/128"]));
}

#[tokio::test]
async fn who_has_no_keys_gets_none() {
    let issuer = Issuer::start().await;
    let World { root, alice, .. } = world(&issuer).await;
    let body = backup(&["notes:read"]);
    for line in [
        format!("POST /users/{NOBODY}/api-keys"),
        "POST /users/alice/api-keys".to_owned(),
        "POST /clients/none/api-keys".to_owned(),
        format!("GET /users/{NOBODY}/api-keys"),
        "GET /clients/none/api-keys".to_owned(),
        format!("GET /api-keys/{NOBODY}"),
        "GET /api-keys/none".to_owned(),
        format!("DELETE /api-keys/{NOBODY}"),
        format!("POST /api-keys/{NOBODY}/rotate"),
    ] {
        let body = match line.split_once(' ').unwrap() {
            ("POST", path) if path.ends_with("rotate") => json!({}),
            ("POST", _) => body.clone(),
            _ => Value::Null,
        };
        root.ask(&line, body).await.problem(404, "not-found");
    }
    // An app that acts for its users only.
    issuer.client("app", console()).await;
    root.ask("POST /clients/app/api-keys", body.clone()).await.problem(409, "conflict");
    let made = root.ask(&format!("POST /users/{alice}/api-keys"), body.clone()).await;
    let place = made.header(header::LOCATION).to_owned();
    root.ask(&format!("POST /users/{alice}/disable"), Value::Null).await;
    root.ask(&format!("POST /users/{alice}/api-keys"), body).await.problem(409, "conflict");
    root.ask(&format!("POST {place}/rotate"), json!({})).await.problem(409, "conflict");
}

/// APIK-04: whoever comes with a key makes no key and no successor of one, whatever the key permits; the
/// rest of what it permits is theirs.
#[tokio::test]
async fn apik_04_a_key_makes_no_keys() {
    let issuer = Issuer::start().await;
    let World { root, alice, .. } = world(&issuer).await;
    let own = format!("{ISSUER}/admin/api");
    let gateway = ClientMetadata { audiences: vec![own], ..exchanger() };
    let gateway = RelyingParty::register(&issuer, "gateway", gateway).await;
    let list = format!("/users/{alice}/api-keys");
    let of_root = format!("/users/{}/api-keys", claims(&root.token)["sub"].as_str().unwrap());
    let made = root.ask(&format!("POST {of_root}"), backup(&KEEPER[..4])).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let victim = root.ask(&format!("POST {list}"), backup(&["notes:read"])).await.json();
    let victim = format!("/api-keys/{}", victim["api_key"]["id"].as_str().unwrap());
    let exchanged = gateway.exchange(made.json()["key"].as_str().unwrap(), &[]).await.granted();
    let thief = Admin::bearer(&issuer, exchanged["access_token"].as_str().unwrap());
    for (line, body) in [
        (format!("POST {list}"), backup(&["notes:read"])),
        (format!("POST {of_root}"), backup(&["doorward:users:read"])),
        (format!("POST {victim}/rotate"), json!({})),
    ] {
        thief.ask(&line, body).await.problem(403, "beyond-your-rights");
    }
    assert_eq!(issuer.audited(Action::ApiKeyCreated).await, 2);
    assert_eq!(issuer.audited(Action::ApiKeyRotated).await, 0);
    assert_eq!(thief.get(&victim).await["status"], "live");
    assert_eq!(thief.ask(&format!("DELETE {victim}"), Value::Null).await.status, 204);
    assert_eq!(thief.get(&victim).await["status"], "revoked");
}
