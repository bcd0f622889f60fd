//! An installation, and its command line as an operator uses it.

use std::{
    ffi::OsStr,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::Value;

use super::credentials::{Client, REDIRECT_URI, USER};

/// A node: its folder, its database, where it listens and how the issuer is called.
#[derive(Debug, Clone)]
pub(crate) struct Installation {
    pub(crate) data_dir: PathBuf,
    pub(crate) database_url: Option<String>,
    pub(crate) port: u16,
    /// The port in the issuer: of the first node, or of a balancer that is not there.
    pub(crate) issuer_port: u16,
}

impl Installation {
    /// A node that is its own issuer.
    pub(crate) fn new(data_dir: &Path, database_url: Option<String>, port: u16) -> Self {
        Self { data_dir: data_dir.to_owned(), database_url, port, issuer_port: port }
    }

    /// The command that starts the server.
    pub(crate) fn serve(&self) -> Command {
        let mut command = self.command(["serve"]);
        command.args(["--listen", &format!("127.0.0.1:{}", self.port), "--management-listen", ""]);
        command
    }

    /// Creates the user of the load.
    pub(crate) fn create_user(&self) -> anyhow::Result<()> {
        let arguments = ["user", "create", USER.username, "--password-stdin"];
        self.run(&arguments, USER.password).map(drop)
    }

    /// Creates a client of a kind (`--type`), with opaque access tokens unless `flags` say otherwise.
    pub(crate) fn create_client(&self, kind: &str, flags: &[&str]) -> anyhow::Result<Client> {
        #[derive(Deserialize)]
        struct Created {
            client_id: String,
            client_secret: Option<String>,
        }
        let mut arguments = vec!["client", "create", "--type", kind, "--name", kind];
        if kind != "machine" {
            arguments.extend(["--redirect-uri", REDIRECT_URI]);
        }
        arguments.extend(flags);
        let created: Created = serde_json::from_value(self.run(&arguments, "")?)?;
        Ok(Client { id: created.client_id, secret: created.client_secret })
    }

    /// Runs a command that must succeed, and reads its answer.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> anyhow::Result<Value> {
        let mut command = self.command(arguments);
        command.arg("--json").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // A program that ends without reading says why on its standard error.
            drop(writeln!(stdin, "{input}"));
        }
        let output = child.wait_with_output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("doorward {} said: {said}", arguments.join(" "));
        }
        serde_json::from_slice(&output.stdout).context("an answer that is no JSON")
    }

    /// The program with the settings of this installation, and none of the surrounding shell.
    pub(crate) fn command(
        &self,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
        command.env_clear().current_dir(&self.data_dir).args(arguments);
        command.args(["--issuer", &format!("http://localhost:{}", self.issuer_port)]);
        command.arg("--data-dir").arg(&self.data_dir);
        if let Some(url) = &self.database_url {
            // In the environment: a flag would show the password to everybody on the machine.
            command.env("DOORWARD_DATABASE_URL", url);
        }
        command
    }
}
