//! Lists of the admin API, a page at a time. Attack catalogue, ADM-10, SQLI-03.

use serde_json::{Value, json};

use crate::actors::{Issuer, admin::Admin};

async fn users(issuer: &Issuer, names: &[&str]) {
    for name in names {
        issuer.user_with_roles(name, &[]).await;
    }
}

/// Every item of a list, and how many pages it took.
async fn all(admin: &Admin<'_>, path: &str, limit: u32) -> (Vec<Value>, usize) {
    let (mut found, mut pages, mut cursor) = (Vec::new(), 0, String::new());
    let and = if path.contains('?') { '&' } else { '?' };
    loop {
        let page = admin.get(&format!("{path}{and}limit={limit}{cursor}")).await;
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= limit as usize);
        found.extend(items.iter().cloned());
        pages += 1;
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (found, pages),
        }
    }
}

#[tokio::test]
async fn every_list_is_whole_whatever_the_size_of_its_pages() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    users(&issuer, &["alice", "bob", "carol"]).await;
    for path in [
        "/users",
        "/clients",
        "/apis",
        "/roles",
        "/groups",
        "/sessions",
        "/grants",
        "/audit-events",
    ] {
        let (whole, pages) = all(&root, path, 200).await;
        assert_eq!(pages, 1, "{path}");
        for limit in [1, 2, 3] {
            let (found, _) = all(&root, path, limit).await;
            assert_eq!(found, whole, "{path} {limit}");
        }
    }
}

#[tokio::test]
async fn users_who_come_between_two_pages_neither_double_nor_hide_another() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    users(&issuer, &["bob", "dora", "finn"]).await;
    let first = root.get("/users?limit=2").await;
    let name = |user: &Value| user["username"].as_str().unwrap().to_owned();
    let mut seen: Vec<String> = first["items"].as_array().unwrap().iter().map(name).collect();
    assert_eq!(seen, ["bob", "dora"]);
    users(&issuer, &["alice", "carol", "erik"]).await;
    let next = first["next_cursor"].as_str().unwrap();
    let second = root.get(&format!("/users?cursor={next}")).await;
    seen.extend(second["items"].as_array().unwrap().iter().map(name));
    assert_eq!(seen, ["bob", "dora", "erik", "finn", "root"]);
}

#[tokio::test]
async fn adm_10_a_limit_is_1_to_200() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    for limit in ["0", "-1", "201", "1000000000", "1e2", "", "%2b5", "0x10", "00000001", "ten"] {
        let line = format!("GET /users?limit={limit}");
        root.ask(&line, Value::Null).await.invalid_parameter("limit");
    }
    for limit in ["1", "200"] {
        root.get(&format!("/users?limit={limit}")).await;
    }
}

#[tokio::test]
async fn adm_10_unknown_and_repeated_parameters_are_refused() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    for query in ["sort=password_hash", "filter=1", "username[]=a", "order=1;DROP%20TABLE%20users"]
    {
        root.ask(&format!("GET /users?{query}"), Value::Null).await.invalid_parameter("query");
    }
    let twice = root.ask("GET /users?username=a&username=b", Value::Null).await;
    twice.invalid_parameter("username");
    root.ask("GET /settings?limit=1", Value::Null).await.invalid_parameter("query");
}

/// SQLI-02: the wildcards of SQL are characters like others.
#[tokio::test]
async fn a_filter_finds_the_exact_name_or_nothing() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    issuer.full_user("alice").await;
    let count = async |query: &str| {
        root.get(&format!("/users?{query}")).await["items"].as_array().unwrap().len()
    };
    assert_eq!(count("username=alice").await, 1);
    assert_eq!(count("email=alice@example.com").await, 1);
    assert_eq!(count("username=alice&email=alice@example.com").await, 1);
    for nothing in [
        "username=alic",
        "username=alice%25",
        "username=%25",
        "username=_lice",
        "username=alic%5C_",
        "email=%25@example.com",
        "username=alice'--",
        "username=alice@example.com",
        "username=root&email=alice@example.com",
        "email=alice",
    ] {
        assert_eq!(count(nothing).await, 0, "{nothing}");
    }
    let id = root.get("/users?username=alice").await["items"][0]["id"].clone();
    let id = id.as_str().unwrap();
    // An id is an id, and no name.
    assert_eq!(count(&format!("username={id}")).await, 0);
    let sessions = root.get(&format!("/sessions?user={id}")).await;
    assert_eq!(sessions["items"], json!([]));
    root.ask("GET /sessions?user=alice", Value::Null).await.invalid_parameter("user");
    root.ask("GET /audit-events?action=none", Value::Null).await.invalid_parameter("action");
    root.ask("GET /audit-events?from=today", Value::Null).await.invalid_parameter("from");
}

#[tokio::test]
async fn sqli_03_a_cursor_opens_for_its_own_list_and_filters_alone() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    users(&issuer, &["alice", "bob"]).await;
    let first = root.get("/users?limit=1").await;
    let cursor = first["next_cursor"].as_str().unwrap().to_owned();
    let mut altered = cursor.clone().into_bytes();
    altered[20] = if altered[20] == b'A' { b'B' } else { b'A' };
    let altered = String::from_utf8(altered).unwrap();
    let long = "A".repeat(3000);
    for bad in [altered.as_str(), "", "alice", "' OR 1=1 --", "YWxpY2U", &cursor[1..], &long] {
        let line = format!("GET /users?cursor={}", bad.replace(' ', "%20"));
        root.ask(&line, Value::Null).await.invalid_parameter("cursor");
    }
    for other in ["/clients?", "/roles?", "/groups?", "/sessions?", "/users?username=bob&"] {
        let line = format!("GET {other}cursor={cursor}");
        root.ask(&line, Value::Null).await.invalid_parameter("cursor");
    }
    // Another caller, another page size and another node read it.
    let other = issuer.another_node().await;
    let next = root.on(&other).get(&format!("/users?limit=2&cursor={cursor}")).await;
    assert_eq!(next["items"][0]["username"], "bob");
    assert!(!cursor.contains("alice"));
}
