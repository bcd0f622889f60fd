//! `doorward epoch show|begin`.

use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{moment, output::fields, secret_input::confirm, session::Session};
use crate::{
    service::epoch,
    store::epoch::Ended,
    types::{Timestamp, epoch::DatabaseEpoch},
};

/// What a restored database must not bring back to life
#[derive(Debug, Subcommand)]
pub(super) enum EpochCommand {
    /// Since when the database has been the one in use
    Show,
    /// End every session, code and access token, after a restore by the database's own tools
    Begin(Begin),
}

#[derive(Debug, Args)]
pub(super) struct Begin {
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Runs the command.
pub(super) async fn run(session: Arc<Session<'_>>, command: EpochCommand) -> anyhow::Result<()> {
    match command {
        EpochCommand::Show => {
            let current = session.ctx.epoch.get();
            session
                .output
                .answer(&json!({ "epoch": value(current) }), || fields(&[("since", text(current))]))
        }
        EpochCommand::Begin(arguments) => begin(&session, &arguments).await,
    }
}

async fn begin(session: &Session<'_>, arguments: &Begin) -> anyhow::Result<()> {
    confirm("Begin a new epoch? Every session and access token ends.", arguments.yes)?;
    let (current, counts) = epoch::begin(&session.ctx, Session::ACTOR, &session.origin).await?;
    let answer = json!({ "epoch": value(current), "ended": ended(&counts) });
    session.output.answer(&answer, || {
        fields(&[("epoch since", text(current)), ("ended", ended_text(&counts))])
    })
}

/// When the epoch began, for programs: seconds since 1970, or null for the first one.
pub(super) fn value(epoch: DatabaseEpoch) -> Value {
    epoch.began().map(Timestamp::unix).into()
}

/// The same for people.
pub(super) fn text(epoch: DatabaseEpoch) -> String {
    epoch.began().map_or_else(|| "the first start".to_owned(), moment::text)
}

/// What ended, for programs.
pub(super) fn ended(counts: &Ended) -> Value {
    json!({
        "sessions": counts.sessions,
        "authorization_codes": counts.codes,
    })
}

/// The same for people.
pub(super) fn ended_text(counts: &Ended) -> String {
    format!(
        "{} sessions\n{} authorization codes\nevery access token",
        counts.sessions, counts.codes
    )
}
