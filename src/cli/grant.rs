//! `doorward grant …`: what users allowed apps.

use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    failure::Failure, moment, output::table, secret_input::confirm, session::Session, user,
};
use crate::{
    protocol::grant::{Access, Grant},
    service::grants,
    types::{GrantId, UserId},
};

/// What users allowed apps
#[derive(Debug, Subcommand)]
pub(super) enum GrantCommand {
    /// List the grants that were not revoked
    List(List),
    /// Revoke a grant, with every token under it
    Revoke(Revoke),
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// Those of one user: username, e-mail address or id
    #[arg(long, value_name = "USER")]
    user: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Revoke {
    /// The id of the grant
    id: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Runs the command.
pub(super) async fn run(session: Arc<Session<'_>>, command: GrantCommand) -> anyhow::Result<()> {
    let session = &*session;
    match command {
        GrantCommand::List(List { user: None }) => list(session, None).await,
        GrantCommand::List(List { user: Some(name) }) => {
            let user = user::find(session, &name).await?;
            list(session, Some(user.id)).await
        }
        GrantCommand::Revoke(arguments) => revoke(session, &arguments).await,
    }
}

async fn list(session: &Session<'_>, user: Option<UserId>) -> anyhow::Result<()> {
    let mut all: Vec<Grant> = Vec::new();
    loop {
        let after = all.last().map(|grant| grant.id);
        let page = grants::list(&session.ctx, user, after, grants::MAX_PAGE).await?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    let values: Vec<Value> = all.iter().map(value).collect();
    session.output.answer(&values, || {
        let row = |grant: &Grant| {
            let (user, client) = (grant.user_id.to_string(), grant.client_id.to_string());
            let made = moment::text(grant.created_at);
            [grant.id.to_string(), user, client, made, grant.scope.to_string()]
        };
        let rows: Vec<[String; 5]> = all.iter().map(row).collect();
        table(["ID", "USER", "CLIENT", "MADE", "SCOPE"], &rows)
    })
}

async fn revoke(session: &Session<'_>, arguments: &Revoke) -> anyhow::Result<()> {
    let id: GrantId = arguments.id.parse().map_err(|_| {
        let text = format!("`{}` is no id of a grant", arguments.id);
        Failure::usage(text).hint("`grant list` shows it")
    })?;
    confirm(&format!("Revoke the grant {id}?"), arguments.yes)?;
    if !grants::revoke(&session.ctx, id, Session::ACTOR, &session.origin).await? {
        let text = format!("there is no grant `{id}` that was not revoked");
        return Err(Failure::failed(text).into());
    }
    session.output.answer(&json!({ "id": id.to_string() }), || format!("Revoked {id}."))
}

fn value(grant: &Grant) -> Value {
    json!({
        "id": grant.id.to_string(),
        "user": grant.user_id.to_string(),
        "client_id": grant.client_id.to_string(),
        "session": grant.session_id.to_string(),
        "scope": grant.scope.to_string(),
        "resource": grant.resource.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "offline": match grant.access {
            Access::Offline => true,
            Access::Online => false,
        },
        "created_at": grant.created_at.unix(),
    })
}
