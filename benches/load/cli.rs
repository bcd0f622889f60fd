//! How the load program speaks to the `doorward` program. Its flags are named here and nowhere else.

use std::{
    ffi::OsStr,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, bail};
use serde::Deserialize;

use super::credentials::{ApiKeys, Client, REDIRECT_URI, TOKEN_EXCHANGE, USER, User};

/// How many roles one of the users has.
const MANY_ROLES: u32 = 50;

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

/// The client that `doorward client create` printed.
fn client_of(printed: &[u8]) -> anyhow::Result<Client> {
    #[derive(Deserialize)]
    struct Created {
        client_id: String,
        client_secret: Option<String>,
    }
    let created: Created =
        serde_json::from_slice(printed).context("doorward client create printed no client")?;
    Ok(Client { id: created.client_id, secret: created.client_secret })
}

impl Installation<'_> {
    /// The command that starts the server.
    pub(crate) fn serve(&self) -> Command {
        let mut command = self.command(["serve"]);
        command.args(["--listen", &format!("127.0.0.1:{}", self.port), "--management-listen", ""]);
        command
    }

    /// Creates `user`.
    pub(crate) fn create_user(&self, user: User) -> anyhow::Result<()> {
        let arguments = ["user", "create", user.username, "--password-stdin", "--role", "user"];
        self.run(&arguments, user.password).map(drop)
    }

    /// Creates an API, its client, two users with roles there, and a key for each of them.
    pub(crate) fn create_api_keys(&self) -> anyhow::Result<ApiKeys> {
        const AUDIENCE: &str = "https://load.example";
        let permission = "load:read=Read";
        self.run(&["api", "create", AUDIENCE, "--name", "Load", "--permission", permission], "")?;
        let printed = self.run(
            &[
                "client",
                "create",
                "--type",
                "api",
                "--name",
                "load-api",
                "--audience",
                AUDIENCE,
                "--grant-type",
                TOKEN_EXCHANGE,
            ],
            "",
        )?;
        let api = client_of(&printed)?;
        let roles: Vec<String> = (1..=MANY_ROLES).map(|number| format!("load-{number}")).collect();
        for role in &roles {
            self.run(&["role", "create", role, "--permission", "load:read"], "")?;
        }
        let plain = self.key_of("keeper", roles.get(..1).unwrap_or_default(), &["load:read"])?;
        let with_roles = self.key_of("officer", &roles, &["load:read", "roles"])?;
        Ok(ApiKeys { api, plain, with_roles })
    }

    /// Creates a user with these roles, and a key with these permissions; its text.
    fn key_of(
        &self,
        username: &str,
        roles: &[String],
        permissions: &[&str],
    ) -> anyhow::Result<String> {
        #[derive(Deserialize)]
        struct Created {
            key: String,
        }
        let mut user = vec!["user", "create", username, "--password-stdin"];
        user.extend(roles.iter().flat_map(|role| ["--role", role.as_str()]));
        self.run(&user, USER.password)?;
        let mut key = vec!["api-key", "create", "--user", username, "--name", "load"];
        key.extend(permissions.iter().flat_map(|name| ["--permission", name]));
        let created: Created = serde_json::from_slice(&self.run(&key, "")?)
            .context("doorward api-key create printed no key")?;
        Ok(created.key)
    }

    /// Creates a client.
    pub(crate) fn create_client(
        &self,
        name: &str,
        kind: Kind,
        format: TokenFormat,
    ) -> anyhow::Result<Client> {
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
        client_of(&self.run(&arguments, "")?)
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
