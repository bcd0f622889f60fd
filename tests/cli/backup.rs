//! `doorward backup`, `restore` and `epoch`.

use std::fs;

use rusqlite::Connection;
use serde_json::json;

use crate::doorward::Doorward;

fn usernames(doorward: &Doorward) -> Vec<String> {
    let users = doorward.json(&["user", "list"]);
    let users = users.as_array().unwrap().iter();
    users.map(|user| user["username"].as_str().unwrap().to_owned()).collect()
}

fn create(doorward: &Doorward, username: &str) {
    let arguments = ["user", "create", username, "--password-stdin"];
    doorward.run_with(&arguments, crate::doorward::PASSWORD).success();
}

/// The names in the data folder that begin with `doorward.db`, without the lock.
fn files(doorward: &Doorward) -> Vec<String> {
    let entries = fs::read_dir(doorward.folder().join("doorward-data")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names
        .filter(|name| name.starts_with("doorward.db") && name != "doorward.db.lock")
        .collect();
    names.sort();
    names
}

#[cfg(unix)]
fn mode(path: &std::path::Path) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions()) & 0o777
}

#[test]
fn what_was_backed_up_is_restored() {
    let doorward = Doorward::with_alice();
    let made = doorward.json(&["backup", "--to", "copy.db"]);
    let copy = doorward.folder().join("copy.db");
    assert_eq!(made, json!({ "file": "copy.db", "bytes": fs::metadata(&copy).unwrap().len() }));
    #[cfg(unix)]
    assert_eq!(mode(&copy), 0o600);
    let bytes = fs::read(&copy).unwrap();
    create(&doorward, "bob");

    let restored = doorward.json(&["restore", "--from", "copy.db"]);
    assert_eq!(restored["database"], "doorward-data/doorward.db");
    assert!(restored["epoch"].is_i64(), "{restored}");
    assert_eq!(restored["ended"], json!({ "sessions": 0, "authorization_codes": 0 }));
    assert_eq!(usernames(&doorward), ["alice"]);
    assert_eq!(doorward.json(&["epoch", "show"]), json!({ "epoch": restored["epoch"] }));
    assert_eq!(
        doorward.audited().iter().filter(|action| *action == "server.epoch_begun").count(),
        1
    );
    doorward.run(&["audit", "verify"]).success();
    assert!(fs::read(&copy).unwrap() == bytes, "the backup itself was only read");
    #[cfg(unix)]
    assert_eq!(mode(&doorward.data_file("doorward.db")), 0o600);

    // What was replaced is whole, and can be put back in the same way.
    let kept = restored["replaced"].as_str().unwrap().to_owned();
    let name = kept.strip_prefix("doorward-data/").unwrap();
    assert_eq!(files(&doorward), ["doorward.db", name]);
    doorward.run(&["restore", "--from", &kept]).success();
    assert_eq!(usernames(&doorward), ["alice", "bob"]);
}

#[test]
fn a_backup_replaces_no_file() {
    let doorward = Doorward::with_alice();
    fs::write(doorward.folder().join("precious"), "mine").unwrap();
    doorward.run(&["backup", "--to", "precious"]).failed(&["precious", "already"]);
    assert_eq!(fs::read_to_string(doorward.folder().join("precious")).unwrap(), "mine");
    doorward.run(&["backup", "--to", "no/such/folder/copy"]).failed(&["no/such/folder/copy"]);
    doorward.run(&["backup", "--to", "doorward-data/doorward.db"]).failed(&["already"]);
    doorward.run(&["backup"]).usage(&["--to"]);
    let left = fs::read_dir(doorward.folder()).unwrap();
    assert_eq!(left.count(), 2, "the data folder and the precious file");
}

/// A folder that lost its database gets it back; with the key, which is not in the backup.
#[test]
fn an_installation_comes_back_from_two_files() {
    let doorward = Doorward::with_alice();
    doorward.run(&["backup", "--to", "copy.db"]).success();
    let data = doorward.folder().join("doorward-data");
    fs::copy(data.join("master.key"), doorward.folder().join("key")).unwrap();
    fs::remove_dir_all(&data).unwrap();
    doorward.run(&["restore", "--from", "copy.db"]).failed(&["master key", "missing"]);
    assert_eq!(files(&doorward), [""; 0], "nothing was made");
    fs::copy(doorward.folder().join("key"), data.join("master.key")).unwrap();
    let restored = doorward.json(&["restore", "--from", "copy.db"]);
    assert_eq!(restored["replaced"], json!(null));
    assert_eq!(usernames(&doorward), ["alice"]);
}

