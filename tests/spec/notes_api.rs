//! The API of the demo: every request × who calls. Its own code, in process.

use std::sync::Arc;

use axum::{Router, body::Body};
use doorward::{
    protocol::{client::ClientMetadata, jose::SigningAlg},
    resource_server::Validator,
    service::users::NewUser,
    types::{ApiKeyId, Secret, Timestamp, api_key, time::Clock},
};
use http::{Request, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::actors::{
    Issuer, RelyingParty, Signer,
    api::{AUDIENCE, Line},
    clock::{MockClock, START},
    issuer::{ISSUER, PASSWORD, Reply},
    relying_party::web_app,
};

#[expect(dead_code, unused_imports, reason = "the demo listens; here the router is called")]
#[path = "../../examples/demo/api/mod.rs"]
mod api;

fn notes_api(line: &Line, clock: &Arc<MockClock>) -> Router {
    let door = || {
        Validator::for_api(ISSUER, AUDIENCE)
            .permissions(api::PERMISSIONS.map(|(name, _)| name))
            .fetch(line.clone())
            .clock(Arc::clone(clock) as Arc<dyn Clock>)
    };
    let asking = door().introspection("notes-api", Secret::new("secret".to_owned()));
    let doors = api::Doors { strict: asking.build().unwrap(), offline: door().build().unwrap() };
    api::router(doors, None).unwrap()
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
    let nothing = token(&signer, "openid", &[]);
    let user = token(&signer, "notes:read notes:write", &["user"]);
    let moderator = token(&signer, "notes:read notes:write notes:delete", &["user", "moderator"]);
    let all = "notes:read notes:write notes:delete notes:admin_access notes:data";
    let admin = token(&signer, all, &["user", "admin"]);
    let callers = ["", "authorization: Bearer a.b.c", &nothing, &user, &moderator, &admin];
    for (line, body, statuses) in [
        ("GET /notes", "", [401, 401, 403, 200, 200, 200]),
        ("POST /notes", r#"{"text":"milk"}"#, [401, 401, 403, 201, 201, 201]),
        ("DELETE /notes/1", "", [401, 401, 403, 403, 204, 404]),
        ("GET /dead-zone", "", [401, 401, 403, 403, 403, 200]),
        // The users are elsewhere: who may ban is told that nobody can be.
        ("POST /users/bob/ban", "", [401, 401, 403, 403, 403, 501]),
        ("DELETE /users/bob/ban", "", [401, 401, 403, 403, 403, 501]),
        ("GET /data", "", [401, 401, 403, 403, 403, 200]),
        ("GET /stateless", "", [401, 401, 200, 200, 200, 200]),
    ] {
        let router = notes_api(&Line::to_foreign(&signer), &Arc::default());
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
    let router = notes_api(&Line::to_foreign(&signer), &Arc::default());
    let user = token(&signer, "notes:read notes:write", &[]);
    let forged = r#"{"text":"milk","author":"bob","author_name":"bob","id":7}"#;
    let note = call(&router, "POST /notes", &user, forged).await.json();
    assert_eq!(note, json!({ "id": 1, "author": "alice", "author_name": "alice", "text": "milk" }));
    assert_eq!(call(&router, "GET /notes", &user, "").await.json(), json!([note]));
    for (body, status) in [(r#"{"text":"  "}"#, 422), ("{}", 422), ("milk", 400)] {
        assert_eq!(call(&router, "POST /notes", &user, body).await.status, status, "{body}");
    }
}

fn key(number: u8) -> String {
    let id = ApiKeyId::new(Timestamp::from_unix(0), [number; 10]);
    api_key::mint(id, [number; 32]).expose().clone()
}

/// Data by API key: by either header, when the issuer says that the key is good and may read.
#[tokio::test]
async fn data_is_read_with_an_api_key() {
    let signer = Signer::new(SigningAlg::ES256);
    let line = Line::to_foreign(&signer);
    let router = notes_api(&line, &Arc::default());
    let answer = |scope: &str| -> Value {
        json!({ "active": true, "sub": "alice", "aud": AUDIENCE, "scope": scope })
    };
    for (number, header) in [(1, "x-api-key: "), (2, "authorization: Bearer ")] {
        line.lie("/introspect", 200, &answer("notes:data").to_string());
        let credential = format!("{header}{}", key(number));
        let reply = call(&router, "GET /data", &credential, "").await;
        assert_eq!(
            (reply.status.as_u16(), &reply.json()["reader"]),
            (200, &json!("alice")),
            "{header}"
        );
    }
    line.lie("/introspect", 200, &answer("notes:read").to_string());
    let reply = call(&router, "GET /data", &format!("x-api-key: {}", key(3)), "").await;
    reply.refused_by_api(403, "insufficient_scope");
    line.lie("/introspect", 200, r#"{"active":false}"#);
    let reply = call(&router, "GET /data", &format!("x-api-key: {}", key(4)), "").await;
    reply.refused_by_api(401, "invalid_token");
}

/// The server's own tokens: the role of an administrator opens the dead zone, another role does not.
#[tokio::test]
async fn the_role_comes_with_the_server_s_token() {
    let issuer = Issuer::start().await;
    let router = notes_api(&Line::to(&issuer), &issuer.clock);
    let metadata = ClientMetadata { access_token_audience: vec![AUDIENCE.to_owned()], ..web_app() };
    let app = RelyingParty::register(&issuer, "notes", metadata).await.asking("openid roles");
    for (name, role, status) in [("ada", "admin", 200), ("bob", "user", 403)] {
        issuer
            .new_user(NewUser {
                username: name.to_owned(),
                password: Some(Secret::new(PASSWORD.to_owned())),
                roles: vec![role.to_owned()],
                ..NewUser::default()
            })
            .await;
        let tokens = app.tokens(name).await;
        let bearer = format!("authorization: Bearer {}", tokens["access_token"].as_str().unwrap());
        assert_eq!(call(&router, "GET /dead-zone", &bearer, "").await.status, status, "{name}");
        assert_eq!(call(&router, "GET /stateless", &bearer, "").await.status, 200, "{name}");
    }
}
