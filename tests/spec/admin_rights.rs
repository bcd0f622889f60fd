//! Nobody gives what they do not have. Attack catalogue, ADM-02, ADM-03.

use doorward::service::{groups, roles};
use doorward::types::audit::Actor;
use serde_json::{Value, json};

use crate::actors::{
    Issuer,
    access::NOTES_API,
    admin::{Admin, console},
    issuer::{Reply, origin},
};

const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

#[track_caller]
fn is_beyond(reply: &Reply) {
    reply.problem(403, "beyond-your-rights");
}

/// Somebody who looks after users, roles, groups and clients, and may do nothing else.
const KEEPER: [&str; 8] = [
    "doorward:users:read",
    "doorward:users:write",
    "doorward:roles:read",
    "doorward:roles:write",
    "doorward:groups:read",
    "doorward:groups:write",
    "doorward:clients:read",
    "doorward:clients:write",
];

async fn id_of(admin: &Admin<'_>, username: &str) -> String {
    let found = admin.get(&format!("/users?username={username}")).await;
    found["items"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn adm_03_a_role_beyond_ones_own_is_not_given() {
    let issuer = Issuer::start().await;
    issuer.client("console", console()).await;
    let keeper = Admin::with(&issuer, "keeper", &KEEPER).await;
    issuer.user("alice").await;
    let alice = id_of(&keeper, "alice").await;
    let own = id_of(&keeper, "keeper").await;
    for role in ["admin", "doorward-administrator", "doorward-auditor"] {
        for user in [&alice, &own] {
            is_beyond(&keeper.ask(&format!("PUT /users/{user}/roles/{role}"), Value::Null).await);
        }
        is_beyond(&keeper.ask("POST /users", json!({"username": "eve", "roles": [role]})).await);
        is_beyond(&keeper.ask("POST /roles", json!({"name": "r", "contains": [role]})).await);
        let line = "PATCH /roles/keeper";
        is_beyond(&keeper.change(line, json!({"add_contains": [role]})).await);
    }
    // What is within one's rights goes.
    let given = keeper.ask(&format!("PUT /users/{alice}/roles/keeper"), Value::Null).await;
    assert_eq!(given.status, 204, "{}", given.text());
    let taken = keeper.ask(&format!("DELETE /users/{alice}/roles/keeper"), Value::Null).await;
    assert_eq!(taken.status, 204, "{}", taken.text());
}

#[tokio::test]
async fn adm_03_a_permission_beyond_ones_own_goes_into_no_role() {
    let issuer = Issuer::start().await;
    issuer.client("console", console()).await;
    let keeper = Admin::with(&issuer, "keeper", &KEEPER).await;
    let more = json!(["doorward:keys:write"]);
    is_beyond(&keeper.ask("POST /roles", json!({"name": "r", "permissions": more})).await);
    is_beyond(&keeper.change("PATCH /roles/keeper", json!({"add_permissions": more})).await);
    let known = json!(["doorward:users:read"]);
    let made = keeper.ask("POST /roles", json!({"name": "r", "permissions": known})).await;
    assert_eq!(made.status, 201, "{}", made.text());
}

#[tokio::test]
async fn adm_03_a_group_that_holds_more_is_not_joined() {
    let issuer = Issuer::start().await;
    issuer.client("console", console()).await;
    let keeper = Admin::with(&issuer, "keeper", &KEEPER).await;
    groups::create(&issuer.ctx, "bosses", String::new(), Actor::Operator, &origin()).await.unwrap();
    let to = roles::HolderName::Group("bosses".to_owned());
    roles::grant(&issuer.ctx, "admin", &to, Actor::Operator, &origin()).await.unwrap();
    let own = id_of(&keeper, "keeper").await;
    is_beyond(&keeper.ask(&format!("PUT /groups/bosses/members/{own}"), Value::Null).await);
    is_beyond(&keeper.ask("DELETE /groups/bosses/roles/admin", Value::Null).await);
    is_beyond(&keeper.change("DELETE /groups/bosses", Value::Null).await);
}

#[tokio::test]
async fn adm_03_whoever_has_more_is_not_taken_over() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    let keeper = Admin::with(&issuer, "keeper", &KEEPER).await;
    let boss = id_of(&root, "root").await;
    let password = json!({"password": "a quite different horse"});
    is_beyond(&keeper.ask(&format!("POST /users/{boss}/password"), password).await);
    is_beyond(&keeper.ask(&format!("POST /users/{boss}/disable"), Value::Null).await);
    let line = format!("PATCH /users/{boss}");
    is_beyond(&keeper.change(&line, json!({"email": "eve@example.com"})).await);
    is_beyond(&keeper.change(&format!("DELETE /users/{boss}"), Value::Null).await);
    is_beyond(&keeper.ask(&format!("DELETE /users/{boss}/roles/admin"), Value::Null).await);
}

#[tokio::test]
async fn adm_03_a_client_gets_no_more_than_its_maker_has() {
    let issuer = Issuer::start().await;
    issuer.client("console", console()).await;
    let keeper = Admin::with(&issuer, "keeper", &KEEPER).await;
    let metadata = |scope: &str| json!({"redirect_uris": ["https://evil.example/cb"], "scope": scope, "consent": "implied"});
    let more = json!({"client_id": "evil", "metadata": metadata("doorward:keys:write")});
    is_beyond(&keeper.ask("POST /clients", more).await);
    // The app of the administrators has scopes beyond: nobody with less turns it to themselves.
    is_beyond(&keeper.change("PUT /clients/console", metadata("openid")).await);
    is_beyond(&keeper.change("DELETE /clients/console", Value::Null).await);
    let within = json!({"client_id": "fine", "metadata": metadata("openid doorward:users:read")});
    let made = keeper.ask("POST /clients", within).await;
    assert_eq!(made.status, 201, "{}", made.text());
    is_beyond(&keeper.change("PUT /clients/fine", metadata("doorward:keys:write")).await);
}

#[tokio::test]
async fn adm_03_the_secret_of_a_more_powerful_client_is_not_taken() {
    let issuer = Issuer::start().await;
    issuer.client("console", console()).await;
    let keeper = Admin::with(&issuer, "keeper", &KEEPER).await;
    Admin::service(&issuer, "robot", &["doorward-administrator"]).await;
    is_beyond(&keeper.ask("POST /clients/robot/secret", json!({})).await);
}

#[tokio::test]
async fn adm_03_an_administrator_gives_permissions_of_other_apis() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    let api = json!({
        "audience": "https://reports.example/api", "name": "Notes",
        "permissions": {"reports:delete": "Delete notes"},
    });
    assert_eq!(root.ask("POST /apis", api).await.status, 201);
    let role = json!({"name": "janitor", "permissions": ["reports:delete"]});
    assert_eq!(root.ask("POST /roles", role.clone()).await.status, 201);
    let keeper = Admin::with(&issuer, "keeper", &KEEPER).await;
    let alice = issuer.user("alice").await.id;
    is_beyond(&keeper.ask(&format!("PUT /users/{alice}/roles/janitor"), Value::Null).await);
    let given = root.ask(&format!("PUT /users/{alice}/roles/janitor"), Value::Null).await;
    assert_eq!(given.status, 204, "{}", given.text());
}