/// Whatever is wrong with the file, the database stays as it was, and nothing lies about.
#[test]
fn what_is_no_backup_is_refused() {
    let doorward = Doorward::with_alice();
    let at = |name: &str| doorward.folder().join(name);
    doorward.run(&["backup", "--to", "copy.db"]).success();
    let copy = fs::read(at("copy.db")).unwrap();
    fs::write(at("text"), "this is no database, and long enough").unwrap();
    fs::write(at("empty"), "").unwrap();
    fs::write(at("half"), &copy[..copy.len() / 2]).unwrap();
    fs::write(at("part"), &copy).unwrap();
    fs::write(at("part-wal"), "what was written since").unwrap();
    let sql = |name: &str, statement: &str| {
        let conn = Connection::open(at(name)).unwrap();
        conn.execute_batch(statement).unwrap();
        conn.close().unwrap();
    };
    sql("other", "CREATE TABLE recipes (id INTEGER)");
    fs::write(at("newer"), &copy).unwrap();
    let migration = "INSERT INTO _sqlx_migrations
        (version, description, success, checksum, execution_time) VALUES (9999, 'later', 1, x'00', 1)";
    sql("newer", migration);
    let other = Doorward::with_alice();
    other.run(&["backup", "--to", "copy.db"]).success();
    fs::copy(other.folder().join("copy.db"), at("another")).unwrap();

    let before = (usernames(&doorward), files(&doorward));
    for (name, words) in [
        ("text", "no SQLite database"),
        ("empty", "no SQLite database"),
        ("missing", "missing"),
        ("half", "backup"),
        ("part", "no whole backup"),
        ("other", "no database of Doorward"),
        ("newer", "newer"),
        ("another", "master key is not the one"),
    ] {
        doorward.run(&["restore", "--from", name]).failed(&[words]);
        assert_eq!((usernames(&doorward), files(&doorward)), before, "{name}");
    }
    assert_eq!(doorward.json(&["epoch", "show"]), json!({ "epoch": null }));
}

/// A database that cannot be read any more is what backups are for.
#[test]
fn a_damaged_database_is_replaced_and_kept() {
    let doorward = Doorward::with_alice();
    doorward.run(&["backup", "--to", "copy.db"]).success();
    fs::write(doorward.data_file("doorward.db"), "struck by lightning").unwrap();
    fs::write(doorward.data_file("doorward.db-wal"), "and its log").unwrap();
    let restored = doorward.json(&["restore", "--from", "copy.db"]);
    assert_eq!(usernames(&doorward), ["alice"]);
    let kept = doorward.folder().join(restored["replaced"].as_str().unwrap());
    assert_eq!(fs::read_to_string(&kept).unwrap(), "struck by lightning");
    let log = fs::read_to_string(format!("{}-wal", kept.display()));
    assert_eq!(log.unwrap(), "and its log");
}

#[test]
fn on_postgres_its_own_tools_are_named() {
    let doorward = Doorward::new();
    let url = [("DOORWARD_DATABASE_URL", "postgres://nobody@localhost:1/none")];
    let run = |arguments: &[&str]| doorward.run_in(&url, arguments, "");
    run(&["backup", "--to", "copy.db"]).failed(&["PostgreSQL", "pg_dump"]);
    run(&["restore", "--from", "copy.db"]).failed(&["PostgreSQL", "pg_restore", "epoch begin"]);
}

#[test]
fn an_epoch_begins_by_hand() {
    let doorward = Doorward::with_alice();
    assert_eq!(doorward.json(&["epoch", "show"]), json!({ "epoch": null }));
    let text = doorward.run(&["epoch", "show"]).success().stdout;
    assert!(text.contains("the first start"), "{text}");
    let begun = doorward.json(&["epoch", "begin"]);
    assert!(begun["epoch"].is_i64(), "{begun}");
    assert_eq!(doorward.json(&["epoch", "show"])["epoch"], begun["epoch"]);
    let text = doorward.run(&["epoch", "begin"]).success().stdout;
    assert!(text.contains("0 sessions"), "{text}");
    assert_eq!(doorward.audited().len(), 3, "alice, and two epochs");
}
