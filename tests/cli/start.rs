//! The first start, and starts that are refused before anything is written.

use std::fs;

use rusqlite::Connection;

use crate::doorward::Doorward;

#[cfg(unix)]
#[test]
fn the_key_and_its_folder_are_closed_to_others() {
    use std::os::unix::fs::PermissionsExt;
    let doorward = Doorward::with_alice();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(doorward.data_file("master.key")), 0o600);
    assert_eq!(mode(doorward.folder().join("doorward-data")), 0o700);
    let open = fs::Permissions::from_mode(0o640);
    fs::set_permissions(doorward.data_file("master.key"), open).unwrap();
    doorward.run(&["user", "list"]).failed(&["others may read the master key", "chmod 600"]);
}

/// Nothing sealed could be opened, and a new key would make that final.
#[test]
fn a_missing_key_of_a_used_database_is_refused() {
    let doorward = Doorward::with_alice();
    let (path, aside) = (doorward.data_file("master.key"), doorward.data_file("aside"));
    fs::rename(&path, &aside).unwrap();
    for command in [&["user", "list"][..], &["serve", "--listen", "127.0.0.1:0"]] {
        doorward.run(command).failed(&["master.key", "missing", "backup"]);
        assert!(!path.exists());
    }
    fs::rename(&aside, &path).unwrap();
    doorward.run(&["user", "show", "alice"]).success();
}

#[test]
fn a_wrong_key_is_refused() {
    let doorward = Doorward::with_alice();
    let other = Doorward::with_alice();
    let rows = fs::read(doorward.data_file("doorward.db")).unwrap();
    fs::copy(other.data_file("master.key"), doorward.data_file("master.key")).unwrap();
    for command in [&["user", "list"][..], &["serve", "--listen", "127.0.0.1:0"]] {
        doorward.run(command).failed(&["not the one that this database was written with"]);
    }
    assert!(fs::read(doorward.data_file("doorward.db")).unwrap() == rows, "nothing was written");
    let before = fs::read(other.data_file("master.key")).unwrap();
    assert_eq!(fs::read(doorward.data_file("master.key")).unwrap(), before);
}

/// DBX-07: an older program would not understand what a newer one wrote.
#[test]
fn a_database_of_a_newer_version_is_refused() {
    let doorward = Doorward::with_alice();
    let newer = Connection::open(doorward.data_file("doorward.db")).unwrap();
    let migration = "INSERT INTO _sqlx_migrations
        (version, description, success, checksum, execution_time) VALUES (9999, 'later', 1, x'00', 1)";
    newer.execute_batch(migration).unwrap();
    newer.close().unwrap();
    let rows = fs::read(doorward.data_file("doorward.db")).unwrap();
    for command in [&["user", "list"][..], &["serve", "--listen", "127.0.0.1:0"]] {
        doorward.run(command).failed(&["migration 9999", "newer"]);
    }
    assert!(fs::read(doorward.data_file("doorward.db")).unwrap() == rows, "nothing was written");
}

#[test]
fn a_database_that_is_none_is_refused() {
    let doorward = Doorward::new();
    fs::create_dir(doorward.folder().join("doorward-data")).unwrap();
    fs::write(doorward.data_file("doorward.db"), "this is no database, and long enough").unwrap();
    doorward.run(&["user", "list"]).failed(&["doorward.db"]);
}

#[test]
fn help_and_version_are_no_failure() {
    let doorward = Doorward::new();
    let help = doorward.run(&["--help"]).success().stdout;
    for command in
        ["serve", "user", "client", "keys", "audit", "backup", "restore", "epoch", "config"]
    {
        assert!(help.contains(command), "{command}");
    }
    let version = doorward.run(&["--version"]).success().stdout;
    assert_eq!(version.trim(), concat!("doorward ", env!("CARGO_PKG_VERSION")));
    assert_eq!(doorward.run(&[]).code, 2);
}
