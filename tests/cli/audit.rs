//! `doorward audit …`.

use insta::assert_json_snapshot;
use serde_json::json;

use crate::doorward::Doorward;

#[test]
fn events_have_a_stable_shape() {
    let doorward = Doorward::with_alice();
    let events = doorward.json(&["audit", "list", "--action", "user.created"]);
    assert_json_snapshot!("audit", events, {
        "[].id" => "[id]", "[].at" => "[time]", "[].object" => "user:[id]",
        "[].request_id" => "[request]", "[].hash" => "[hash]",
    });
}

#[test]
fn filters_narrow() {
    let doorward = Doorward::with_alice_and_root();
    doorward.run(&["user", "disable", "alice"]).success();
    let count = |flags: &[&str]| {
        let arguments: Vec<&str> = ["audit", "list"].iter().chain(flags).copied().collect();
        doorward.json(&arguments).as_array().unwrap().len()
    };
    assert_eq!(count(&["--object", "alice"]), 2);
    assert_eq!(count(&["--actor", "operator"]), 3);
    assert_eq!(count(&["--actor", "system", "--object", "alice"]), 0);
    assert_eq!(count(&["--from", "2999-01-01"]), 0);
    assert_eq!(count(&["--until", "2999-01-01", "--actor", "operator"]), 3);
    assert_eq!(count(&["--limit", "1"]), 1);
    assert_eq!(count(&["--after", "0", "--limit", "3"]), 3);
    doorward.run(&["audit", "list", "--action", "user.create"]).usage(&["'user.created'"]);
    doorward.run(&["audit", "list", "--object", "nobody"]).failed(&["`nobody`", "client:notes"]);
    doorward.run(&["audit", "list", "--limit", "0"]).usage(&["--limit"]);
    doorward.run(&["audit", "list", "--from", "now"]).usage(&["a moment like"]);
}

/// Without flags the newest events are listed, the newest last.
#[test]
fn the_newest_come_last() {
    let doorward = Doorward::with_alice();
    let events = doorward.json(&["audit", "list", "--limit", "2"]);
    assert_eq!(events[1]["action"], json!("user.created"));
    let seq = |at: usize| events[at]["seq"].as_i64().unwrap();
    assert_eq!(seq(0) + 1, seq(1));
}

#[test]
fn a_whole_log_is_said_to_be_whole() {
    let doorward = Doorward::with_alice();
    let answer = doorward.json(&["audit", "verify"]);
    assert_eq!(answer, json!({ "intact": true, "events": 9 }));
}
