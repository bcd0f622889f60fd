//! What is sent to the admin API, for every route that takes a body and every one that lists: JSON of
//! known members, whole and bounded, and parameters that are known. Attack catalogue, ADM-04, ADM-10,
//! BODY-01, BODY-02, CSRF-03, SQLI-01.

use std::collections::BTreeMap;

use doorward::{
    http::admin::table::{ROUTES, Verb},
    identity::api_key::Owner,
};
use http::{Request, StatusCode, header};
use serde_json::{Value, json};

use crate::actors::{
    Issuer, RelyingParty, access::ROBOT, admin::Admin, api_key::new_key, issuer::Reply,
    relying_party::machine,
};

/// The names in paths, by the noun before them, of things that there are.
async fn world(issuer: &Issuer, root: &Admin<'_>) -> BTreeMap<&'static str, String> {
    let alice = issuer.user("alice").await;
    issuer.give(&alice, ROBOT).await;
    issuer.group("staff", "moderator", &alice).await;
    RelyingParty::register(issuer, "batch", machine()).await;
    let key = issuer.make_key(&Owner::User(alice.id), new_key("notes:read")).await.key.id;
    let apis = root.get("/apis?audience=https://notes.example/api").await;
    let keys = root.get("/signing-keys").await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    BTreeMap::from([
        ("users", alice.id.to_string()),
        ("clients", "batch".to_owned()),
        ("api-keys", key.to_string()),
        ("apis", text(&apis["items"][0]["id"])),
        ("roles", ROBOT.to_owned()),
        ("groups", "staff".to_owned()),
        ("members", alice.id.to_string()),
        ("signing-keys", text(&keys["items"][0]["kid"])),
        ("sessions", root.get("/sessions").await["items"][0]["id"].as_str().unwrap().to_owned()),
        ("grants", root.get("/grants").await["items"][0]["id"].as_str().unwrap().to_owned()),
    ])
}

/// The path with names in it.
fn named(path: &str, names: &BTreeMap<&str, String>) -> String {
    let parts: Vec<&str> = path.split('/').collect();
    let part = |(number, part): (usize, &&str)| {
        if part.starts_with('{') { names[parts[number - 1]].clone() } else { (*part).to_owned() }
    };
    parts.iter().enumerate().map(part).collect::<Vec<_>>().join("/")
}

/// Each route that takes a body, as the document says, ready to be asked.
async fn with_bodies(issuer: &Issuer, root: &Admin<'_>) -> Vec<String> {
    let names = world(issuer, root).await;
    let document = issuer.fetch("/admin/api/openapi.json").await.json();
    let mut lines = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if operation["requestBody"].is_object() {
                lines.push(format!("{} {}", method.to_uppercase(), named(path, &names)));
            }
        }
    }
    assert!(lines.len() >= 15, "{lines:?}");
    lines
}

/// Sends any text as a body of any media type; what needs a tag gets the newest.
async fn send(
    root: &Admin<'_>,
    issuer: &Issuer,
    line: &str,
    media_type: &str,
    body: &str,
) -> Reply {
    let mut request = Box::pin(tagged(root, line)).await;
    if !media_type.is_empty() {
        request.headers_mut().insert(header::CONTENT_TYPE, media_type.parse().unwrap());
    }
    body.clone_into(request.body_mut());
    issuer.send(request).await
}

async fn tagged(root: &Admin<'_>, line: &str) -> Request<String> {
    let (method, path) = line.split_once(' ').unwrap();
    if !["PUT", "PATCH"].contains(&method) {
        return root.request(line, &[], &Value::Null);
    }
    let tag = root.tag(path).await;
    root.request(line, &[("if-match", &tag)], &Value::Null)
}

