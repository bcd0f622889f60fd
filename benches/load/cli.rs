//! How the load program speaks to the `doorward` program. Its flags are named here and nowhere else.

use std::{
    ffi::OsStr,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, bail};
use serde::Deserialize;

use super::credentials::{Client, REDIRECT_URI, USER};

/// The form of a client's access tokens.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TokenFormat {
    Jwt,
    Opaque,
}

/// Whether a client proves who it is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Confidential,
    Public,
    Machine,
}

/// One installation: the program, its data and where it listens.
pub(crate) struct Installation<'a> {
    pub(crate) program: &'a Path,
    pub(crate) data_dir: &'a Path,
    pub(crate) database_url: Option<&'a str>,
    pub(crate) port: u16,
}

impl Installation<'_> {
    /// The command that starts the server.
    pub(crate) fn serve(&self) -> Command {
        let mut command = self.command(["serve"]);
        command.args(["--listen", &format!("127.0.0.1:{}", self.port), "--management-listen", ""]);
        command
    }

    /// Creates a user of that name, with the password of all.
    pub(crate) fn create_user(&self, username: &str) -> anyhow::Result<()> {
        let arguments = ["user", "create", username, "--password-stdin", "--role", "user"];
        self.run(&arguments, USER.password).map(drop)
    }

    /// Creates a client.
    pub(crate) fn create_client(
        &self,
        name: &str,
        kind: Kind,
        format: TokenFormat,
    ) -> anyhow::Result<Client> {
        #[derive(Deserialize)]
        struct Created {
            client_id: String,
            client_secret: Option<String>,
        }
        let mut arguments = vec!["client", "create", "--name", name];
        arguments.extend(match kind {
            Kind::Machine => vec!["--type", "machine"],
            Kind::Confidential => vec!["--type", "web", "--redirect-uri", REDIRECT_URI],
            Kind::Public => vec!["--type", "spa", "--redirect-uri", REDIRECT_URI],
        });
        if let Kind::Confidential | Kind::Public = kind {
            arguments.extend(["--grant-type", "authorization_code"]);
            arguments.extend(["--grant-type", "refresh_token"]);
            for scope in ["openid", "profile", "email", "offline_access"] {
                arguments.extend(["--scope", scope]);
            }
        }
        arguments.extend(match format {
            TokenFormat::Jwt => ["--access-token-format", "jwt"],
            TokenFormat::Opaque => ["--access-token-format", "opaque"],
        });
        let printed = self.run(&arguments, "")?;
        let created: Created = serde_json::from_slice(&printed)
            .with_context(|| format!("doorward client create {name} printed no client"))?;
        Ok(Client { id: created.client_id, secret: created.client_secret })
    }

    fn run(&self, arguments: &[&str], input: &str) -> anyhow::Result<Vec<u8>> {
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
        Ok(output.stdout)
    }

    /// The program with the settings of this installation, and none of the surrounding shell.
    fn command(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Command::new(self.program);
        command.env_clear().current_dir(self.data_dir).args(arguments);
        command.args(["--issuer", &format!("http://localhost:{}", self.port)]);
        command.arg("--data-dir").arg(self.data_dir);
        if let Some(url) = self.database_url {
            // In the environment: a flag would show the password to everybody on the machine.
            command.env("DOORWARD_DATABASE_URL", url);
        }
        command
    }
}
