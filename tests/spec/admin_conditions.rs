//! Changes are made in the light of the newest version, and requests are carried out once. Attack
//! catalogue, ADM-11; RFC 9110 §13.1.1, RFC 6585 §3.

use std::sync::Arc;

use http::header;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::actors::{Issuer, admin::Admin};

/// One of each thing that has versions: its address and a change.
async fn versioned(root: &Admin<'_>) -> Vec<(String, &'static str, Value)> {
    let made = [
        ("/users", "PATCH", json!({"username": "alice"}), json!({"email": "a@example.com"})),
        (
            "/clients",
            "PUT",
            json!({"client_id": "app", "metadata": {"redirect_uris": ["https://app.example/cb"], "scope": "openid"}}),
            json!({"redirect_uris": ["https://app.example/other"], "scope": "openid"}),
        ),
        (
            "/apis",
            "PATCH",
            json!({"audience": "https://a.example", "name": "A"}),
            json!({"name": "B"}),
        ),
        ("/roles", "PATCH", json!({"name": "r"}), json!({"description": "words"})),
        ("/groups", "PATCH", json!({"name": "g"}), json!({"description": "words"})),
    ];
    let mut all = Vec::new();
    for (list, verb, body, change) in made {
        let reply = root.ask(&format!("POST {list}"), body).await;
        assert_eq!(reply.status, 201, "{list}: {}", reply.text());
        all.push((reply.header(header::LOCATION).to_owned(), verb, change));
    }
    all
}

#[tokio::test]
async fn adm_11_a_change_needs_the_tag_of_the_newest_version() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    for (place, verb, change) in versioned(&root).await {
        let before = root.get(&place).await;
        let tag = root.tag(&place).await;
        for line in [format!("{verb} {place}"), format!("DELETE {place}")] {
            let body = if line.starts_with("DELETE") { Value::Null } else { change.clone() };
            root.ask(&line, body.clone()).await.problem(428, "precondition-required");
            for stale in ["\"0\"", "\"9999\"", "W/\"1\"", "1", "\"x\"", "\"\""] {
                let reply = root.send(&line, &[("if-match", stale)], &body).await;
                reply.problem(412, "stale");
            }
            let several = format!("{tag}, \"2\"");
            let reply = root.send(&line, &[("if-match", &several)], &body).await;
            reply.invalid_parameter("If-Match");
        }
        assert_eq!(root.get(&place).await, before);
        let line = format!("{verb} {place}");
        let changed = root.send(&line, &[("if-match", &tag)], &change).await;
        assert_eq!(changed.status, 200, "{place}: {}", changed.text());
        // The tag was used up.
        root.send(&line, &[("if-match", &tag)], &change).await.problem(412, "stale");
        let delete = format!("DELETE {place}");
        root.send(&delete, &[("if-match", &tag)], &Value::Null).await.problem(412, "stale");
        assert_ne!(root.tag(&place).await, tag);
        assert_eq!(root.change(&delete, Value::Null).await.status, 204);
        root.send(&delete, &[("if-match", "*")], &Value::Null).await.problem(404, "not-found");
    }
}

#[tokio::test]
async fn adm_11_a_change_by_another_way_makes_the_tag_stale() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    let made = root.ask("POST /users", json!({"username": "alice"})).await;
    let place = made.header(header::LOCATION).to_owned();
    for line in [
        format!("POST {place}/disable"),
        format!("POST {place}/enable"),
        format!("PUT {place}/roles/user"),
        format!("DELETE {place}/roles/user"),
    ] {
        let tag = root.tag(&place).await;
        assert!(root.ask(&line, Value::Null).await.status.is_success(), "{line}");
        let change = json!({"email": "a@example.com"});
        let late = root.send(&format!("PATCH {place}"), &[("if-match", &tag)], &change).await;
        late.problem(412, "stale");
    }
}

#[tokio::test]
async fn adm_11_of_many_writers_who_saw_one_version_one_wins() {
    let issuer = Issuer::start().await;
    let other = issuer.another_node().await;
    let root = Admin::root(&issuer).await;
    for (place, verb, change) in versioned(&root).await {
        let tag = root.tag(&place).await;
        let mut requests = Vec::new();
        for number in 0..8 {
            let node = if number % 2 == 0 { &issuer } else { &other };
            let line = format!("{verb} {place}");
            let request = root.on(node).request(&line, &[("if-match", &tag)], &change);
            requests.push((node.router(), request));
        }
        let statuses = at_once(requests).await;
        let winners = statuses.iter().filter(|status| **status == 200).count();
        let losers = statuses.iter().filter(|status| **status == 412).count();
        assert_eq!((winners, losers), (1, 7), "{place}: {statuses:?}");
    }
}

