//! The command line: `doorward serve`, and the commands of an operator.
//!
//! The commands work on the database itself, beside a running server, which hears of every change
//! within a second. Each can answer people or, with `--json`, machines.

mod access;
mod api;
mod api_key;
mod audit;
mod backup;
mod browser_session;
mod client;
mod config;
mod declare;
mod epoch;
mod failure;
mod grant;
mod group;
mod keys;
mod moment;
mod nearest;
mod output;
mod restore;
mod role;
mod secret_input;
mod serve;
mod session;
mod user;

use std::{ffi::OsString, process::ExitCode};

use clap::{Parser, Subcommand};

use self::{
    failure::Failure,
    output::{Format, Output},
};
use crate::config::Flags;

/// A standalone OAuth 2.0 and OpenID Connect authorization server.
#[derive(Debug, Parser)]
#[command(name = "doorward", version, arg_required_else_help = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    flags: Flags,
    /// Answer in JSON, for programs
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve,
    /// The people who sign in
    #[command(subcommand)]
    User(user::UserCommand),
    /// The apps and machines
    #[command(subcommand)]
    Client(client::ClientCommand),
    /// The APIs that tokens are for
    #[command(subcommand)]
    Api(api::ApiCommand),
    /// What roles permit, and who holds them
    #[command(subcommand)]
    Role(role::RoleCommand),
    /// Users who hold roles together
    #[command(subcommand)]
    Group(group::GroupCommand),
    /// The keys that users and machines call APIs with
    #[command(subcommand)]
    ApiKey(api_key::ApiKeyCommand),
    /// Who is signed in
    #[command(subcommand)]
    Session(browser_session::SessionCommand),
    /// What users allowed apps
    #[command(subcommand)]
    Grant(grant::GrantCommand),
    /// The keys that sign tokens
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Who did what, and whether the log is whole
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Say what `apply` would do; exit code 2 when that is anything
    Plan(declare::File),
    /// Make users, clients, APIs, roles and groups as a file declares them
    Apply(declare::Apply),
    /// Say where the server differs from what a file declares; exit code 2 when it does
    Drift(declare::File),
    /// Copy the database into a file, while the server runs
    Backup(backup::Backup),
    /// Put a backup in the place of the database, and begin a new epoch
    Restore(restore::Restore),
    /// What a restored database must not bring back to life
    #[command(subcommand)]
    Epoch(epoch::EpochCommand),
    /// The settings
    #[command(subcommand)]
    Config(config::ConfigCommand),
}

/// Runs the command that `arguments` name (the first is the program). The exit code is 0 when it did
/// what was asked, 1 when it could not, and 2 when the command or the configuration is wrong.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        // Help and version come this way too, with exit code 0 and on standard output.
        Err(usage) => {
            usage.print().ok();
            return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2));
        }
    };
    let output = Output::new(if cli.json { Format::Json } else { Format::Text });
    match execute(cli, &output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure::report(&output, &error),
    }
}

fn execute(cli: Cli, output: &Output) -> anyhow::Result<()> {
    let flags = &cli.flags;
    macro_rules! work {
        ($noun:ident, $command:ident) => {
            session::block_on(flags, output, |session| Box::pin($noun::run(session, $command)))
        };
    }
    match cli.command {
        Command::Serve => serve::run(flags, output),
        Command::User(command) => work!(user, command),
        Command::Client(command) => work!(client, command),
        Command::Api(command) => work!(api, command),
        Command::Role(command) => work!(role, command),
        Command::Group(command) => work!(group, command),
        Command::ApiKey(command) => work!(api_key, command),
        Command::Session(command) => work!(browser_session, command),
        Command::Grant(command) => work!(grant, command),
        Command::Keys(command) => work!(keys, command),
        Command::Audit(command) => work!(audit, command),
        Command::Plan(file) => declare::plan(flags, output, &file).map_err(Failure::not_pending),
        Command::Apply(arguments) => declare::apply(flags, output, arguments),
        Command::Drift(file) => declare::drift(flags, output, &file).map_err(Failure::not_pending),
        Command::Backup(arguments) => backup::run(flags, output, &arguments),
        Command::Restore(arguments) => restore::run(flags, output, &arguments),
        Command::Epoch(command) => work!(epoch, command),
        Command::Config(command) => config::run(flags, output, &command),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        super::Cli::command().debug_assert();
    }

    /// A password on the command line is seen by every user of the machine.
    #[test]
    fn no_argument_takes_a_password_or_a_secret() {
        fn walk(command: &clap::Command) {
            for argument in command.get_arguments() {
                let name = argument.get_id().as_str();
                let secret = name.contains("password") || name.contains("secret");
                let takes_value = argument.get_action().takes_values();
                assert!(!(secret && takes_value), "{} {name}", command.get_name());
            }
            command.get_subcommands().for_each(walk);
        }
        walk(&super::Cli::command());
    }
}
