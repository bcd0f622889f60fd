//! The program under test and what it answers.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

/// A password that every rule accepts.
pub(crate) const PASSWORD: &str = "tulip gravel ottoman sleigh\n";

/// An installation in a folder that is deleted at the end.
pub(crate) struct Doorward {
    folder: tempfile::TempDir,
}

/// What a command answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Doorward {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// With `alice`, an administrator.
    pub(crate) fn with_alice() -> Self {
        let doorward = Self::new();
        let create = ["user", "create", "alice", "--role", "admin", "--password-stdin"];
        doorward.run_with(&create, PASSWORD).success();
        doorward
    }

    /// With `alice` and `root`, both administrators: one of them may go.
    pub(crate) fn with_alice_and_root() -> Self {
        let doorward = Self::with_alice();
        doorward.run(&["user", "create", "root", "--role", "admin", "--no-password"]).success();
        doorward
    }

    /// The folder that commands run in.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A file in the data folder.
    pub(crate) fn data_file(&self, name: &str) -> PathBuf {
        self.folder().join("doorward-data").join(name)
    }

    /// Runs a command without input.
    pub(crate) fn run(&self, arguments: &[&str]) -> Answer {
        self.run_with(arguments, "")
    }

    /// Runs a command that reads `input`.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Answer {
        self.run_in(&[], arguments, input)
    }

    /// Runs a command with variables in its environment, and no others.
    pub(crate) fn run_in(
        &self,
        environment: &[(&str, &str)],
        arguments: &[&str],
        input: &str,
    ) -> Answer {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
        command.args(arguments).env_clear();
        if arguments.first() == Some(&"serve") {
            // No two servers of a machine can have the default one.
            command.env("DOORWARD_MANAGEMENT_LISTEN", "127.0.0.1:0");
        }
        let mut child = command
            .envs(environment.iter().copied())
            .current_dir(self.folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that does not read its input closes it early.
        child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
        let output = child.wait_with_output().unwrap();
        Answer {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs a command that must succeed, and reads its answer as JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        self.json_with(arguments, "")
    }

    /// The same with input.
    pub(crate) fn json_with(&self, arguments: &[&str], input: &str) -> Value {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
        let answer = self.run_with(&arguments, input).success();
        serde_json::from_str(&answer.stdout).unwrap()
    }

    /// The actions in the audit log, without those of the keys.
    pub(crate) fn audited(&self) -> Vec<String> {
        let events = self.json(&["audit", "list", "--limit", "1000"]);
        let actions = events.as_array().unwrap().iter();
        let actions = actions.map(|event| event["action"].as_str().unwrap().to_owned());
        actions.filter(|action| !action.starts_with("key.")).collect()
    }
}

impl Answer {
    /// The command did what was asked, and said nothing on standard error.
    pub(crate) fn success(self) -> Self {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""), "{self:?}");
        self
    }

    /// The command failed with exit code 1, and standard error holds every one of `texts`.
    pub(crate) fn failed(self, texts: &[&str]) -> Self {
        self.refused(1, texts)
    }

    /// The command was used wrongly: exit code 2, and standard error holds every one of `texts`.
    pub(crate) fn usage(self, texts: &[&str]) -> Self {
        self.refused(2, texts)
    }

    fn refused(self, code: i32, texts: &[&str]) -> Self {
        assert_eq!((self.code, self.stdout.as_str()), (code, ""), "{self:?}");
        for text in texts {
            assert!(self.stderr.contains(text), "`{text}` is not in: {}", self.stderr);
        }
        self
    }
}
