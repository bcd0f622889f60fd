//! A PostgreSQL server of one test, which may be stopped and killed, and followed by another.

use std::{path::PathBuf, process::Command};

use tempfile::TempDir;

/// A server with its own folder and port. It goes with this value.
pub(crate) struct Cluster {
    /// Its address, with the password.
    pub(crate) url: String,
    data: PathBuf,
    folder: TempDir,
}

impl Cluster {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let said = script(&folder, "start");
        let url = said.split('\'').nth(1).expect("an address").to_owned();
        let data = std::fs::read_to_string(folder.path().join("state")).unwrap();
        Self { url, data: PathBuf::from(data.trim()).join("data"), folder }
    }

    /// A second server that follows this one: its address. Nothing is acknowledged any more before both
    /// have it, once it follows.
    pub(crate) fn standby(&self) -> String {
        script(&self.folder, "standby").trim().to_owned()
    }

    /// The second server takes over.
    pub(crate) fn promote(&self) {
        script(&self.folder, "promote");
    }

    /// Nobody of the server does anything any more, and nobody hears of it: its connections stay open.
    pub(crate) fn freeze(&self) {
        signal("-STOP", &[self.postmaster()]);
        signal("-STOP", &self.backends());
    }

    /// The server goes on where it stopped.
    pub(crate) fn thaw(&self) {
        signal("-CONT", &self.backends());
        signal("-CONT", &[self.postmaster()]);
    }

    /// The server is gone at once.
    pub(crate) fn kill(&self) {
        // Who is stopped starts nobody new meanwhile.
        signal("-STOP", &[self.postmaster()]);
        let mut all = self.backends();
        all.push(self.postmaster());
        signal("-KILL", &all);
    }

    /// Starts the server that was killed.
    pub(crate) fn restart(&self) {
        script(&self.folder, "restart");
    }

    fn postmaster(&self) -> String {
        let file = std::fs::read_to_string(self.data.join("postmaster.pid")).unwrap();
        file.lines().next().expect("a number").to_owned()
    }

    fn backends(&self) -> Vec<String> {
        let pid = self.postmaster();
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let children = children.unwrap_or_default();
        children.split_whitespace().map(str::to_owned).collect()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Who is stopped hears of no end. A server that was killed has nobody to wake.
        if std::thread::panicking()
            && std::fs::exists(self.data.join("postmaster.pid")).is_ok_and(|is| is)
        {
            let all = [self.backends(), vec![self.postmaster()]].concat();
            Command::new("kill").arg("-CONT").args(all).status().ok();
        }
        script(&self.folder, "stop");
    }
}

/// Runs `scripts/postgres` for the server of `folder`.
fn script(folder: &TempDir, verb: &str) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/postgres");
    let mut command = Command::new(script);
    command.arg(verb).env("DOORWARD_TEST_POSTGRES_STATE", folder.path().join("state"));
    let output = command.output().unwrap();
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "scripts/postgres {verb}: {failed}");
    String::from_utf8(output.stdout).unwrap()
}

fn signal(name: &str, pids: &[String]) {
    assert!(Command::new("kill").arg(name).args(pids).status().unwrap().success());
}
