//! `doorward plan`, `apply` and `drift`.

use serde_json::{Value, json};

use crate::doorward::{Answer, Doorward, PASSWORD};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

const SHOP: &str = r#"
owner = "shop"
prune = ["role", "client"]

[client.export]
type = "machine"
scope = "shop:sell"
roles = ["clerk"]
secret = { env = "EXPORT_SECRET" }

[user.bob]
email = "bob@example.com"
email_verified = true
password = { file = "bob.password" }
roles = ["user"]
groups = ["staff"]
claims = { name = "Bob Example" }

[group.staff]
roles = ["boss"]

[role.boss]
contains = ["clerk"]

[role.clerk]
description = "Sells"
permissions = ["shop:sell"]

[api."https://shop.example"]
name = "Shop"
permissions = { "shop:sell" = "Sell" }
"#;

/// Writes the file and runs a command on it.
fn run(doorward: &Doorward, command: &str, file: &str, more: &[&str]) -> Answer {
    run_with(doorward, command, file, more, SECRET)
}

fn run_with(doorward: &Doorward, command: &str, file: &str, more: &[&str], secret: &str) -> Answer {
    std::fs::write(doorward.folder().join("shop.toml"), file).unwrap();
    std::fs::write(doorward.folder().join("bob.password"), PASSWORD).unwrap();
    let arguments: Vec<&str> =
        [command, "-f", "shop.toml"].into_iter().chain(more.iter().copied()).collect();
    doorward.run_in(&[("EXPORT_SECRET", secret)], &arguments, "")
}

fn value(answer: &Answer) -> Value {
    serde_json::from_str(&answer.stdout).unwrap()
}

fn with_shop() -> Doorward {
    let doorward = Doorward::with_alice();
    run(&doorward, "apply", SHOP, &["--yes"]).success();
    doorward
}

#[test]
fn what_is_declared_is_planned_made_and_then_so() {
    let doorward = Doorward::with_alice();
    let plan = run(&doorward, "plan", SHOP, &[]);
    assert_eq!((plan.code, plan.stderr.as_str()), (2, ""), "{plan:?}");
    assert!(plan.stdout.contains("+ role boss\n    contains: clerk\n"), "{}", plan.stdout);
    assert!(plan.stdout.contains("6 to make, 0 to change, 0 to delete."), "{}", plan.stdout);
    assert_eq!(doorward.json(&["group", "list"]), json!([]), "a plan changes nothing");

    let applied = run(&doorward, "apply", SHOP, &["--yes"]).success();
    assert!(applied.stdout.contains("Done: 6 made"), "{}", applied.stdout);
    for told in [&plan.stdout, &applied.stdout] {
        assert!(!told.contains(SECRET) && !told.contains(PASSWORD.trim()), "{told}");
    }
    let bob = doorward.json(&["user", "show", "bob"]);
    assert_eq!((&bob["roles"], &bob["has_password"]), (&json!(["user"]), &json!(true)));
    assert_eq!(bob["claims"]["name"], "Bob Example");
    assert_eq!(doorward.json(&["group", "show", "staff"])["members"], json!(["bob"]));
    assert_eq!(doorward.json(&["role", "show", "boss"])["contains"], json!(["clerk"]));

    let again = run(&doorward, "plan", SHOP, &["--json"]).success();
    assert_eq!(value(&again), json!({ "changes": [], "left_alone": [] }));
    let again = run(&doorward, "apply", SHOP, &["--yes", "--json"]).success();
    assert_eq!(value(&again)["done"], 0);
    let audited = doorward.audited();
    for action in ["api.created", "role.created", "role.granted", "client.created"] {
        assert!(audited.iter().any(|found| found == action), "{action} in {audited:?}");
    }
}

