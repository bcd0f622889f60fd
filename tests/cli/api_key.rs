//! `doorward api-key`: made, shown once, rotated, revoked.

use crate::doorward::Doorward;

const API: &str = "https://notes.example";

/// With an API of one permission, which alice holds.
fn with_notes() -> Doorward {
    let doorward = Doorward::with_alice();
    let create = ["api", "create", API, "--name", "Notes", "--permission", "notes:read=Read notes"];
    doorward.run(&create).success();
    doorward.run(&["role", "update", "user", "--permission", "notes:read"]).success();
    doorward.run(&["role", "grant", "user", "--user", "alice"]).success();
    doorward
}

fn create(doorward: &Doorward, permission: &str) -> serde_json::Value {
    let all = ["api-key", "create", "--user", "alice", "--name", "laptop", "--permission"];
    doorward.json(&[&all[..], &[permission]].concat())
}

#[test]
fn a_key_is_shown_once() {
    let doorward = with_notes();
    let made = create(&doorward, "notes:read");
    let (id, text) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    assert!(text.starts_with("dw_"), "{text}");
    assert!(doorward::resource_server::is_api_key(text));
    for arguments in [&["api-key", "show", id][..], &["api-key", "list", "--user", "alice"]] {
        for format in [&[][..], &["--json"]] {
            let shown = doorward.run(&[format, arguments].concat()).success().stdout;
            assert!(shown.contains("laptop") && !shown.contains(text), "{shown}");
        }
    }
}

#[test]
fn a_key_is_rotated_and_revoked() {
    let doorward = with_notes();
    let first = create(&doorward, "notes:read");
    let first = first["id"].as_str().unwrap();
    let second = doorward.json(&["api-key", "rotate", first]);
    let shown = doorward.json(&["api-key", "show", first]);
    assert_eq!(shown["successor"], second["id"]);
    doorward.run(&["api-key", "rotate", first]).failed(&["rotated before"]);
    let second = second["id"].as_str().unwrap();
    doorward.run(&["api-key", "revoke", second, "--yes"]).success();
    let shown = doorward.run(&["api-key", "show", second]).success().stdout;
    assert!(shown.contains("revoked"), "{shown}");
}

#[test]
fn a_key_says_from_where_it_may_be_used() {
    let doorward = with_notes();
    let all = ["api-key", "create", "--user", "alice", "--name", "x", "--permission", "notes:read"];
    let from = |networks: &[&'static str]| {
        let flags = networks.iter().flat_map(|network| ["--allow-address", *network]);
        all.into_iter().chain(flags).collect::<Vec<_>>()
    };
    let made = doorward.json(&from(&["10.1.2.3/8", "fd00::1"]));
    assert_eq!(made["addresses"], serde_json::json!(["10.0.0.0/8", "fd00::1/128"]));
    let shown = doorward.run(&["api-key", "show", made["id"].as_str().unwrap()]).success().stdout;
    assert!(shown.contains("10.0.0.0/8") && shown.contains("fd00::1/128"), "{shown}");
    let made = doorward.json(&from(&[]));
    assert_eq!(made["addresses"], serde_json::json!([]));
    let shown = doorward.run(&["api-key", "show", made["id"].as_str().unwrap()]).success().stdout;
    assert!(shown.contains("anywhere"), "{shown}");
    doorward.run(&from(&["10.0.0.0/33"])).usage(&["`10.0.0.0/33`", "no network"]);
}

/// APIK-04: no key for more than its owner holds, and none that lives longer than keys may.
#[test]
fn apik_04_a_key_is_never_more_than_its_owner() {
    let doorward = with_notes();
    let ask = |more: &[&str]| {
        let all = ["api-key", "create", "--user", "alice", "--name", "laptop", "--permission"];
        doorward.run(&[&all[..], more].concat())
    };
    ask(&["notes:delete"]).failed(&["does not hold", "notes:delete", "role grant"]);
    ask(&["notes:read", "--lifetime", "400d"]).usage(&["365 days"]);
    let nobody =
        ["api-key", "create", "--user", "bob", "--name", "x", "--permission", "notes:read"];
    doorward.run(&nobody).failed(&["there is no user `bob`"]);
    doorward.run(&["api-key", "show", "dw_1"]).usage(&["no id of an API key", "api-key list"]);
    let list = doorward.run(&["api-key", "list"]);
    assert_eq!(list.code, 2, "{list:?}");
}
