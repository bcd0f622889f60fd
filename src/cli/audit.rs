//! `doorward audit list|verify`.

use std::sync::Arc;

use clap::{Args, Subcommand, builder::PossibleValuesParser, builder::TypedValueParser};
use serde_json::{Value, json};

use super::{failure::Failure, moment, output::table, session::Session};
use crate::{
    service::{
        audit_log::{self, AuditFilter, AuditRecord, ChainCheck},
        users,
    },
    types::{Timestamp, audit::Action},
};

/// Who did what, and whether the log is whole
#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// List events, the newest last
    List(List),
    /// Check that no event is missing and none was altered
    Verify,
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// By whom: operator, system, anonymous, user:<id>, client:<id>; a username will do
    #[arg(long, value_name = "ACTOR")]
    actor: Option<String>,
    /// About what: user:<id>, client:<id>, session:<id>, grant:<id>, key:<kid>; a username will do
    #[arg(long, value_name = "OBJECT")]
    object: Option<String>,
    /// What happened
    #[arg(long, value_parser = action())]
    action: Option<Action>,
    /// Not before this moment
    #[arg(long, value_parser = moment::parse, value_name = "MOMENT")]
    from: Option<Timestamp>,
    /// Before this moment
    #[arg(long, value_parser = moment::parse, value_name = "MOMENT")]
    until: Option<Timestamp>,
    /// Events after the one with this number, oldest first, instead of the newest
    #[arg(long, value_name = "SEQ")]
    after: Option<i64>,
    /// At most so many events
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
}

fn action() -> impl TypedValueParser<Value = Action> {
    PossibleValuesParser::new(Action::ALL.iter().map(|action| action.as_str())).try_map(|name| {
        Action::ALL.iter().copied().find(|action| action.as_str() == name).ok_or("unknown action")
    })
}

/// Runs the command.
pub(super) async fn run(session: Arc<Session<'_>>, command: AuditCommand) -> anyhow::Result<()> {
    match command {
        AuditCommand::List(arguments) => list(&session, arguments).await,
        AuditCommand::Verify => verify(&session).await,
    }
}

async fn list(session: &Session<'_>, arguments: List) -> anyhow::Result<()> {
    let filter = AuditFilter {
        actor: subject(session, arguments.actor).await?,
        object: subject(session, arguments.object).await?,
        action: arguments.action,
        from: arguments.from,
        until: arguments.until,
    };
    let ctx = &session.ctx;
    let records = match arguments.after {
        Some(after) => audit_log::list(ctx, &filter, after, arguments.limit).await?,
        None => audit_log::latest(ctx, &filter, arguments.limit).await?,
    };
    let values = records.iter().map(value).collect::<Result<Vec<Value>, _>>()?;
    session.output.answer(&values, || {
        let rows: Vec<[String; 6]> = records
            .iter()
            .map(|record| {
                [
                    record.seq.to_string(),
                    moment::text(record.at),
                    record.actor.clone(),
                    record.action.clone(),
                    record.object.clone(),
                    record.outcome.clone(),
                ]
            })
            .collect();
        table(["SEQ", "TIME", "ACTOR", "ACTION", "OBJECT", "OUTCOME"], &rows)
    })
}

/// The text form of an actor or object; a name without a kind is looked up among the users.
async fn subject(session: &Session<'_>, text: Option<String>) -> anyhow::Result<Option<String>> {
    let Some(text) = text else { return Ok(None) };
    let whole = text.contains(':')
        || matches!(text.as_str(), "operator" | "system" | "anonymous" | "server");
    if whole {
        return Ok(Some(text));
    }
    let user = users::find(&session.ctx, &text).await.map_err(|error| {
        Failure::failed(format!("`{text}`: {error}"))
            .hint("write a user's name, or the whole form, such as client:notes")
    })?;
    Ok(Some(format!("user:{}", user.id)))
}

fn value(record: &AuditRecord) -> Result<Value, serde_json::Error> {
    let detail: Value = serde_json::from_str(&record.detail)?;
    Ok(json!({
        "seq": record.seq,
        "id": record.id.to_string(),
        "at": record.at.unix(),
        "actor": record.actor,
        "action": record.action,
        "object": record.object,
        "outcome": record.outcome,
        "request_id": record.request_id,
        "address": record.address,
        "user_agent": record.user_agent,
        "detail": detail,
        "hash": hex(&record.hash),
    }))
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |text, byte| format!("{text}{byte:02x}"))
}

async fn verify(session: &Session<'_>) -> anyhow::Result<()> {
    match audit_log::verify(&session.ctx).await? {
        ChainCheck::Intact { events } => {
            session.output.answer(&json!({ "intact": true, "events": events }), || {
                format!("The audit log is whole: {events} events, each as it was written.")
            })
        }
        ChainCheck::Broken { seq } => Err(Failure::failed(format!(
            "the audit log is broken from event {seq} on: it was altered, or events are missing"
        ))
        .hint("compare with a backup; from this event on the log cannot be trusted")
        .into()),
    }
}