/// Asks each route that takes a body, as an administrator; nothing of it changes anything.
async fn nothing_changes(ask: impl AsyncFn(&Issuer, &Admin<'_>, &str)) {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    let lines = with_bodies(&issuer, &root).await;
    let mut witness = issuer.witness().await;
    let before = witness.state().await;
    for line in &lines {
        ask(&issuer, &root, line).await;
    }
    assert_eq!(witness.state().await, before);
}

/// CSRF-03: a body is JSON and says so; no form of another site can say that.
#[tokio::test]
async fn csrf_03_every_body_says_that_it_is_json() {
    nothing_changes(async |issuer: &Issuer, root: &Admin<'_>, line: &str| {
        for media_type in [
            "",
            "text/plain",
            "multipart/form-data; boundary=x",
            "application/x-www-form-urlencoded",
            "application/merge-patch+json",
            "text/plain; application/json",
        ] {
            let reply = send(root, issuer, line, media_type, "{}").await;
            assert_eq!(reply.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{line} {media_type}");
        }
    })
    .await;
}

/// ADM-04: a member that nobody knows is refused by every route, and not passed over.
#[tokio::test]
async fn adm_04_no_route_takes_a_member_that_nobody_knows() {
    nothing_changes(async |issuer: &Issuer, root: &Admin<'_>, line: &str| {
        for name in ["is_admin", "tenant_id", "id", "created_at", "version", "password_hash"] {
            let body = json!({ name: "x" }).to_string();
            let reply = send(root, issuer, line, "application/json", &body).await;
            let problem = reply.problem(400, "invalid-request");
            assert!(problem.to_string().contains(name), "{line} {name}: {problem}");
        }
    })
    .await;
}

/// ADM-04, DOS-06: what is no object, has a member twice, goes on behind its end, or is deeper than any.
#[tokio::test]
async fn adm_04_every_body_is_one_plain_object() {
    let deep = "[".repeat(10_000);
    let nested = format!("{{\"name\":{}1{}}}", "[".repeat(5_000), "]".repeat(5_000));
    nothing_changes(async |issuer: &Issuer, root: &Admin<'_>, line: &str| {
        for body in [
            "",
            "null",
            "[]",
            "1",
            "\"x\"",
            "{\"name\":\"a\",\"name\":\"b\"}",
            "{\"username\":\"a\",\"username\":\"b\"}",
            "{} {}",
            "{\"name\":\"\\ud800\"}",
            "{",
            &deep,
            &nested,
        ] {
            let reply = send(root, issuer, line, "application/json", body).await;
            reply.problem(400, "invalid-request");
        }
    })
    .await;
}

/// BODY-01, BODY-02: 16 KiB and not a byte more, and nothing that would have to be unpacked.
#[tokio::test]
async fn body_01_every_body_is_bounded() {
    let body = |bytes: usize| format!("{{{}\"x\":1}}", " ".repeat(bytes - 7));
    nothing_changes(async |issuer: &Issuer, root: &Admin<'_>, line: &str| {
        let fits = send(root, issuer, line, "application/json", &body(16 * 1024)).await;
        assert_eq!(fits.status, 400, "{line}: read, and of an unknown member");
        let large = body(16 * 1024 + 1);
        let reply = send(root, issuer, line, "application/json", &large).await;
        assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE, "{line}");
        let mut declared = tagged(root, line).await;
        declared.headers_mut().insert(header::CONTENT_LENGTH, large.len().into());
        declared.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        *declared.body_mut() = large;
        assert_eq!(issuer.send(declared).await.status, StatusCode::PAYLOAD_TOO_LARGE, "{line}");
        let mut packed = tagged(root, line).await;
        packed.headers_mut().insert(header::CONTENT_ENCODING, "gzip".parse().unwrap());
        assert_eq!(issuer.send(packed).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{line}");
    })
    .await;
}