#[tokio::test]
async fn adm_03_what_is_doorwards_own_stays_as_it_is() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    let own = root.get("/apis?audience=https://id.example/admin/api").await;
    let place = format!("/apis/{}", own["items"][0]["id"].as_str().unwrap());
    root.change(&format!("DELETE {place}"), Value::Null).await.problem(409, "built-in");
    root.change(&format!("PATCH {place}"), json!({"name": "x"})).await.problem(409, "built-in");
    let line = "/roles/doorward-auditor";
    root.change(&format!("DELETE {line}"), Value::Null).await.problem(409, "built-in");
    let more = json!({"add_permissions": ["doorward:keys:write"]});
    root.change(&format!("PATCH {line}"), more).await.problem(409, "built-in");
}

/// ADM-03: a client that answers for an API is told of its tokens and turns API keys into them: nobody
/// registers one, or takes one over, without every right at that API.
#[tokio::test]
async fn adm_03_a_client_answers_for_no_api_beyond_ones_rights() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    let keeper = Admin::with(&issuer, "keeper", &KEEPER).await;
    let own = "https://id.example/admin/api";
    let metadata = |audience: &str| {
        json!({
            "grant_types": ["client_credentials", TOKEN_EXCHANGE], "scope": "",
            "audiences": [audience],
        })
    };
    for audience in [own, NOTES_API] {
        let body = json!({"client_id": "evil", "metadata": metadata(audience)});
        is_beyond(&keeper.ask("POST /clients", body.clone()).await);
        let made = root
            .ask(
                "POST /clients",
                json!({"client_id": "fine", "metadata": metadata("https://else.example")}),
            )
            .await;
        assert!([201, 409].contains(&made.status.as_u16()), "{}", made.text());
        is_beyond(&keeper.change("PUT /clients/fine", metadata(audience)).await);
        let id = format!("gateway{}", audience.len());
        let body = json!({"client_id": id, "metadata": metadata(audience)});
        assert_eq!(root.ask("POST /clients", body).await.status, 201);
        is_beyond(&keeper.ask(&format!("POST /clients/{id}/secret"), json!({})).await);
        is_beyond(
            &keeper.change(&format!("PUT /clients/{id}"), metadata("https://else.example")).await,
        );
        is_beyond(&keeper.change(&format!("DELETE /clients/{id}"), Value::Null).await);
        is_beyond(&keeper.ask(&format!("POST /clients/{id}/disable"), Value::Null).await);
    }
    // An API that somebody will make one day would be theirs.
    let body = json!({"client_id": "early", "metadata": metadata("https://later.example")});
    is_beyond(&keeper.ask("POST /clients", body.clone()).await);
    let maker = [&KEEPER[..], &["doorward:apis:write"]].concat();
    let maker = Admin::with(&issuer, "maker", &maker).await;
    assert_eq!(maker.ask("POST /clients", body).await.status, 201);
}

