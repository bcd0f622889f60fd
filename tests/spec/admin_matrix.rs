//! Every route of the admin API × who asks. Attack catalogue, ADM-01, ADM-12, ADM-14. The table of
//! routes is the router's own, so that a new route is in this matrix on the day it appears.

use doorward::{
    http::admin::table::{ROUTES, Route, Verb},
    service::{apis, roles},
    types::{ClientId, audit::Actor},
};
use http::header;
use serde_json::{Value, json};

use crate::actors::{
    Issuer, RelyingParty,
    admin::{Admin, NOBODY, console},
    issuer::{Reply, origin},
    relying_party::web_app,
};

/// A request to `route` that names nothing that there is, and brings no body.
fn line(route: &Route) -> String {
    let verb = match route.verb {
        Verb::Get => "GET",
        Verb::Post => "POST",
        Verb::Put => "PUT",
        Verb::Patch => "PATCH",
        Verb::Delete => "DELETE",
    };
    let parts: Vec<&str> = route
        .path
        .split('/')
        .map(|part| if part.starts_with('{') { NOBODY } else { part })
        .collect();
    format!("{verb} {}", parts.join("/"))
}

async fn every_route(admin: &Admin<'_>, check: impl Fn(&Route, &str, Reply)) {
    for route in ROUTES {
        let line = line(route);
        check(route, &line, admin.ask(&line, Value::Null).await);
    }
}

fn is_invalid_token(line: &str, reply: &Reply) {
    reply.problem(401, "unauthorized");
    let challenge = reply.header(header::WWW_AUTHENTICATE);
    assert!(challenge.contains("error=\"invalid_token\""), "{line}: {challenge}");
}

/// The guard let the request through: whatever was wrong with it, it was not who asked.
fn is_let_in(line: &str, reply: &Reply) {
    assert!(![401, 403].contains(&reply.status.as_u16()), "{line}: {}", reply.text());
}

#[tokio::test]
async fn adm_01_without_a_token_there_is_a_bare_challenge() {
    let issuer = Issuer::start().await;
    for route in ROUTES {
        let line = line(route);
        let (method, path) = line.split_once(' ').unwrap();
        let reply = issuer.call(method.parse().unwrap(), path).await;
        reply.problem(401, "unauthorized");
        assert_eq!(reply.header(header::WWW_AUTHENTICATE), "Bearer realm=\"doorward\"", "{line}");
    }
}

#[tokio::test]
async fn adm_01_garbage_an_id_token_and_an_expired_token_open_nothing() {
    let issuer = Issuer::start().await;
    let admin = Admin::root(&issuer).await;
    let console = issuer_client(&issuer, "console").await;
    let tokens = console.asking("openid").tokens("root").await;
    for token in [
        "garbage",
        "dw_at_0123456789012345678901234567890123456789012",
        tokens["id_token"].as_str().unwrap(),
        // For UserInfo alone.
        tokens["access_token"].as_str().unwrap(),
    ] {
        every_route(&Admin::bearer(&issuer, token), |_, line, reply| {
            is_invalid_token(line, &reply);
        })
        .await;
    }
    every_route(&admin, |_, line, reply| is_let_in(line, &reply)).await;
    issuer.wait(601).await;
    every_route(&admin, |_, line, reply| is_invalid_token(line, &reply)).await;
}

async fn issuer_client<'a>(issuer: &'a Issuer, id: &str) -> RelyingParty<'a> {
    let id = ClientId::parse(id).unwrap();
    let client = doorward::service::client_registry::find(&issuer.ctx, &id).await.unwrap();
    RelyingParty::known(issuer, crate::actors::issuer::Registered { client, secret: None })
}

#[tokio::test]
async fn adm_01_a_token_for_another_api_opens_nothing() {
    let issuer = Issuer::start().await;
    issuer.user_with_roles("root", &["admin"]).await;
    let new = apis::NewApi {
        audience: "https://reports.example/api".to_owned(),
        name: "Notes".to_owned(),
        permissions: vec![("reports:read".to_owned(), String::new())],
    };
    apis::create(&issuer.ctx, new, Actor::Operator, &origin()).await.unwrap();
    let update = roles::RoleUpdate {
        add_permissions: vec!["reports:read".to_owned()],
        ..roles::RoleUpdate::default()
    };
    roles::update(&issuer.ctx, "admin", update, Actor::Operator, &origin()).await.unwrap();
    let mut metadata = web_app();
    metadata.scope = doorward::types::Scope::parse("openid reports:read").unwrap();
    let app =
        RelyingParty::register(&issuer, "notes", metadata).await.asking("openid reports:read");
    let tokens = app.tokens("root").await;
    let token = tokens["access_token"].as_str().unwrap();
    every_route(&Admin::bearer(&issuer, token), |_, line, reply| is_invalid_token(line, &reply))
        .await;
}