/// ADM-10, SQLI-01: whatever a list or a look is asked with that it does not know is refused, and a
/// filter holds any text.
#[tokio::test]
async fn adm_10_every_address_knows_its_parameters() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    let names = world(&issuer, &root).await;
    let brackets = "[".repeat(4_000);
    let long = "a".repeat(10_000);
    for route in ROUTES.iter().filter(|route| route.verb == Verb::Get) {
        let path = named(route.path, &names);
        let ask = async |query: &str| root.ask(&format!("GET {path}?{query}"), Value::Null).await;
        for query in [
            "limit=0",
            "limit=-1",
            "limit=201",
            "limit=1000000000",
            "limit=1e2",
            "cursor=x",
            "sort=password_hash",
            "order=1;DROP%20TABLE%20users",
            "page_size=10",
            "username[]=a",
            "limit=1&limit=1",
            &format!("filter={brackets}"),
        ] {
            ask(query).await.problem(400, "invalid-request");
        }
        for filter in route.filters {
            for text in
                ["'", "' OR '1'='1", "'; DROP TABLE users;--", "%25", "_", "\\", "%00", &long]
            {
                let text = text.replace(' ', "%20").replace(';', "%3B");
                let reply = ask(&format!("{filter}={text}")).await;
                if reply.status == StatusCode::OK {
                    assert_eq!(reply.json()["items"], json!([]), "{path}?{filter}={text}");
                } else {
                    reply.problem(400, "invalid-request");
                }
            }
        }
    }
    assert_eq!(root.get("/users?username=alice").await["items"].as_array().unwrap().len(), 1);
}

/// SQLI-01, UNI-07: a zero is no character of a text: not in a path, not in a query, not in a body. Engines
/// differ about it, so that nobody asks them.
#[tokio::test]
async fn sqli_01_a_zero_is_no_character() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    let names = world(&issuer, &root).await;
    let mut witness = issuer.witness().await;
    let before = witness.state().await;
    for route in ROUTES {
        for hostile in ["%00", "a%00b", "staff%00"] {
            let named_so: String = (route.path.split('/'))
                .map(|part| if part.starts_with('{') { hostile } else { part })
                .collect::<Vec<_>>()
                .join("/");
            if named_so == route.path {
                continue;
            }
            let verb = format!("{:?}", route.verb).to_uppercase();
            let tag = [("if-match", "\"1\"")];
            let reply = root.send(&format!("{verb} {named_so}"), &tag, &Value::Null).await;
            reply.problem(404, "not-found");
        }
        let path = named(route.path, &names);
        for filter in route.filters {
            let line = format!("GET {path}?{filter}=a%00b");
            root.ask(&line, Value::Null).await.problem(400, "invalid-request");
        }
    }
    let zero = "a\u{0}b";
    let metadata = json!({"redirect_uris": ["https://app.example/cb"], "client_name": zero});
    let lines = [
        ("POST /users".to_owned(), json!({ "username": zero })),
        ("POST /users".to_owned(), json!({ "username": "bob", "email": "a\u{0}@example.com" })),
        ("POST /users".to_owned(), json!({ "username": "bob", "claims": { "name": zero } })),
        ("POST /roles".to_owned(), json!({ "name": "r", "description": zero })),
        ("POST /roles".to_owned(), json!({ "name": "r", "api": zero })),
        ("POST /roles".to_owned(), json!({ "name": "r", "permissions": [zero] })),
        ("POST /roles".to_owned(), json!({ "name": "r", "contains": [zero] })),
        ("POST /groups".to_owned(), json!({ "name": "g", "description": zero })),
        ("POST /apis".to_owned(), json!({ "audience": "https://a.example", "name": zero })),
        (
            "POST /apis".to_owned(),
            json!({ "audience": "https://a.example", "name": "A", "permissions": { "a:b": zero } }),
        ),
        ("POST /clients".to_owned(), json!({ "metadata": metadata })),
        (
            format!("POST /users/{}/api-keys", names["users"]),
            json!({ "name": zero, "permissions": ["notes:read"] }),
        ),
        (format!("PATCH /roles/{ROBOT}"), json!({ "description": zero })),
        ("PATCH /groups/staff".to_owned(), json!({ "description": zero })),
        (format!("PATCH /apis/{}", names["apis"]), json!({ "name": zero })),
    ];
    for (line, body) in lines {
        let reply = if line.starts_with("PATCH") {
            root.change(&line, body.clone()).await
        } else {
            root.ask(&line, body.clone()).await
        };
        assert_eq!(reply.status, 400, "{line} {body}: {}", reply.text());
    }
    assert_eq!(witness.state().await, before);
}
