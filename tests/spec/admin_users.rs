//! Users by the admin API.

use doorward::types::audit::Action;
use http::header;
use serde_json::{Value, json};

use crate::actors::{
    Issuer,
    admin::{Admin, NOBODY},
    issuer::PASSWORD,
};

#[tokio::test]
async fn a_user_is_made_looked_at_changed_and_deleted() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    let made = root
        .ask(
            "POST /users",
            json!({
                "username": "alice", "email": "alice@example.com", "email_verified": true,
                "password": PASSWORD, "roles": ["user"],
                "claims": {"name": "Alice Liddell", "address.country": "UK"},
            }),
        )
        .await;
    assert_eq!(made.status, 201, "{}", made.text());
    let place = made.header(header::LOCATION).to_owned();
    let user = root.get(&place).await;
    assert_eq!(user, made.json());
    assert_eq!(user["claims"], json!({"name": "Alice Liddell", "address.country": "UK"}));
    assert_eq!(user["has_password"], true);

    let line = format!("PATCH {place}");
    let changed = root.change(&line, json!({"email": null, "claims": {"name": ""}})).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    let user = changed.json();
    assert_eq!((&user["email"], &user["email_verified"]), (&Value::Null, &json!(false)));
    assert_eq!(user["claims"], json!({"address.country": "UK"}));
    assert_eq!(user["username"], "alice");

    assert_eq!(root.change(&format!("DELETE {place}"), Value::Null).await.status, 204);
    root.ask(&format!("GET {place}"), Value::Null).await.problem(404, "not-found");
    for action in [Action::UserUpdated, Action::UserDeleted] {
        assert_eq!(issuer.audited(action).await, 1);
    }
}

#[tokio::test]
async fn what_cannot_be_a_user_is_400_with_the_member_that_is_wrong() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    for (body, pointer) in [
        (json!({"username": ""}), "/username"),
        (json!({"username": "a", "email": "no address"}), "/email"),
        (json!({"username": "a", "email_verified": true}), "/email_verified"),
        (json!({"username": "alice", "password": "1234"}), "/password"),
        (json!({"username": "alice", "roles": ["king"]}), "/roles"),
        (json!({"username": "alice", "claims": {"shoe": "44"}}), "/claims/shoe"),
        (json!({"username": "alice", "claims": {"birthdate": "x"}}), "/claims/birthdate"),
        (json!({"username": 7}), "/username"),
        (json!({"username": "alice", "roles": ["user", 7]}), "/roles/1"),
        (json!([]), ""),
    ] {
        let reply = root.ask("POST /users", body.clone()).await;
        assert_eq!(reply.status, 400, "{body} {}", reply.text());
        reply.invalid(pointer);
    }
    let taken = root.ask("POST /users", json!({"username": "root"})).await;
    taken.problem(409, "conflict");
}

#[tokio::test]
async fn adm_04_members_that_nobody_knows_are_refused() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    for name in ["is_admin", "tenant_id", "id", "created_at", "status", "password_hash"] {
        let reply = root.ask("POST /users", json!({"username": "alice", name: "x"})).await;
        reply.invalid(&format!("/{name}"));
        let reply = root.ask("POST /roles", json!({"name": "r", name: "x"})).await;
        reply.invalid(&format!("/{name}"));
        let metadata = json!({"redirect_uris": ["https://app.example/cb"], name: "x"});
        let reply = root.ask("POST /clients", json!({"metadata": metadata})).await;
        reply.problem(400, "invalid-request");
    }
    assert_eq!(root.get("/users").await["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn bodies_are_json_and_nothing_else() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    for (media_type, body, status) in [
        ("application/x-www-form-urlencoded", "username=alice", 415),
        ("text/plain", "{\"username\":\"alice\"}", 415),
        ("application/json", "{\"username\":\"alice\"", 400),
        ("application/json", "{\"username\":\"alice\"} {}", 400),
        ("application/json", "{\"username\":\"alice\",\"username\":\"bob\"}", 400),
        ("application/json", "", 400),
    ] {
        let mut request =
            root.request("POST /users", &[("content-type", media_type)], &Value::Null);
        body.clone_into(request.body_mut());
        let reply = issuer.send(request).await;
        assert_eq!(reply.status, status, "{media_type} {body} {}", reply.text());
    }
    let nested = "[".repeat(10_000);
    let mut request =
        root.request("POST /users", &[("content-type", "application/json")], &Value::Null);
    *request.body_mut() = nested;
    issuer.send(request).await.problem(400, "invalid-request");
}

#[tokio::test]
async fn adm_05_the_last_administrator_is_not_deleted_disabled_or_demoted() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    let id = root.get("/users?username=root").await["items"][0]["id"].as_str().unwrap().to_owned();
    let deleted = root.change(&format!("DELETE /users/{id}"), Value::Null).await;
    deleted.problem(409, "last-administrator");
    for line in [format!("POST /users/{id}/disable"), format!("DELETE /users/{id}/roles/admin")] {
        root.ask(&line, Value::Null).await.problem(409, "last-administrator");
    }
    root.get("/users").await;
}

#[tokio::test]
async fn adm_05_two_administrators_who_demote_each_other_at_once_leave_one() {
    let issuer = Issuer::start().await;
    let other = issuer.another_node().await;
    let root = Admin::root(&issuer).await;
    let eve = Admin::with_roles(&issuer, "eve", &["admin"]).await.on(&other);
    let users = root.get("/users").await;
    let id = |name: &str| {
        let items = users["items"].as_array().unwrap();
        let user = items.iter().find(|user| user["username"] == name).unwrap();
        user["id"].as_str().unwrap().to_owned()
    };
    let (of_eve, of_root) = (
        format!("DELETE /users/{}/roles/admin", id("eve")),
        format!("DELETE /users/{}/roles/admin", id("root")),
    );
    let (one, two) = tokio::join!(root.ask(&of_eve, Value::Null), eve.ask(&of_root, Value::Null));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses[0], 204, "{} {}", one.text(), two.text());
    // The slower one meets the rule, or is no administrator any more.
    assert!([403, 409].contains(&statuses[1]), "{} {}", one.text(), two.text());
}

#[tokio::test]
async fn a_password_that_is_set_ends_sessions_and_grants() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    let eve = Admin::with_roles(&issuer, "eve", &["doorward-auditor"]).await;
    let id = root.get("/users?username=eve").await["items"][0]["id"].as_str().unwrap().to_owned();
    let line = format!("POST /users/{id}/password");
    root.ask(&line, json!({"password": "password"})).await.invalid("/password");
    let set = root.ask(&line, json!({"password": "a quite different horse"})).await;
    assert_eq!(set.json(), json!({"sessions": 1, "grants": 1}));
    eve.ask("GET /users", Value::Null).await.problem(401, "unauthorized");
}

#[tokio::test]
async fn adm_07_no_answer_tells_a_password_or_its_hash() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    for path in ["/users", "/audit-events", "/settings"] {
        let text = root.get(path).await.to_string();
        for secret in [PASSWORD, "$argon2id$", "password_hash"] {
            assert!(!text.contains(secret), "{path}: {text}");
        }
    }
}

#[tokio::test]
async fn nobody_is_not_found() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    for name in [NOBODY, "root", "%00", "a%2Fb"] {
        root.ask(&format!("GET /users/{name}"), Value::Null).await.problem(404, "not-found");
    }
    root.ask("GET /nothing", Value::Null).await.problem(404, "not-found");
    root.ask("PUT /users", Value::Null).await.problem(405, "method-not-allowed");
}
