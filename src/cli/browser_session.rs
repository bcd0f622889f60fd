//! `doorward session …`: who is signed in.

use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    failure::Failure, moment, output::table, secret_input::confirm, session::Session, user,
};
use crate::{
    identity::session::BrowserSession,
    service::browser_session,
    types::{SessionId, UserId},
};

/// Who is signed in
#[derive(Debug, Subcommand)]
pub(super) enum SessionCommand {
    /// List the browser sessions that live
    List(List),
    /// End a browser session, with what hangs from it alone
    End(End),
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// Those of one user: username, e-mail address or id
    #[arg(long, value_name = "USER")]
    user: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct End {
    /// The id of the session
    id: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Runs the command.
pub(super) async fn run(session: Arc<Session<'_>>, command: SessionCommand) -> anyhow::Result<()> {
    let session = &*session;
    match command {
        SessionCommand::List(List { user: None }) => list(session, None).await,
        SessionCommand::List(List { user: Some(name) }) => {
            let user = user::find(session, &name).await?;
            list(session, Some(user.id)).await
        }
        SessionCommand::End(arguments) => end(session, &arguments).await,
    }
}

async fn list(session: &Session<'_>, user: Option<UserId>) -> anyhow::Result<()> {
    let mut all: Vec<BrowserSession> = Vec::new();
    loop {
        let after = all.last().map(|found| found.id);
        let limit = browser_session::MAX_PAGE;
        let page = browser_session::list(&session.ctx, user, after, limit).await?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    let values: Vec<Value> = all.iter().map(value).collect();
    session.output.answer(&values, || {
        let row = |found: &BrowserSession| {
            let (seen, until) = (moment::text(found.last_seen_at), moment::text(found.expires_at));
            let from = found.address.clone().unwrap_or_default();
            [found.id.to_string(), found.user_id.to_string(), seen, until, from]
        };
        let rows: Vec<[String; 5]> = all.iter().map(row).collect();
        table(["ID", "USER", "LAST SEEN", "EXPIRES", "ADDRESS"], &rows)
    })
}

async fn end(session: &Session<'_>, arguments: &End) -> anyhow::Result<()> {
    let id: SessionId = arguments.id.parse().map_err(|_| {
        let text = format!("`{}` is no id of a session", arguments.id);
        Failure::usage(text).hint("`session list` shows it")
    })?;
    confirm(&format!("End the session {id}?"), arguments.yes)?;
    let (ctx, origin) = (&session.ctx, &session.origin);
    if !browser_session::end_by(ctx, id, Session::ACTOR, origin).await? {
        let text = format!("there is no session `{id}` that lives");
        return Err(Failure::failed(text).into());
    }
    session.output.answer(&json!({ "id": id.to_string() }), || format!("Ended {id}."))
}

fn value(found: &BrowserSession) -> Value {
    json!({
        "id": found.id.to_string(),
        "user": found.user_id.to_string(),
        "auth_time": found.authentication.auth_time.unix(),
        "acr": found.authentication.acr,
        "created_at": found.created_at.unix(),
        "last_seen_at": found.last_seen_at.unix(),
        "expires_at": found.expires_at.unix(),
        "address": found.address,
        "user_agent": found.user_agent,
    })
}
