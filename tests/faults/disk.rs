//! The disk is full. DISK-01.
//!
//! A limit on the size of files (RLIMIT_FSIZE) makes every write of the process fail, at the next byte and
//! without anybody's privileges; `prlimit` sets and lifts it while the server runs.

use std::process::Command;

use serde_json::Value;

use crate::{
    process::http::Call,
    site::{Site, eventually, status},
};

/// Lets the process write files up to `bytes`, or of any size.
fn limit_files(pid: u32, bytes: &str) {
    let limit = format!("--fsize={bytes}:");
    let set = Command::new("prlimit").args(["--pid", &pid.to_string(), &limit]).status();
    assert!(set.unwrap().success());
}

/// The command, in a process that takes a failed write as an error, as it is when the disk is full, and
/// not as its end.
fn enduring(command: &Command) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"]).arg(command.get_program());
    shell.args(command.get_args()).env_clear();
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = command.get_current_dir() {
        shell.current_dir(folder);
    }
    shell
}

/// DISK-01: writes say 503 and when to come back; reads and what is public work on; nothing that was
/// acknowledged is lost; and when there is space again, the server goes on by itself.
#[tokio::test]
async fn disk_01_a_full_disk_refuses_writes_and_nothing_else() {
    let site = Site::build();
    let server = site.start_as(enduring(&site.installation.serve())).await;
    let mut connection = site.connect().await;
    let (live, mut revoked) = (site.granted(&mut connection).await, Vec::new());
    for round in 0..3 {
        let doomed = site.granted(&mut connection).await;
        limit_files(server.pid(), "1");
        for _ in 0..5 {
            let refused = site.revoke(&mut connection, &doomed).await;
            assert_eq!(refused.status, 503, "round {round}: {refused:?}");
            assert!(refused.headers.contains_key("retry-after"), "{refused:?}");
        }
        assert_eq!(status(&mut connection, "/ready").await, 503);
        for path in ["/live", "/jwks", "/.well-known/openid-configuration", "/login"] {
            assert_eq!(status(&mut connection, path).await, 200, "{path}");
        }
        // A token needs no row, and what was not taken back counts.
        for token in [&live, &doomed, &site.granted(&mut connection).await] {
            assert!(site.is_active(&mut connection, token).await, "round {round}");
        }
        limit_files(server.pid(), "unlimited");
        eventually("ready again", async || status(&mut connection, "/ready").await == 200).await;
        assert_eq!(site.revoke(&mut connection, &doomed).await.status, 200);
        revoked.push(doomed);
    }
    server.kill().unwrap();
    let _server = site.start().await;
    let mut connection = site.connect().await;
    assert!(site.is_active(&mut connection, &live).await);
    for token in &revoked {
        assert!(!site.is_active(&mut connection, token).await);
    }
    site.installation.run(&["audit", "verify"], "").unwrap();
    // A backup checks every page.
    let copy = site.folder.path().join("copy.db");
    site.installation.run(&["backup", "--to", &copy.display().to_string()], "").unwrap();
}

/// A start on a full disk says so and ends; the next one works.
#[tokio::test]
async fn disk_01_a_start_on_a_full_disk_is_refused() {
    let site = Site::build();
    let serve = enduring(&site.installation.serve());
    let mut limited = Command::new("prlimit");
    limited.arg("--fsize=1").arg(serve.get_program()).args(serve.get_args());
    limited.env_clear().envs(serve.get_envs().filter_map(|(name, value)| Some((name, value?))));
    // The search path of `prlimit` itself.
    let output = limited.env("PATH", "/usr/bin:/bin").output().unwrap();
    assert!(!output.status.success());
    let server = site.start().await;
    let mut connection = site.connect().await;
    let answer = connection.send(&Call::get("/jwks")).await.unwrap();
    let keys: Value = serde_json::from_slice(&answer.body).unwrap();
    assert!(!keys["keys"].as_array().unwrap().is_empty());
    drop(server);
}