#[test]
fn a_change_by_hand_is_drift_until_it_is_applied() {
    let doorward = with_shop();
    run(&doorward, "drift", SHOP, &[]).success();
    doorward.run(&["role", "update", "clerk", "--description", "Buys"]).success();
    doorward.run(&["user", "update", "bob", "--email", "bob@elsewhere.example"]).success();
    doorward.run(&["group", "remove", "staff", "bob"]).success();
    let drift = run(&doorward, "drift", SHOP, &["--json"]);
    assert_eq!((drift.code, drift.stderr.as_str()), (2, ""));
    let changes = value(&drift)["changes"].clone();
    assert_eq!(
        changes[0],
        json!({
            "change": "update", "kind": "role", "name": "clerk",
            "fields": [{ "field": "description", "old": "Buys", "new": "Sells" }],
        })
    );
    let fields = changes[1]["fields"].as_array().unwrap();
    let fields: Vec<&str> = fields.iter().map(|field| field["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["email", "email_verified", "groups"]);
    run(&doorward, "apply", SHOP, &["--yes"]).success();
    run(&doorward, "drift", SHOP, &[]).success();
}

#[test]
fn what_is_declared_no_more_goes_only_where_it_was_made_from_the_file_and_is_pruned() {
    let doorward = with_shop();
    doorward.run(&["role", "create", "by-hand"]).success();
    let less =
        "owner = \"shop\"\nprune = [\"role\"]\n[api.\"https://shop.example\"]\nname = \"Shop\"";
    let plan = run(&doorward, "plan", less, &["--json"]);
    let plan = value(&plan);
    let names: Vec<&str> = plan["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| {
            assert_eq!(change["change"], "delete");
            change["name"].as_str().unwrap()
        })
        .collect();
    assert_eq!(names, ["boss", "clerk"]);
    assert_eq!(plan["left_alone"], json!(["group staff", "user bob", "client export"]));
    let drift = value(&run(&doorward, "drift", less, &["--json"]));
    assert_eq!(drift["changes"].as_array().unwrap().len(), 5, "drift tells all of it");
    run(&doorward, "apply", less, &["--yes"]).success();
    doorward.run(&["role", "show", "clerk"]).failed(&["no role `clerk`"]);
    doorward.run(&["role", "show", "by-hand"]).success();
    doorward.run(&["user", "show", "bob"]).success();
}

#[test]
fn another_secret_at_the_same_place_is_a_change_that_is_not_told() {
    let doorward = with_shop();
    let other = "fedcba9876543210fedcba9876543210";
    let plan = run_with(&doorward, "plan", SHOP, &[], other);
    assert_eq!(plan.code, 2);
    assert!(plan.stdout.contains("secret: another one → as declared"), "{}", plan.stdout);
    assert!(!plan.stdout.contains(other), "{}", plan.stdout);
    run_with(&doorward, "apply", SHOP, &["--yes"], other).success();
    run_with(&doorward, "plan", SHOP, &[], other).success();
    assert!(doorward.audited().contains(&"client.secret_rotated".to_owned()));
}

#[test]
fn a_mistake_in_the_file_is_exit_code_1_for_plan_and_changes_nothing() {
    let doorward = Doorward::with_alice();
    let file = |rest: &str| format!("owner = \"shop\"\n{rest}");
    for (rest, message, hint) in [
        ("[user.bob]\nemial = \"b@example.com\"", "user bob: emial", "did you mean `email`?"),
        ("[user.bob]\nroles = [\"admim\"]", "there is no role `admim`", "did you mean `admin`?"),
        ("[client.app]\ntype = \"web\"", "client app: redirect_uris", ""),
        ("[client.m]\ntype = \"machine\"", "client m: secret: it authenticates with one", ""),
        ("[client.m]\nsecret = { env = \"NONE\" }", "the variable NONE is not set", ""),
        ("[role.doorward-auditor]\ndescription = \"x\"", "part of Doorward itself", ""),
    ] {
        run(&doorward, "plan", &file(rest), &[]).failed(&[message, hint]);
        run(&doorward, "drift", &file(rest), &[]).failed(&[message]);
    }
    let refused = run(&doorward, "apply", &file("[user.bob]\nemial = \"x\""), &["--yes"]);
    refused.usage(&["did you mean `email`?"]);
    doorward.run(&["user", "show", "bob"]).failed(&["no user `bob`"]);
}

#[test]
fn when_a_step_fails_what_was_done_is_said_and_the_rest_can_follow() {
    let doorward = Doorward::with_alice();
    let weak = "owner = \"shop\"\n[role.clerk]\n[user.eve]\npassword = { env = \"EXPORT_SECRET\" }";
    let answer = run_with(&doorward, "apply", weak, &["--yes"], "password");
    assert_eq!(answer.code, 1);
    assert!(answer.stdout.contains("Done before the failure:\n  role clerk"), "{answer:?}");
    assert!(answer.stderr.contains("user eve: the password cannot be used"), "{answer:?}");
    assert!(answer.stderr.contains("1 of 2 steps were carried out"), "{answer:?}");
    run_with(&doorward, "apply", weak, &["--yes"], PASSWORD.trim()).success();
    run(&doorward, "plan", weak, &[]).success();
}

#[test]
fn the_last_administrator_stays() {
    let doorward = Doorward::with_alice();
    let file = "owner = \"shop\"\n[user.alice]\nroles = [\"user\"]";
    let answer = run(&doorward, "apply", file, &["--yes"]);
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("the last administrator"), "{answer:?}");
    assert_eq!(doorward.json(&["user", "show", "alice"])["roles"], json!(["admin"]));
}

#[test]
fn the_example_can_be_applied() {
    let doorward = Doorward::with_alice();
    let example = doorward.run(&["apply", "example"]).success().stdout;
    std::fs::write(doorward.folder().join("example.toml"), example).unwrap();
    let variables = [("CASEY_PASSWORD", PASSWORD.trim()), ("NOTES_EXPORT_SECRET", SECRET)];
    let apply = ["apply", "-f", "example.toml", "--yes"];
    doorward.run_in(&variables, &apply, "").success();
    doorward.run_in(&variables, &["plan", "-f", "example.toml"], "").success();
    doorward.run(&["apply"]).usage(&["--file"]);
}
