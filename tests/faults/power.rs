//! A power cut takes with it what was not yet on the disk. CRASH-03.
//!
//! The system calls of the real server, in their order: an answer that acknowledges a write leaves only
//! after the write-ahead log that holds it was synced. Killing a process shows nothing of this, since
//! what it wrote stays with the system.

use std::process::Command;

use crate::{process::server::Server, site::Site};

/// Requests that are answered one after the other.
const REQUESTS: usize = 50;

/// `strace` comes with `scripts/prepare`; without it nothing is shown, so the test fails.
fn traced(site: &Site, trace: &str) -> Command {
    let serve = site.installation.serve();
    let mut command = Command::new("strace");
    // As the server's grandchild, so that the server ends with this test.
    command.arg("-D").args(["-f", "-y", "-qq", "-s", "12", "-o", trace]);
    command.args(["-e", "trace=fsync,fdatasync,pwrite64,write,writev,sendto,sendmsg"]);
    command.arg(serve.get_program()).args(serve.get_args());
    for (name, value) in serve.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    command
}

/// What a line of the trace tells.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// Bytes of the log were written.
    Wrote,
    /// The log was synced: what was written before is on the disk.
    Synced,
    /// An answer with status 200 left.
    Answered,
}

/// The steps in the order in which they were completed; a call that waits is two lines.
fn steps(trace: &str) -> Vec<Step> {
    let mut unfinished = std::collections::BTreeMap::new();
    let mut steps = Vec::new();
    for line in trace.lines() {
        let (thread, rest) =
            line.trim_start().split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim_start();
        let call = if let Some(call) = rest.strip_suffix("<unfinished ...>") {
            // What leaves may have left at the beginning of the call.
            if !is_sync(call) {
                steps.extend(step(call));
            }
            unfinished.insert(thread.to_owned(), call.to_owned());
            continue;
        } else if rest.starts_with("<... ") {
            let Some(call) = unfinished.remove(thread) else { continue };
            // What is synced is so at the end of the call.
            if !is_sync(&call) || !rest.contains("= 0") {
                continue;
            }
            call
        } else {
            rest.to_owned()
        };
        steps.extend(step(&call));
    }
    steps
}

fn is_sync(call: &str) -> bool {
    call.starts_with("fsync(") || call.starts_with("fdatasync(")
}

fn step(call: &str) -> Option<Step> {
    let is_log = call.contains("doorward.db-wal>");
    if is_log && is_sync(call) {
        Some(Step::Synced)
    } else if is_log && call.starts_with("pwrite64(") {
        Some(Step::Wrote)
    } else if call.contains("HTTP/1.1 200") || call.contains("HTTP/1.1 2") {
        Some(Step::Answered)
    } else {
        None
    }
}

/// CRASH-03: no answer leaves between the writing of the log and its sync, and each has a sync of its own
/// behind it.
#[tokio::test]
async fn crash_03_what_is_acknowledged_is_on_the_disk() {
    let site = Site::build();
    let trace = site.folder.path().join("trace");
    let mut server = Server::spawn(traced(&site, &trace.display().to_string())).unwrap();
    server.ready(site.port()).await.unwrap();
    let mut connection = site.connect().await;
    let mut tokens = Vec::new();
    for _ in 0..REQUESTS {
        tokens.push(site.granted(&mut connection).await);
    }
    let begun = std::fs::read_to_string(&trace).unwrap().len();
    for token in &tokens {
        assert_eq!(site.revoke(&mut connection, token).await.status, 200);
    }
    let text = std::fs::read_to_string(&trace).unwrap();
    drop(server);
    let steps = steps(&text[begun..]);
    let answers = steps.iter().filter(|step| **step == Step::Answered).count();
    assert!(answers >= REQUESTS - 1, "{answers} answers in the trace: {steps:?}");
    let (mut unsynced, mut synced) = (false, false);
    for (number, step) in steps.iter().enumerate() {
        match step {
            Step::Wrote => (unsynced, synced) = (true, false),
            Step::Synced => (unsynced, synced) = (false, true),
            Step::Answered => {
                assert!(!unsynced, "answer {number} left before the log was synced: {steps:?}");
                assert!(synced || number == 0, "answer {number} has no sync behind it: {steps:?}");
                synced = false;
            }
        }
    }
}
