//! `doorward user …`.

use insta::assert_json_snapshot;
use serde_json::json;

use crate::doorward::{Doorward, PASSWORD};

#[test]
fn create_and_show_have_one_shape() {
    let doorward = Doorward::new();
    let arguments = [
        "user",
        "create",
        "Alice",
        "--email",
        "Alice@Example.com",
        "--email-verified",
        "--role",
        "admin",
        "--role",
        "user",
        "--name",
        "Alice Liddell",
        "--claim",
        "birthdate=1852-05-04",
        "--claim",
        "address.country=UK",
        "--password-stdin",
    ];
    let created = doorward.json_with(&arguments, PASSWORD);
    assert_json_snapshot!("user", created, {
        ".id" => "[id]", ".created_at" => "[time]", ".updated_at" => "[time]",
        ".password_changed_at" => "[time]",
    });
    let id = created["id"].as_str().unwrap();
    for name in ["alice", "ALICE", "alice@example.com", id] {
        assert_eq!(doorward.json(&["user", "show", name]), created, "{name}");
    }
    assert_eq!(doorward.json(&["user", "list"]), json!([created]));
    assert_eq!(doorward.audited(), ["user.created"]);
}

#[test]
fn people_get_words() {
    let doorward = Doorward::new();
    let list = doorward.run(&["user", "list"]).success();
    assert!(list.stdout.contains("There are no users"), "{}", list.stdout);
    let arguments = ["user", "create", "bob", "--role", "user", "--no-password"];
    let created = doorward.run(&arguments).success();
    assert!(created.stdout.starts_with("Created bob.\n"), "{}", created.stdout);
    assert!(created.stdout.contains("http://localhost:8000/account"), "{}", created.stdout);
    let list = doorward.run(&["user", "list"]).success();
    assert!(list.stdout.starts_with("USERNAME  E-MAIL  ROLES  STATUS"), "{}", list.stdout);
}

/// UNI-01, UNI-03: taken is taken, however it is written.
#[test]
fn names_and_addresses_are_unique() {
    let doorward = Doorward::with_alice();
    let create = |name: &str, email: &str| {
        doorward.run(&["user", "create", name, "--email", email, "--no-password"])
    };
    create("ALICE", "a@example.com").failed(&["the username is taken"]);
    create("\u{430}lice", "b@example.com").failed(&["looks like that of another user"]);
    create("bob", "bob@example.com").success();
    create("carol", "BOB@example.com").failed(&["another user has this e-mail address"]);
    create("a b", "c@example.com").usage(&["error: "]);
    create("dave", "nobody").usage(&["one @"]);
    assert_eq!(doorward.audited(), ["user.created", "user.created"]);
}

#[test]
fn a_weak_password_is_refused_with_advice() {
    let doorward = Doorward::new();
    let create = ["user", "create", "alice", "--password-stdin"];
    doorward.run_with(&create, "password1\n").failed(&["most common", "several words"]);
    doorward.run_with(&create, "short\n").failed(&["fewer than 8 characters"]);
    doorward.run_with(&create, "\n").usage(&["standard input holds no password"]);
    assert_eq!(doorward.json(&["user", "list"]), json!([]));
}

/// No terminal, no password: nobody is left waiting.
#[test]
fn without_a_terminal_the_flag_is_named() {
    let doorward = Doorward::new();
    doorward.run(&["user", "create", "alice"]).usage(&["no terminal", "--password-stdin"]);
}

#[test]
fn a_password_is_never_an_argument() {
    let doorward = Doorward::new();
    doorward.run(&["user", "create", "alice", "--password", "secret"]).usage(&["--password-stdin"]);
    let arguments = ["user", "set-password", "alice", "tulip gravel ottoman sleigh"];
    doorward.run(&arguments).usage(&["unexpected argument"]);
}

