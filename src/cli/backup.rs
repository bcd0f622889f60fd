//! `doorward backup --to FILE`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{failure::Failure, output::Output, session};
use crate::{
    config::{self, DatabaseUrl, Flags},
    server::{backup, random::SystemRandom},
};

/// Copy the database into a file, while the server runs
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The new file; one that exists is never replaced
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

/// Runs the command.
pub(super) fn run(flags: &Flags, output: &Output, arguments: &Backup) -> anyhow::Result<()> {
    let config = config::load_from_process(flags).map_err(Failure::usage)?;
    let DatabaseUrl::Sqlite(database) = config.database_url() else {
        return Err(Failure::failed("this installation is on PostgreSQL")
            .hint("use its own tools: pg_dump, or a base backup with archived logs")
            .into());
    };
    let (to, key) = (arguments.to.clone(), config.master_key_file());
    session::block_on(flags, output, |session| {
        Box::pin(async move {
            let bytes = backup::back_up(&database, &to, &SystemRandom).await?;
            let value = json!({ "file": to.display().to_string(), "bytes": bytes });
            session.output.answer(&value, || {
                format!(
                    "{}: {bytes} bytes. It is of no use without {}: keep a copy of that in another \
                     place.",
                    to.display(),
                    key.display()
                )
            })
        })
    })
}
