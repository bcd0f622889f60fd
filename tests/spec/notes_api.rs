//! The API of the demo: every request × who calls. Its own code, in process.

use std::sync::Arc;

use axum::{Router, body::Body};
use doorward::{
    protocol::{client::ClientMetadata, jose::SigningAlg},
    resource_server::Validator,
    service::{
        apis::{self, ApiUpdate},
        users::NewUser,
    },
    types::{Scope, Secret, audit::Actor, time::Clock},
};
use http::{Request, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::actors::{
    Issuer, RelyingParty, Signer,
    api::{AUDIENCE, Line},
    clock::{MockClock, START},
    issuer::{ISSUER, PASSWORD, Reply, origin},
    relying_party::web_app,
};
use crate::notes_demo::{
    api,
    authorization_server::{Users, users_of},
};

fn notes_api(line: Line, clock: Arc<MockClock>, users: Option<Users>) -> Router {
    let validator = Validator::for_api(ISSUER, AUDIENCE)
        .permissions(api::PERMISSIONS.map(|(name, _)| name))
        .introspection("notes-api", Secret::new("secret".to_owned()))
        .fetch(line)
        .clock(clock as Arc<dyn Clock>)
        .build()
        .unwrap();
    let doors = api::Doors { strict: validator.clone(), offline: validator };
    api::router(doors, users).unwrap()
}

/// Sends one request; `credential` is a header line such as `authorization: Bearer …`, or empty.
async fn call(router: &Router, line: &str, credential: &str, body: &str) -> Reply {
    let (method, path) = line.split_once(' ').unwrap();
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/json");
    if let Some((name, value)) = credential.split_once(": ") {
        request = request.header(name, value);
    }
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    Reply { status: parts.status, headers: parts.headers, body }
}

/// A token of an issuer of the test's own, with these permissions and roles.
fn token(signer: &Signer, scope: &str, roles: &[&str]) -> String {
    let mut header = signer.header();
    header["typ"] = json!("at+jwt");
    let claims = json!({
        "iss": ISSUER, "sub": "alice", "aud": AUDIENCE, "client_id": "notes", "jti": "1",
        "iat": START, "exp": START + 600, "scope": scope, "roles": roles,
    });
    format!("authorization: Bearer {}", signer.sign_as(&header, &claims))
}

/// The matrix: 401 without a token, 403 without the right, success with it.
#[tokio::test]
async fn every_request_by_everybody() {
    let signer = Signer::new(SigningAlg::ES256);
    let user = token(&signer, "openid notes:read notes:write", &["user"]);
    let moderator = token(&signer, "notes:read notes:write notes:delete", &["moderator"]);
    let all = "notes:read notes:write notes:delete notes:data notes:admin_access";
    let admin = token(&signer, all, &["user", "admin"]);
    let callers = ["", "authorization: Bearer a.b.c", &user, &moderator, &admin];
    for (line, body, statuses) in [
        ("GET /notes", "", [401, 401, 200, 200, 200]),
        ("POST /notes", r#"{"text":"milk"}"#, [401, 401, 201, 201, 201]),
        ("DELETE /notes/1", "", [401, 401, 403, 204, 404]),
        ("GET /dead-zone", "", [401, 401, 403, 403, 200]),
        ("GET /data", "", [401, 401, 403, 403, 200]),
        ("GET /stateless", "", [401, 401, 200, 200, 200]),
        // There is no authorization server here that could ban anybody.
        ("POST /users/bob/ban", "", [401, 401, 403, 403, 501]),
        ("DELETE /users/bob/ban", "", [401, 401, 403, 403, 501]),
    ] {
        let router = notes_api(Line::to_foreign(&signer), Arc::default(), None);
        call(&router, "POST /notes", &user, r#"{"text":"bread"}"#).await;
        for (caller, status) in callers.iter().zip(statuses) {
            let reply = call(&router, line, caller, body).await;
            assert_eq!(reply.status, status, "{line} by {caller}: {}", reply.text());
            let challenged = reply.headers.contains_key(header::WWW_AUTHENTICATE);
            assert_eq!(challenged, status == 401 || status == 403, "{line} by {caller}");
        }
    }
}

/// A note is kept under the subject of who sent it, and nothing else makes an author.
#[tokio::test]
async fn the_author_is_who_the_token_says() {
    let signer = Signer::new(SigningAlg::ES256);
    let router = notes_api(Line::to_foreign(&signer), Arc::default(), None);
    let user = token(&signer, "notes:read notes:write", &[]);
    let forged = r#"{"text":"milk","author":"bob","id":7}"#;
    let note = call(&router, "POST /notes", &user, forged).await.json();
    assert_eq!(note, json!({ "id": 1, "author": "alice", "author_name": "alice", "text": "milk" }));
    assert_eq!(call(&router, "GET /notes", &user, "").await.json(), json!([note]));
    for (body, status) in [(r#"{"text":"  "}"#, 422), ("{}", 422), ("milk", 400)] {
        assert_eq!(call(&router, "POST /notes", &user, body).await.status, status, "{body}");
    }
}

/// Data by API key: by either header, when the issuer says that the key is good and may read.
#[tokio::test]
async fn data_is_read_with_an_api_key() {
    let signer = Signer::new(SigningAlg::ES256);
    let line = Line::to_foreign(&signer);
    let router = notes_api(line.clone(), Arc::default(), None);
    let answer = |scope: &str| -> Value {
        json!({ "active": true, "sub": "alice", "aud": AUDIENCE, "scope": scope })
    };
    for (key, credential) in
        [("dw_a_b_c", "x-api-key: dw_a_b_c"), ("dw_d_e_f", "authorization: Bearer dw_d_e_f")]
    {
        line.lie("/introspect", 200, &answer("notes:data").to_string());
        let reply = call(&router, "GET /data", credential, "").await;
        assert_eq!(
            (reply.status.as_u16(), &reply.json()["reader"]),
            (200, &json!("alice")),
            "{key}"
        );
    }
    line.lie("/introspect", 200, &answer("notes:write").to_string());
    let reply = call(&router, "GET /data", "x-api-key: dw_g_h_i", "").await;
    reply.refused_by_api(403, "insufficient_scope");
    line.lie("/introspect", 200, r#"{"active":false}"#);
    let reply = call(&router, "GET /data", "x-api-key: dw_j_k_l", "").await;
    reply.refused_by_api(401, "invalid_token");
}

/// The server's own tokens: roles open what they permit, and a ban ends everything at once.
#[tokio::test]
async fn roles_come_with_the_servers_token_and_a_ban_ends_it() {
    let issuer = Issuer::start().await;
    let users = users_of(&issuer.ctx);
    let router = notes_api(Line::to(&issuer), Arc::clone(&issuer.clock), Some(users));
    let banning = vec![("notes:admin_access".to_owned(), "Ban users".to_owned())];
    let more = ApiUpdate { set_permissions: banning, ..ApiUpdate::default() };
    apis::update(&issuer.ctx, AUDIENCE, more, Actor::Operator, &origin()).await.unwrap();
    issuer.role("reader", &["notes:read"]).await;
    issuer.role("warden", &["notes:read", "notes:admin_access"]).await;
    let scope = "openid roles notes:read notes:admin_access";
    let metadata = ClientMetadata { scope: Scope::parse(scope).unwrap(), ..web_app() };
    let app = RelyingParty::register(&issuer, "notes", metadata).await.asking(scope);
    let mut bearers = Vec::new();
    for (name, roles, dead_zone) in
        [("ada", &["warden", "admin"][..], 200), ("bob", &["reader"], 403)]
    {
        issuer
            .new_user(NewUser {
                username: name.to_owned(),
                password: Some(Secret::new(PASSWORD.to_owned())),
                roles: roles.iter().map(|&role| role.to_owned()).collect(),
                ..NewUser::default()
            })
            .await;
        let tokens = app.tokens(name).await;
        let bearer = format!("authorization: Bearer {}", tokens["access_token"].as_str().unwrap());
        assert_eq!(call(&router, "GET /dead-zone", &bearer, "").await.status, dead_zone, "{name}");
        assert_eq!(call(&router, "GET /notes", &bearer, "").await.status, 200, "{name}");
        bearers.push((bearer, tokens));
    }
    let [(ada, _), (bob, tokens)] = &bearers[..] else { panic!("two users") };
    assert_eq!(call(&router, "POST /users/bob/ban", bob, "").await.status, 403);
    assert_eq!(call(&router, "POST /users/nobody/ban", ada, "").await.status, 404);
    assert_eq!(call(&router, "POST /users/bob/ban", ada, "").await.status, 204);
    assert_eq!(app.userinfo(tokens["access_token"].as_str().unwrap()).await.status, 401);
    assert_eq!(call(&router, "DELETE /users/bob/ban", ada, "").await.status, 204);
    assert_eq!(app.userinfo(tokens["access_token"].as_str().unwrap()).await.status, 401);
}