#[test]
fn the_nearest_name_is_offered() {
    let doorward = Doorward::with_alice();
    doorward.run(&["user", "show", "alise"]).failed(&["no user `alise`", "did you mean `alice`?"]);
    let answer = doorward.run(&["user", "show", "zebediah"]).failed(&["no user `zebediah`"]);
    assert!(!answer.stderr.contains("hint"), "{}", answer.stderr);
    let role = ["user", "update", "alice", "--role", "amdin"];
    doorward.run(&role).usage(&["no role `amdin`", "did you mean `admin`?"]);
    let claim = ["user", "update", "alice", "--claim", "nick_name=Al"];
    doorward.run(&claim).usage(&["no claim `nick_name`", "did you mean `nickname`?"]);
    doorward.run(&["user", "creat"]).usage(&["'create'"]);
    doorward.run(&["usr"]).usage(&["'user'"]);
}

#[test]
fn failures_have_a_json_shape_too() {
    let doorward = Doorward::with_alice();
    let answer = doorward.run(&["user", "show", "alise", "--json"]).failed(&[]);
    let error: serde_json::Value = serde_json::from_str(&answer.stderr).unwrap();
    let expected = json!({ "error": { "message": "there is no user `alise`", "hint": "did you mean `alice`?" } });
    assert_eq!(error, expected);
}

#[test]
fn update_changes_what_is_named() {
    let doorward = Doorward::with_alice_and_root();
    let update =
        ["user", "update", "alice", "--email", "a@example.com", "--email-verified", "true"];
    let updated = doorward.json(&update);
    assert_eq!(
        (&updated["email"], &updated["email_verified"]),
        (&json!("a@example.com"), &json!(true))
    );
    assert_eq!(updated["roles"], json!(["admin"]));
    // A new address is unproven until somebody says otherwise.
    let moved = doorward.json(&["user", "update", "alice", "--email", "b@example.com"]);
    assert_eq!(moved["email_verified"], json!(false));
    let gone = doorward.json(&["user", "update", "alice", "--email", "", "--no-roles"]);
    assert_eq!((&gone["email"], &gone["roles"]), (&json!(null), &json!([])));
    let renamed = doorward.json(&["user", "update", "alice", "--username", "alicia"]);
    assert_eq!(renamed["username"], json!("alicia"));
    doorward.run(&["user", "update", "alicia"]).usage(&["nothing to change"]);
    let verified = ["user", "update", "alicia", "--email-verified", "true"];
    doorward.run(&verified).usage(&["without an e-mail address"]);
    let events = doorward.json(&["audit", "list", "--action", "user.updated"]);
    assert_eq!(events[0]["detail"], json!({ "fields": ["email", "email_verified"] }));
    assert_eq!(events.as_array().unwrap().len(), 4);
}

#[test]
fn the_password_can_be_set_again() {
    let doorward = Doorward::with_alice();
    let set = ["user", "set-password", "alice", "--password-stdin"];
    let answer = doorward.json_with(&set, "quarrel biscuit lantern moss\n");
    assert_eq!(answer["ended"], json!({ "sessions": 0, "grants": 0 }));
    doorward.run_with(&set, "alice123\n").failed(&["the password cannot be used"]);
    assert_eq!(doorward.audited(), ["user.created", "user.password_set"]);
}

#[test]
fn disable_enable_delete() {
    let doorward = Doorward::with_alice_and_root();
    for (command, status) in [
        ("disable", "disabled"),
        ("disable", "disabled"),
        ("enable", "enabled"),
        ("enable", "enabled"),
    ] {
        doorward.json(&["user", command, "alice"]);
        assert_eq!(doorward.json(&["user", "show", "alice"])["status"], json!(status));
    }
    doorward.run(&["user", "delete", "alice"]).success();
    doorward.run(&["user", "delete", "alice"]).failed(&["there is no user `alice`"]);
    // What changed nothing left no event.
    let expected =
        ["user.created", "user.created", "user.disabled", "user.enabled", "user.deleted"];
    assert_eq!(doorward.audited(), expected);
}

/// The hash is as secret as the password.
#[test]
fn no_answer_holds_a_hash() {
    let doorward = Doorward::with_alice();
    for arguments in [&["user", "show", "alice"][..], &["user", "show", "alice", "--json"]] {
        let answer = doorward.run(arguments).success();
        assert!(!answer.stdout.contains("argon2"), "{}", answer.stdout);
    }
}
