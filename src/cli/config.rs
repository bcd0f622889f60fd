//! `doorward config check|example`.

use std::collections::BTreeMap;

use clap::Subcommand;
use serde_json::json;

use super::{
    failure::Failure,
    output::{Output, fields},
};
use crate::config::{self, Flags};

/// The settings
#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Read the configuration as `serve` would, and say what it changes
    Check,
    /// Print every setting with its help and its default, as a file to start from
    Example,
}

/// Runs the command. Neither needs a database.
pub(super) fn run(flags: &Flags, output: &Output, command: &ConfigCommand) -> anyhow::Result<()> {
    match command {
        ConfigCommand::Check => check(flags, output),
        ConfigCommand::Example => {
            let example = config::example();
            output.answer(&json!({ "example": example }), || example.clone())
        }
    }
}

fn check(flags: &Flags, output: &Output) -> anyhow::Result<()> {
    let config = config::load_from_process(flags).map_err(|error| {
        Failure::usage(error).hint("`doorward config example` prints every setting")
    })?;
    let changed: BTreeMap<String, String> = config::changed(&config).into_iter().collect();
    let value = json!({
        "issuer": config.issuer.as_str(),
        "listen": config.listen.to_string(),
        "database": config.database_url().to_string(),
        "master_key_file": config.master_key_file().display().to_string(),
        "changed": changed,
    });
    output.answer(&value, || {
        let head = fields(&[
            ("issuer", config.issuer.to_string()),
            ("listen", config.listen.to_string()),
            ("database", config.database_url().to_string()),
            ("master key", config.master_key_file().display().to_string()),
        ]);
        let rows: Vec<(&str, String)> =
            changed.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        let differs = match rows.as_slice() {
            [] => "Every setting is at its default.\n".to_owned(),
            rows => format!("Not at their defaults:\n\n{}", fields(rows)),
        };
        format!("The configuration is sound.\n\n{head}\n{differs}")
    })
}