/// ADM-02: whatever is done to something stronger than oneself, by whatever verb: it is beyond one's
/// rights, or Doorward's own, and changes nothing.
#[tokio::test]
async fn adm_02_no_verb_reaches_what_is_stronger() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    let keeper = Admin::with(&issuer, "keeper", &KEEPER).await;
    let boss = issuer.user_with_roles("boss", &["admin"]).await.id;
    let alice = issuer.user("alice").await.id;
    for (line, body) in [
        ("POST /roles", json!({"name": "chief", "contains": ["admin"]})),
        ("POST /groups", json!({"name": "bosses"})),
    ] {
        assert_eq!(root.ask(line, body).await.status, 201, "{line}");
    }
    for line in ["PUT /groups/bosses/roles/admin", &format!("PUT /groups/bosses/members/{boss}")] {
        assert_eq!(root.ask(line, Value::Null).await.status, 204, "{line}");
    }
    Admin::service(&issuer, "robot", &["doorward-administrator"]).await;
    let mut witness = issuer.witness().await;
    let before = witness.state().await;
    let none = Value::Null;
    let lines = [
        ("PATCH /roles/chief".to_owned(), json!({"description": "mine"})),
        ("PATCH /roles/chief".to_owned(), json!({"remove_contains": ["admin"]})),
        ("PATCH /roles/chief".to_owned(), json!({"add_contains": []})),
        ("PATCH /roles/chief".to_owned(), json!({})),
        ("PATCH /roles/admin".to_owned(), json!({"remove_contains": ["doorward-administrator"]})),
        ("DELETE /roles/chief".to_owned(), none.clone()),
        ("DELETE /groups/bosses".to_owned(), none.clone()),
        (format!("PUT /groups/bosses/members/{alice}"), none.clone()),
        (format!("DELETE /groups/bosses/members/{boss}"), none.clone()),
        ("PUT /groups/bosses/roles/admin".to_owned(), none.clone()),
        ("DELETE /groups/bosses/roles/admin".to_owned(), none.clone()),
        (format!("PUT /users/{alice}/roles/chief"), none.clone()),
        (format!("DELETE /users/{boss}/roles/admin"), none.clone()),
        (format!("PATCH /users/{boss}"), json!({"username": "fool"})),
        (format!("PATCH /users/{boss}"), json!({})),
        (format!("POST /users/{boss}/password"), json!({"password": "a quite different horse"})),
        (format!("POST /users/{boss}/disable"), none.clone()),
        (format!("POST /users/{boss}/enable"), none.clone()),
        (format!("DELETE /users/{boss}"), none.clone()),
        ("PUT /clients/robot/roles/chief".to_owned(), none.clone()),
        ("DELETE /clients/robot/roles/doorward-administrator".to_owned(), none.clone()),
        ("POST /clients/robot/secret".to_owned(), json!({"overlap": 0})),
        ("POST /clients/robot/disable".to_owned(), none.clone()),
        ("POST /clients/robot/enable".to_owned(), none.clone()),
        ("DELETE /clients/robot".to_owned(), none.clone()),
    ];
    for (line, body) in &lines {
        let (_, path) = line.split_once(' ').unwrap();
        let tag = root.ask(&format!("GET {path}"), none.clone()).await;
        let tag = tag.headers.get("etag").map_or("\"1\"", |tag| tag.to_str().unwrap());
        let reply = keeper.send(line, &[("if-match", tag)], body).await;
        assert_eq!(reply.status, 403, "{line} {body}: {}", reply.text());
        is_beyond(&reply);
    }
    assert_eq!(witness.state().await, before);
}
