//! `doorward config …`, and what every command says about a wrong configuration.

use serde_json::json;

use crate::doorward::Doorward;

#[test]
fn the_defaults_are_sound() {
    let doorward = Doorward::new();
    let expected = json!({
        "issuer": "http://localhost:8000",
        "listen": "127.0.0.1:8000",
        "database": "sqlite://doorward-data/doorward.db",
        "master_key_file": "doorward-data/master.key",
        "changed": {},
    });
    assert_eq!(doorward.json(&["config", "check"]), expected);
    let text = doorward.run(&["config", "check"]).success().stdout;
    assert!(text.contains("Every setting is at its default."), "{text}");
    // Nothing is made by looking.
    assert_eq!(std::fs::read_dir(doorward.folder()).unwrap().count(), 0);
}

#[test]
fn the_example_is_a_sound_file() {
    let doorward = Doorward::new();
    let example = doorward.run(&["config", "example"]).success().stdout;
    assert!(example.contains("#issuer"), "{example}");
    std::fs::write(doorward.folder().join("doorward.toml"), example).unwrap();
    assert_eq!(doorward.json(&["config", "check"])["changed"], json!({}));
}

#[test]
fn an_unknown_name_is_refused_with_the_nearest() {
    let doorward = Doorward::new();
    std::fs::write(doorward.folder().join("doorward.toml"), "[sessions]\nidel = \"1h\"\n").unwrap();
    for command in [&["config", "check"][..], &["user", "list"], &["serve"]] {
        doorward.run(command).usage(&["doorward.toml", "`sessions.idel`", "`sessions.idle`"]);
    }
    let doorward = Doorward::new();
    let environment = [("DOORWARD_ISSUR", "http://localhost:1")];
    let answer = doorward.run_in(&environment, &["user", "list"], "");
    answer.usage(&["DOORWARD_ISSUR", "DOORWARD_ISSUER"]);
}

#[test]
fn flags_win_over_the_environment() {
    let doorward = Doorward::new();
    let environment = [("DOORWARD_ISSUER", "http://localhost:1")];
    let flags = ["config", "check", "--issuer", "http://localhost:2"];
    let answer = doorward.run_in(&environment, &flags, "").success();
    assert!(answer.stdout.contains("http://localhost:2"), "{}", answer.stdout);
}

/// A password in plain text over a network is no configuration.
#[test]
fn an_http_issuer_elsewhere_is_refused() {
    let doorward = Doorward::new();
    doorward.run(&["serve", "--issuer", "http://id.example.com"]).usage(&["https", "localhost"]);
}

#[test]
fn a_database_password_is_not_shown() {
    let doorward = Doorward::new();
    let environment = [("DOORWARD_DATABASE_URL", "postgres://u:hunter2@db.example/doorward")];
    let answer = doorward.run_in(&environment, &["config", "check"], "").success();
    assert!(!answer.stdout.contains("hunter2"), "{}", answer.stdout);
    assert!(answer.stdout.contains("postgres://db.example/doorward"), "{}", answer.stdout);
}