/// Sends these at the same moment, and returns the statuses.
async fn at_once(requests: Vec<(axum::Router, http::Request<String>)>) -> Vec<u16> {
    use tower::ServiceExt;
    let mut senders = JoinSet::new();
    let gate = Arc::new(tokio::sync::Barrier::new(requests.len()));
    for (router, request) in requests {
        let gate = Arc::clone(&gate);
        senders.spawn(async move {
            let mut request = request.map(axum::body::Body::from);
            let peer: std::net::SocketAddr = "192.0.2.1:40000".parse().unwrap();
            request.extensions_mut().insert(axum::extract::ConnectInfo(peer));
            request.headers_mut().insert(header::HOST, "id.example".parse().unwrap());
            gate.wait().await;
            router.oneshot(request).await.unwrap().status().as_u16()
        });
    }
    senders.join_all().await
}

#[tokio::test]
async fn a_post_with_a_key_is_carried_out_once() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    let key = [("idempotency-key", "one-key")];
    let body = json!({"username": "alice"});
    let first = root.send("POST /users", &key, &body).await;
    assert_eq!(first.status, 201, "{}", first.text());
    let place = first.header(header::LOCATION);
    let again = root.send("POST /users", &key, &body).await;
    assert_eq!(again.status, 200, "{}", again.text());
    assert_eq!(again.json(), json!({"status": 201, "location": place}));
    assert_eq!(again.header(header::LOCATION), place);
    let other = root.send("POST /users", &key, &json!({"username": "bob"})).await;
    other.problem(422, "idempotency-key-reused");
    // The key is the caller's own, and the address's.
    let eve = Admin::with_roles(&issuer, "eve", &["admin"]).await;
    eve.send("POST /users", &key, &body).await.problem(409, "conflict");
    let role = root.send("POST /roles", &key, &json!({"name": "r"})).await;
    assert_eq!(role.status, 201, "{}", role.text());
    issuer.wait(24 * 60 * 60 + 1).await;
    let root = Admin::sign_in(&issuer, "root").await;
    root.send("POST /users", &key, &body).await.problem(409, "conflict");
}

#[tokio::test]
async fn a_replay_tells_no_secret_again() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    let key = [("idempotency-key", "one-key")];
    let metadata = json!({"redirect_uris": ["https://app.example/cb"], "scope": "openid"});
    let body = json!({"client_id": "app", "metadata": metadata});
    let first = root.send("POST /clients", &key, &body).await;
    let secret = first.json()["client_secret"].as_str().unwrap().to_owned();
    let again = root.send("POST /clients", &key, &body).await;
    assert_eq!(again.status, 200);
    assert!(!again.text().contains(&secret));
}

#[tokio::test]
async fn a_refused_request_gives_its_key_back() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    let key = [("idempotency-key", "one-key")];
    root.send("POST /users", &key, &json!({"username": ""})).await.invalid("/username");
    let better = root.send("POST /users", &key, &json!({"username": "alice"})).await;
    assert_eq!(better.status, 201, "{}", better.text());
    for bad in ["", "two words", &"x".repeat(129)] {
        let reply = root.send("POST /users", &[("idempotency-key", bad)], &json!({})).await;
        reply.invalid_parameter("Idempotency-Key");
    }
}

#[tokio::test]
async fn of_equal_requests_that_arrive_at_once_one_is_carried_out() {
    let issuer = Issuer::start().await;
    let other = issuer.another_node().await;
    let root = Admin::root(&issuer).await;
    for round in 0..5 {
        let key = format!("key-{round}");
        // Without a client_id of its own, every registration would succeed.
        let body =
            json!({"metadata": {"redirect_uris": ["https://app.example/cb"], "scope": "openid"}});
        let requests = (0..8).map(|number| {
            let node = if number % 2 == 0 { &issuer } else { &other };
            let headers = [("idempotency-key", key.as_str())];
            (node.router(), root.on(node).request("POST /clients", &headers, &body))
        });
        let statuses = at_once(requests.collect()).await;
        let made = statuses.iter().filter(|status| **status == 201).count();
        assert_eq!(made, 1, "{statuses:?}");
        assert!(statuses.iter().all(|status| [200, 201, 409].contains(status)), "{statuses:?}");
        let clients = root.get("/clients").await["items"].as_array().unwrap().len();
        assert_eq!(clients, 2 + round);
    }
}
