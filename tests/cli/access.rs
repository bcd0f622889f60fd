//! `doorward api …`, `role …` and `group …`.

use serde_json::{Value, json};

use crate::doorward::Doorward;

const API: &str = "https://notes.example";

/// With an API and a role for it.
fn with_notes() -> Doorward {
    let doorward = Doorward::with_alice();
    let create = [
        "api",
        "create",
        API,
        "--name",
        "Notes",
        "--permission",
        "notes:read=Read notes",
        "--permission",
        "notes:delete",
    ];
    doorward.run(&create).success();
    let create = ["role", "create", "editor", "--permission", "notes:read", "--contains", "user"];
    doorward.run(&create).success();
    doorward
}

#[test]
fn an_api_is_made_shown_changed_and_deleted() {
    let doorward = with_notes();
    let api = doorward.json(&["api", "show", API]);
    assert_eq!(api["permissions"], json!({ "notes:read": "Read notes", "notes:delete": "" }));
    assert_eq!((&api["status"], &api["built_in"]), (&json!("enabled"), &json!(false)));
    let update = [
        "api",
        "update",
        API,
        "--permission",
        "notes:write=Write",
        "--remove-permission",
        "notes:delete",
        "--disable",
    ];
    let api = doorward.json(&update);
    assert_eq!(api["permissions"], json!({ "notes:read": "Read notes", "notes:write": "Write" }));
    assert_eq!(api["status"], "disabled");
    let all = doorward.json(&["api", "list"]);
    assert_eq!(all.as_array().unwrap().len(), 2, "Doorward's own API is one of them");
    let table = doorward.run(&["api", "list"]).success().stdout;
    assert!(table.starts_with("AUDIENCE"), "{table}");
    assert_eq!(doorward.json(&["api", "delete", API, "--yes"]), json!({ "audience": API }));
    doorward.run(&["api", "show", API]).failed(&["there is no API"]);
}

#[test]
fn mistakes_about_apis_are_explained() {
    let doorward = with_notes();
    doorward.run(&["api", "show", "https://notes.exmaple"]).failed(&["did you mean", API]);
    doorward.run(&["api", "create", "notes", "--name", "Notes"]).usage(&["no absolute URI"]);
    let taken = ["api", "create", API, "--name", "Again"];
    doorward.run(&taken).failed(&["another API has this audience"]);
    let taken = ["api", "create", "https://x.example", "--name", "X", "--permission", "notes:read"];
    doorward.run(&taken).failed(&["has a permission of one of these names"]);
    let reserved = ["api", "create", "https://x.example", "--name", "X", "--permission", "openid"];
    doorward.run(&reserved).usage(&["`openid` is a scope of OpenID Connect"]);
    doorward.run(&["api", "update", API]).usage(&["nothing to change"]);
    let own = doorward.json(&["api", "list"]);
    let own = own.as_array().unwrap().iter().find(|api| api["built_in"] == true).unwrap();
    let own = own["audience"].as_str().unwrap();
    doorward.run(&["api", "delete", own, "--yes"]).failed(&["part of Doorward itself"]);
}

#[test]
fn a_role_is_made_changed_given_taken_and_deleted() {
    let doorward = with_notes();
    let role = doorward.json(&["role", "show", "editor"]);
    assert_eq!(role["permissions"], json!(["notes:read"]));
    assert_eq!((&role["contains"], &role["api"]), (&json!(["user"]), &Value::Null));
    let update = [
        "role",
        "update",
        "editor",
        "--permission",
        "notes:delete",
        "--remove-permission",
        "notes:read",
        "--remove-contained",
        "user",
        "--description",
        "Edits",
    ];
    let role = doorward.json(&update);
    assert_eq!(role["permissions"], json!(["notes:delete"]));
    assert_eq!((&role["contains"], &role["description"]), (&json!([]), &json!("Edits")));
    for changed in [true, false] {
        let granted = doorward.json(&["role", "grant", "editor", "--user", "alice"]);
        assert_eq!(granted, json!({ "role": "editor", "user": "alice", "changed": changed }));
    }
    assert_eq!(doorward.json(&["user", "show", "alice"])["roles"], json!(["admin", "editor"]));
    let machine =
        doorward.json(&["client", "create", "--type", "machine", "--scope", "notes:delete"]);
    let id = machine["client_id"].as_str().unwrap();
    doorward.run(&["role", "grant", "editor", "--client", id]).success();
    doorward.run(&["role", "revoke", "editor", "--user", "alice"]).success();
    assert_eq!(doorward.json(&["user", "show", "alice"])["roles"], json!(["admin"]));
    doorward.run(&["role", "delete", "editor", "--yes"]).success();
    let names: Vec<Value> = doorward
        .json(&["role", "list"])
        .as_array()
        .unwrap()
        .iter()
        .map(|role| role["role"].clone())
        .collect();
    let rest = ["admin", "doorward-administrator", "doorward-auditor", "moderator", "user"];
    assert_eq!(names, rest);
}