#[tokio::test]
async fn adm_01_each_built_in_role_opens_what_it_permits() {
    let issuer = Issuer::start().await;
    issuer.client("console", console()).await;
    for role in ["user", "moderator"] {
        let nobody = Admin::with_roles(&issuer, role, &[role]).await;
        every_route(&nobody, |_, line, reply| is_invalid_token(line, &reply)).await;
    }
    let auditor = Admin::with_roles(&issuer, "auditor", &["doorward-auditor"]).await;
    every_route(&auditor, |route, line, reply| {
        if route.permission.ends_with(":read") {
            return is_let_in(line, &reply);
        }
        reply.problem(403, "insufficient-scope");
        let challenge = reply.header(header::WWW_AUTHENTICATE);
        let needed = format!("scope=\"{}\"", route.permission);
        assert!(challenge.contains("error=\"insufficient_scope\""), "{line}: {challenge}");
        assert!(challenge.contains(&needed), "{line}: {challenge}");
    })
    .await;
    for role in ["admin", "doorward-administrator"] {
        let name = format!("one-{role}");
        let admin = Admin::with_roles(&issuer, &name, &[role]).await;
        every_route(&admin, |_, line, reply| is_let_in(line, &reply)).await;
    }
}

#[tokio::test]
async fn adm_01_whoever_may_look_may_not_change_and_the_other_way_round() {
    let issuer = Issuer::start().await;
    issuer.client("console", console()).await;
    for permission in ["doorward:users:read", "doorward:users:write"] {
        let name = permission.rsplit(':').next().unwrap();
        let one = Admin::with(&issuer, name, &[permission]).await;
        every_route(&one, |route, line, reply| {
            if route.permission == permission {
                is_let_in(line, &reply);
            } else {
                reply.problem(403, "insufficient-scope");
            }
        })
        .await;
    }
}

#[tokio::test]
async fn adm_01_a_service_client_acts_for_itself() {
    let issuer = Issuer::start().await;
    let machine = Admin::service(&issuer, "robot", &["doorward-auditor"]).await;
    assert_eq!(machine.get("/clients/robot").await["client_id"], "robot");
    machine.ask("POST /users", json!({"username": "eve"})).await.problem(403, "insufficient-scope");
}

#[tokio::test]
async fn adm_12_a_role_that_is_taken_counts_no_more_with_the_next_request_on_each_node() {
    let issuer = Issuer::start().await;
    let other = issuer.another_node().await;
    let root = Admin::root(&issuer).await;
    let eve = Admin::with_roles(&issuer, "eve", &["admin"]).await;
    assert_eq!(eve.on(&other).ask("GET /users", Value::Null).await.status, 200);
    let users = root.get("/users?username=eve").await;
    let id = users["items"][0]["id"].as_str().unwrap();
    let taken = root.ask(&format!("DELETE /users/{id}/roles/admin"), Value::Null).await;
    assert_eq!(taken.status, 204, "{}", taken.text());
    for node in [&issuer, &other] {
        node.clock.advance_millis(500);
        doorward::service::changes::follow(&node.ctx).await.unwrap();
        eve.on(node).ask("GET /users", Value::Null).await.problem(403, "insufficient-scope");
    }
}

#[tokio::test]
async fn adm_12_a_disabled_user_is_out_with_the_next_request() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    let eve = Admin::with_roles(&issuer, "eve", &["admin"]).await;
    let id = root.get("/users?username=eve").await["items"][0]["id"].as_str().unwrap().to_owned();
    let ended = root.ask(&format!("POST /users/{id}/disable"), Value::Null).await;
    assert_eq!(ended.json(), json!({"sessions": 1, "grants": 1}));
    is_invalid_token("GET /users", &eve.ask("GET /users", Value::Null).await);
}

#[tokio::test]
async fn rfc6750_section_2_a_token_in_the_query_or_twice_is_refused() {
    let issuer = Issuer::start().await;
    let admin = Admin::root(&issuer).await;
    let line = format!("GET /users?access_token={}", admin.token);
    let twice = admin.ask(&line, Value::Null).await;
    twice.problem(400, "invalid-request");
    assert!(twice.header(header::WWW_AUTHENTICATE).contains("invalid_request"));
    let in_query = issuer.fetch(&format!("/admin/api/v1/users?access_token={}", admin.token)).await;
    in_query.problem(400, "invalid-request");
}

#[tokio::test]
async fn a_cookie_opens_nothing() {
    let issuer = Issuer::start().await;
    issuer.user_with_roles("root", &["admin"]).await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = crate::actors::Browser::new(&issuer);
    app.sign_in(&mut browser, "root").await;
    let page = browser.open("/admin/api/v1/users").await.page();
    assert_eq!(page.status(), 401, "{}", page.text());
}
