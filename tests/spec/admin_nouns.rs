//! Clients, APIs, roles, groups, sessions, grants, keys, audit and settings by the admin API.

use doorward::types::audit::Action;
use http::header;
use serde_json::{Value, json};

use crate::actors::{Issuer, RelyingParty, admin::Admin};

#[tokio::test]
async fn adm_07_a_clients_secret_is_told_once_and_never_read_back() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    let metadata = json!({"redirect_uris": ["https://app.example/cb"], "scope": "openid"});
    let made = root.ask("POST /clients", json!({"client_id": "a/b", "metadata": metadata})).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let place = made.header(header::LOCATION).to_owned();
    assert_eq!(place, "/admin/api/v1/clients/a%2Fb");
    let first = made.json()["client_secret"].as_str().unwrap().to_owned();
    let rotated = root.ask(&format!("POST {place}/secret"), json!({"overlap": 60})).await.json();
    let second = rotated["client_secret"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    let changed = root.change(&format!("PUT {place}"), metadata).await;
    assert_eq!(changed.json().get("client_secret"), None);
    for path in [place.as_str(), "/clients", "/audit-events"] {
        let text = root.get(path).await.to_string();
        assert!(!text.contains(&first) && !text.contains(&second), "{path}");
        assert!(!text.contains("\"hash\"") && !text.contains("sealed"), "{path}: {text}");
    }
    let long = root.ask(&format!("POST {place}/secret"), json!({"overlap": 2_592_001})).await;
    long.invalid("/overlap");
    for action in [Action::ClientSecretRotated, Action::ClientUpdated] {
        assert_eq!(issuer.audited(action).await, 1);
    }
}

#[tokio::test]
async fn clients_keep_the_rules_of_registration() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    for metadata in [
        json!({"redirect_uris": ["javascript:alert(1)"]}),
        json!({"redirect_uris": []}),
        json!({"redirect_uris": "https://app.example/cb"}),
        json!({"token_endpoint_auth_method": "magic"}),
    ] {
        let reply = root.ask("POST /clients", json!({"metadata": metadata})).await;
        reply.problem(400, "invalid-request");
    }
    let uuid = "01900000-0000-7000-8000-0000000000aa";
    let body = json!({"client_id": uuid, "metadata": {"redirect_uris": ["https://a.example"], "scope": "openid"}});
    root.ask("POST /clients", body).await.invalid("/client_id");
}

#[tokio::test]
async fn a_client_that_is_disabled_gets_nothing() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    let app = RelyingParty::web(&issuer).await;
    issuer.user("alice").await;
    let tokens = app.tokens("alice").await;
    assert_eq!(root.ask("POST /clients/notes/disable", Value::Null).await.status, 204);
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(app.userinfo(token).await.status, 401);
    assert_eq!(root.ask("POST /clients/notes/enable", Value::Null).await.status, 204);
    app.tokens("alice").await;
}

#[tokio::test]
async fn roles_apis_and_groups_work_together() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    let api = root
        .ask(
            "POST /apis",
            json!({
                "audience": "https://reports.example/api", "name": "Notes",
                "permissions": {"reports:read": "Read notes", "reports:write": "Write notes"},
            }),
        )
        .await;
    assert_eq!(api.status, 201, "{}", api.text());
    let place = api.header(header::LOCATION).to_owned();
    let role = json!({
        "name": "writer", "api": "https://reports.example/api", "permissions": ["reports:write"],
        "contains": ["user"],
    });
    assert_eq!(root.ask("POST /roles", role).await.status, 201);
    assert_eq!(root.ask("POST /groups", json!({"name": "staff"})).await.status, 201);
    let alice = issuer.user_with_roles("alice", &[]).await.id;
    for line in
        ["PUT /groups/staff/roles/writer".to_owned(), format!("PUT /groups/staff/members/{alice}")]
    {
        for _ in 0..2 {
            assert_eq!(root.ask(&line, Value::Null).await.status, 204, "{line}");
        }
    }
    let members = root.get("/groups/staff/members").await;
    assert_eq!(members["items"], json!([{"id": alice.to_string(), "username": "alice"}]));
    assert_eq!(root.get("/groups/staff").await["roles"], json!(["writer"]));
    let change = json!({"remove_permissions": ["reports:write"], "status": "disabled"});
    let changed = root.change(&format!("PATCH {place}"), change).await.json();
    assert_eq!(changed["permissions"], json!({"reports:read": "Read notes"}));
    assert_eq!(changed["status"], "disabled");
    assert_eq!(root.get("/roles/writer").await["permissions"], json!([]));
    for (line, body, pointer) in [
        ("POST /roles", json!({"name": "Bad Name"}), "/name"),
        ("POST /roles", json!({"name": "r", "contains": ["none"]}), "/contains"),
        ("POST /roles", json!({"name": "r", "api": "https://none.example"}), "/api"),
        ("POST /roles", json!({"name": "r", "permissions": ["none"]}), "/permissions"),
        ("POST /apis", json!({"audience": "notes", "name": "N"}), "/audience"),
        ("POST /groups", json!({"name": ""}), "/name"),
    ] {
        root.ask(line, body).await.invalid(pointer);
    }
    let circle = root.change("PATCH /roles/writer", json!({"add_contains": ["writer"]})).await;
    circle.invalid("/contains");
    root.ask("POST /groups", json!({"name": "staff"})).await.problem(409, "conflict");
}

