//! Who holds a role, by the admin API: directly, through a group, through a role that contains it.

use serde_json::{Value, json};

use crate::actors::{Issuer, RelyingParty, admin::Admin, relying_party::machine};

/// `writer` contains `reader`. Alice was given one and is in a group with the other, bob is in the group
/// alone, a machine was given the outer one, and carol has another role.
async fn world(issuer: &Issuer) -> Admin<'_> {
    let root = Admin::root(issuer).await;
    for (name, contains) in [("reader", json!([])), ("writer", json!(["reader"]))] {
        let made = root.ask("POST /roles", json!({"name": name, "contains": contains})).await;
        assert_eq!(made.status, 201, "{}", made.text());
    }
    let alice = issuer.user_with_roles("alice", &["reader"]).await;
    // Ids are in the order of time: bob comes after alice.
    issuer.wait(1).await;
    let bob = issuer.user_with_roles("bob", &["user"]).await;
    issuer.user_with_roles("carol", &["moderator"]).await;
    issuer.group("staff", "writer", &alice).await;
    let line = format!("PUT /groups/staff/members/{}", bob.id);
    assert_eq!(root.ask(&line, Value::Null).await.status, 204);
    for id in ["batch", "gone"] {
        RelyingParty::register(issuer, id, machine()).await;
        issuer.give_client(id, "writer").await;
    }
    assert_eq!(root.change("DELETE /clients/gone", Value::Null).await.status, 204);
    root
}

/// Kind, name, the role that was given, the group.
fn told(page: &Value) -> Vec<[String; 4]> {
    let text = |item: &Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| ["kind", "name", "role", "group"].map(|name| text(item, name))).collect()
}

#[tokio::test]
async fn holders_are_users_groups_their_members_and_clients() {
    let issuer = Issuer::start().await;
    let root = world(&issuer).await;
    let expected = [
        ["user", "alice", "reader", ""],
        ["group", "staff", "writer", ""],
        ["user", "alice", "writer", "staff"],
        ["user", "bob", "writer", "staff"],
        ["client", "batch", "writer", ""],
    ];
    assert_eq!(told(&root.get("/roles/reader/holders").await), expected);
    assert_eq!(told(&root.get("/roles/writer/holders").await), expected[1..]);
    assert_eq!(
        told(&root.get("/roles/moderator/holders").await),
        [["user", "carol", "moderator", ""]]
    );
    let administrators = root.get("/roles/doorward-administrator/holders").await;
    assert_eq!(told(&administrators), [["user", "root", "admin", ""]]);
    assert_eq!(root.get("/roles/doorward-auditor/holders").await["items"], json!([]));
    root.ask("GET /roles/none/holders", Value::Null).await.problem(404, "not-found");
}

#[tokio::test]
async fn holders_are_listed_in_pages_of_any_size() {
    let issuer = Issuer::start().await;
    let root = world(&issuer).await;
    let whole = told(&root.get("/roles/reader/holders").await);
    for limit in 1..=whole.len() {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = root.get(&format!("/roles/reader/holders?limit={limit}{cursor}")).await;
            found.extend(told(&page));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(found, whole, "{limit}");
    }
    // A cursor of one role is none of another's.
    let page = root.get("/roles/reader/holders?limit=1").await;
    let cursor = page["next_cursor"].as_str().unwrap();
    let line = format!("GET /roles/writer/holders?cursor={cursor}");
    root.ask(&line, Value::Null).await.invalid_parameter("cursor");
}
