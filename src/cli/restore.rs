//! `doorward restore --from FILE`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use serde_json::json;

use super::{
    epoch,
    failure::Failure,
    output::{Output, fields},
    secret_input::confirm,
};
use crate::{
    config::{self, Flags},
    server::restore::{self, RestoreError, Restored},
};

/// Put a backup in the place of the database, and begin a new epoch
#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The backup
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Runs the command.
pub(super) fn run(flags: &Flags, output: &Output, arguments: &Restore) -> anyhow::Result<()> {
    let config = config::load_from_process(flags).map_err(Failure::usage)?;
    let question = format!(
        "Put {} in the place of {}? Every session and access token ends.",
        arguments.from.display(),
        config.database_url()
    );
    confirm(&question, arguments.yes)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the runtime does not start")?;
    let restored = runtime.block_on(restore::restore(&config, &arguments.from));
    answer(output, &restored.map_err(explained)?)
}

fn answer(output: &Output, restored: &Restored) -> anyhow::Result<()> {
    let replaced = restored.replaced.as_ref().map(|path| path.display().to_string());
    let value = json!({
        "database": restored.database.display().to_string(),
        "replaced": replaced,
        "epoch": epoch::value(restored.epoch),
        "ended": epoch::ended(&restored.ended),
    });
    output.answer(&value, || {
        fields(&[
            ("database", restored.database.display().to_string()),
            ("replaced one", replaced.unwrap_or_default()),
            ("epoch since", epoch::text(restored.epoch)),
            ("ended", epoch::ended_text(&restored.ended)),
        ])
    })
}

/// The failure, and how to go on.
fn explained(error: RestoreError) -> anyhow::Error {
    let hint = match &error {
        RestoreError::Postgres => "restore with pg_restore, then run `doorward epoch begin`",
        RestoreError::NotWhole(_) => "make backups with `doorward backup`",
        RestoreError::InUse(_) => "nothing was changed",
        RestoreError::NotSqlite(_)
        | RestoreError::NotOurs(_)
        | RestoreError::Damaged(_)
        | RestoreError::Store(_)
        | RestoreError::Open(_)
        | RestoreError::Epoch(_)
        | RestoreError::File(_) => "nothing was changed: the database is as it was",
    };
    Failure::failed(error).hint(hint).into()
}