#[tokio::test]
async fn a_session_that_is_ended_takes_its_tokens_along_and_a_grant_goes_alone() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    let app = RelyingParty::web(&issuer).await;
    let alice = issuer.user("alice").await.id;
    for (list, action) in [("sessions", Action::SessionEnded), ("grants", Action::GrantRevoked)] {
        let tokens = app.tokens("alice").await;
        let token = tokens["access_token"].as_str().unwrap();
        assert_eq!(app.userinfo(token).await.status, 200);
        let newest = root.get(&format!("/{list}?user={alice}")).await;
        let newest = newest["items"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(newest["user"], alice.to_string());
        let line = format!("DELETE /{list}/{}", newest["id"].as_str().unwrap());
        assert_eq!(root.ask(&line, Value::Null).await.status, 204);
        assert_eq!(app.userinfo(token).await.status, 401, "{list}");
        root.ask(&line, Value::Null).await.problem(404, "not-found");
        assert_eq!(issuer.audited(action).await, 1);
    }
}

#[tokio::test]
async fn signing_keys_are_rotated_and_revoked() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    let keys = root.get("/signing-keys").await;
    let text = keys.to_string();
    assert!(!text.contains("sealed") && !text.contains("\"d\""), "{text}");
    let rotate = json!({"alg": "ES256"});
    let early = root.ask("POST /signing-keys/rotate", rotate.clone()).await;
    assert_eq!(early.json(), json!({"rotated": false}));
    root.ask("POST /signing-keys/rotate", json!({"alg": "none"})).await.invalid("/alg");
    issuer.wait(3 * 60 * 60).await;
    let root = Admin::sign_in(&issuer, "root").await;
    let done = root.ask("POST /signing-keys/rotate", rotate).await;
    assert_eq!(done.json(), json!({"rotated": true}));
    let keys = root.get("/signing-keys").await;
    let active = keys["items"].as_array().unwrap().iter();
    let active = active.filter(|key| key["alg"] == "ES256" && key["state"] == "active");
    let [active] = active.collect::<Vec<_>>()[..] else { panic!("one key signs: {keys}") };
    // The caller's own token was signed with the key of before, which is published still.
    let line = format!("POST /signing-keys/{}/revoke", active["kid"].as_str().unwrap());
    assert_eq!(root.ask(&line, Value::Null).await.status, 204);
    root.ask(&line, Value::Null).await.problem(404, "not-found");
}

#[tokio::test]
async fn adm_15_the_audit_log_is_read_filtered_and_whole_and_nothing_changes_it() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    let made = root.ask("POST /roles", json!({"name": "r", "description": "before"})).await;
    let id = made.json()["id"].as_str().unwrap().to_owned();
    root.change("PATCH /roles/r", json!({"description": "after"})).await;
    let events = root.get(&format!("/audit-events?object=role:{id}&action=role.updated")).await;
    let [event] = events["items"].as_array().unwrap().as_slice() else { panic!("{events}") };
    let own = root.get("/users?username=root").await["items"][0]["id"].clone();
    assert_eq!(event["actor"], format!("user:{}", own.as_str().unwrap()));
    assert_eq!(event["detail"]["before"]["description"], "before");
    assert_eq!(event["detail"]["after"]["description"], "after");
    assert_eq!(event["address"], "192.0.2.1");
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        for path in ["/audit-events", "/audit-chain", "/settings"] {
            let reply = root.ask(&format!("{method} {path}"), json!({})).await;
            reply.problem(405, "method-not-allowed");
        }
        root.ask(&format!("{method} /audit-events/1"), json!({})).await.problem(404, "not-found");
    }
    assert_eq!(root.get("/audit-chain").await["intact"], true);
}

#[tokio::test]
async fn settings_are_told_without_secrets() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    let settings = root.get("/settings").await;
    assert_eq!(settings["issuer"], "https://id.example");
    assert_eq!(settings["changed"], json!({"issuer": "\"https://id.example\""}));
}
