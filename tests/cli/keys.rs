//! `doorward keys …`.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::doorward::Doorward;

fn states(keys: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let keys = keys.as_array().unwrap().iter();
    keys.map(|key| (text(&key["alg"]), text(&key["state"]))).collect()
}

#[test]
fn the_first_command_makes_the_keys() {
    let doorward = Doorward::new();
    let keys = doorward.json(&["keys", "list"]);
    assert_json_snapshot!("keys", keys, {
        "[].kid" => "[kid]", "[].created_at" => "[time]", "[].activated_at" => "[time]",
    });
    assert_eq!(doorward.json(&["keys", "list"]), keys);
    let table = doorward.run(&["keys", "list"]).success().stdout;
    assert!(table.starts_with("KID"), "{table}");
}

/// No key signs before everybody could have fetched it.
#[test]
fn a_young_key_does_not_take_over() {
    let doorward = Doorward::new();
    doorward.run(&["keys", "rotate"]).failed(&["not been published long enough", "revoke"]);
    doorward.run(&["keys", "rotate", "--alg", "RS265"]).usage(&["'RS256'"]);
}

#[test]
fn a_revoked_key_is_replaced_at_once() {
    let doorward = Doorward::new();
    let keys = doorward.json(&["keys", "list"]);
    let active = keys.as_array().unwrap().iter();
    let mut active = active.filter(|key| key["alg"] == "ES256" && key["state"] == "active");
    let kid = active.next().unwrap()["kid"].as_str().unwrap();
    // A thumbprint can begin with a hyphen.
    let revoked = doorward.run(&["keys", "revoke", "--json", "--", kid]).success();
    let revoked: Value = serde_json::from_str(&revoked.stdout).unwrap();
    assert_eq!(revoked, json!({ "kid": kid, "state": "revoked" }));
    let states = states(&doorward.json(&["keys", "list"]));
    for state in ["active", "pending", "revoked"] {
        let wanted = ("ES256".to_owned(), state.to_owned());
        assert_eq!(states.iter().filter(|found| **found == wanted).count(), 1, "{state}");
    }
    doorward.run(&["keys", "revoke", "--", kid]).failed(&["is revoked already"]);
    for unknown in ["unknown", "-unknown", "-C1"] {
        let words = format!("there is no key `{unknown}`");
        doorward.run(&["keys", "revoke", unknown]).failed(&[&words]);
    }
}