#[test]
fn mistakes_about_roles_are_explained() {
    let doorward = with_notes();
    doorward
        .run(&["role", "show", "editro"])
        .failed(&["no role `editro`", "did you mean `editor`?"]);
    let near = ["role", "update", "editor", "--permission", "notes:raed"];
    doorward.run(&near).failed(&["did you mean `notes:read`?"]);
    doorward.run(&["role", "create", "Editor"]).usage(&["a name has 1 to 64 characters"]);
    let circle = ["role", "update", "user", "--contains", "editor"];
    doorward.run(&circle).usage(&["would contain itself"]);
    doorward.run(&["role", "grant", "editor", "--user", "nobody"]).failed(&["no user `nobody`"]);
    doorward.run(&["role", "grant", "editor"]).usage(&["--user"]);
    let app = ["client", "create", "--redirect-uri", "https://app.example/cb"];
    let app = doorward.json(&app);
    let id = app["client_id"].as_str().unwrap();
    let refused = doorward.run(&["role", "grant", "editor", "--client", id]);
    refused.failed(&["does not act for itself"]);
    let last = doorward.run(&["role", "revoke", "admin", "--user", "alice"]);
    last.failed(&["the last administrator"]);
    doorward.run(&["user", "disable", "alice"]).failed(&["the last administrator"]);
    doorward.run(&["role", "delete", "admin", "--yes"]).failed(&["part of Doorward itself"]);
}

#[test]
fn a_role_says_who_holds_it_and_through_what() {
    let doorward = with_notes();
    doorward.run(&["group", "create", "staff"]).success();
    doorward.run(&["group", "add", "staff", "alice"]).success();
    doorward.run(&["role", "grant", "editor", "--group", "staff"]).success();
    let held = doorward.json(&["role", "holders", "user"]);
    let held: Vec<_> = held.as_array().unwrap().iter().map(without_id).collect();
    let of = |kind: &str, name: &str, group: Option<&str>| json!({ "kind": kind, "name": name, "role": "editor", "group": group });
    assert_eq!(held, [of("group", "staff", None), of("user", "alice", Some("staff"))]);
    let text = doorward.run(&["role", "holders", "user"]).success().stdout;
    assert!(text.contains("alice") && text.contains("staff"), "{text}");
    doorward.run(&["role", "holders", "usr"]).failed(&["did you mean `user`?"]);
}

/// The holder, without an id that is another each time.
fn without_id(holder: &Value) -> Value {
    let mut holder = holder.clone();
    holder.as_object_mut().unwrap().remove("id").unwrap();
    holder
}

#[test]
fn a_group_gives_its_roles_to_its_members() {
    let doorward = with_notes();
    let made = doorward.json(&["group", "create", "staff", "--description", "Everybody"]);
    assert_eq!((&made["group"], &made["roles"]), (&json!("staff"), &json!([])));
    doorward.run(&["role", "grant", "editor", "--group", "staff"]).success();
    for changed in [true, false] {
        let added = doorward.json(&["group", "add", "staff", "alice"]);
        assert_eq!(added["changed"], changed);
    }
    let group = doorward.json(&["group", "show", "staff"]);
    assert_eq!((&group["roles"], &group["members"]), (&json!(["editor"]), &json!(["alice"])));
    assert_eq!(doorward.json(&["group", "list"]).as_array().unwrap().len(), 1);
    let update = doorward.json(&["group", "update", "staff", "--description", "All"]);
    assert_eq!(update["description"], "All");
    doorward.run(&["group", "show", "staf"]).failed(&["did you mean `staff`?"]);
    doorward.run(&["group", "add", "staff", "bob"]).failed(&["no user `bob`"]);
    doorward.run(&["group", "create", "staff"]).failed(&["the name is taken"]);
    assert_eq!(doorward.json(&["group", "remove", "staff", "alice"])["changed"], true);
    assert_eq!(doorward.json(&["group", "delete", "staff", "--yes"]), json!({ "group": "staff" }));
    let audited = doorward.audited();
    for action in [
        "api.created",
        "role.created",
        "role.granted",
        "group.created",
        "group.member_added",
        "group.member_removed",
        "group.deleted",
    ] {
        assert!(audited.iter().any(|found| found == action), "{action} in {audited:?}");
    }
}
