//! `doorward api …`: the APIs that tokens are for. RFC 8707.

use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    access::explain,
    failure::Failure,
    output::{fields, table},
    secret_input::confirm,
    session::Session,
};
use crate::{
    protocol::api::Api,
    service::apis::{self, ApiUpdate, NewApi},
    types::Status,
};

/// The APIs that tokens are for
#[derive(Debug, Subcommand)]
pub(super) enum ApiCommand {
    /// Make an API with its permissions
    Create(Create),
    /// List all APIs
    List,
    /// Show an API
    Show(Audience),
    /// Change an API: its name, its permissions, whether tokens are issued for it
    Update(Update),
    /// Delete an API with its permissions and its roles
    Delete(Delete),
}

#[derive(Debug, Args)]
pub(super) struct Audience {
    /// The audience, an absolute URI
    audience: String,
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// The audience, an absolute URI that clients name and tokens carry; it never changes
    audience: String,
    /// The name that people see
    #[arg(long)]
    name: String,
    /// A permission and what it allows, as `notes:read=Read notes`; may be repeated
    #[arg(long = "permission", value_name = "NAME[=WORDS]")]
    permissions: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct Update {
    /// The audience
    audience: String,
    /// Another name
    #[arg(long)]
    name: Option<String>,
    /// A permission to add, or to give other words; may be repeated
    #[arg(long = "permission", value_name = "NAME[=WORDS]")]
    permissions: Vec<String>,
    /// A permission to take away, from every role as well; may be repeated
    #[arg(long = "remove-permission", value_name = "NAME")]
    remove: Vec<String>,
    /// Issue no more tokens for it
    #[arg(long, conflicts_with = "enable")]
    disable: bool,
    /// Issue tokens for it again
    #[arg(long)]
    enable: bool,
}

#[derive(Debug, Args)]
pub(super) struct Delete {
    /// The audience
    audience: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Runs the command.
pub(super) async fn run(session: Arc<Session<'_>>, command: ApiCommand) -> anyhow::Result<()> {
    match command {
        ApiCommand::Create(arguments) => create(&session, arguments).await,
        ApiCommand::List => list(&session).await,
        ApiCommand::Show(name) => match apis::find(&session.ctx, &name.audience).await {
            Ok(api) => session.output.answer(&value(&api), || describe(&api)),
            Err(error) => Err(explain(&session, error).await),
        },
        ApiCommand::Update(arguments) => update(&session, arguments).await,
        ApiCommand::Delete(arguments) => delete(&session, &arguments).await,
    }
}

async fn create(session: &Session<'_>, arguments: Create) -> anyhow::Result<()> {
    let new = NewApi {
        audience: arguments.audience,
        name: arguments.name,
        permissions: arguments.permissions.iter().map(|text| with_words(text)).collect(),
    };
    match apis::create(&session.ctx, new, Session::ACTOR, &session.origin).await {
        Ok(api) => session.output.answer(&value(&api), || {
            format!(
                "Created {}.\n\n{}\nGive its permissions to a role: doorward role update ROLE \
                 --permission NAME\n",
                api.name,
                describe(&api)
            )
        }),
        Err(error) => Err(explain(session, error).await),
    }
}

/// `name=words`, or the name alone.
fn with_words(text: &str) -> (String, String) {
    let (name, words) = text.split_once('=').unwrap_or((text, ""));
    (name.to_owned(), words.to_owned())
}

async fn list(session: &Session<'_>) -> anyhow::Result<()> {
    let mut all: Vec<Api> = Vec::new();
    loop {
        let after = all.last().map(|api| api.audience.to_string());
        let page = apis::list(&session.ctx, after.as_deref(), apis::MAX_PAGE).await?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    let values: Vec<Value> = all.iter().map(value).collect();
    session.output.answer(&values, || {
        let row = |api: &Api| {
            let permissions = api.permissions.len().to_string();
            let status = api.status.as_str().to_owned();
            [api.audience.to_string(), api.name.clone(), permissions, status]
        };
        let rows: Vec<[String; 4]> = all.iter().map(row).collect();
        table(["AUDIENCE", "NAME", "PERMISSIONS", "STATUS"], &rows)
    })
}

async fn update(session: &Session<'_>, arguments: Update) -> anyhow::Result<()> {
    let status = match (arguments.enable, arguments.disable) {
        (true, _) => Some(Status::Enabled),
        (false, true) => Some(Status::Disabled),
        (false, false) => None,
    };
    let update = ApiUpdate {
        name: arguments.name,
        status,
        set_permissions: arguments.permissions.iter().map(|text| with_words(text)).collect(),
        remove_permissions: arguments.remove,
    };
    let nothing = update.name.is_none()
        && update.status.is_none()
        && update.set_permissions.is_empty()
        && update.remove_permissions.is_empty();
    if nothing {
        return Err(Failure::usage("nothing to change was named").hint("see --help").into());
    }
    let audience = &arguments.audience;
    match apis::update(&session.ctx, audience, update, Session::ACTOR, &session.origin).await {
        Ok(api) => session.output.answer(&value(&api), || describe(&api)),
        Err(error) => Err(explain(session, error).await),
    }
}

async fn delete(session: &Session<'_>, arguments: &Delete) -> anyhow::Result<()> {
    let audience = &arguments.audience;
    let question = format!("Delete {audience} with its permissions and its roles?");
    confirm(&question, arguments.yes)?;
    match apis::delete(&session.ctx, audience, Session::ACTOR, &session.origin).await {
        Ok(()) => {
            let value = json!({ "audience": audience });
            session.output.answer(&value, || format!("Deleted {audience}."))
        }
        Err(error) => Err(explain(session, error).await),
    }
}

fn value(api: &Api) -> Value {
    json!({
        "id": api.id.to_string(),
        "audience": api.audience,
        "name": api.name,
        "status": api.status.as_str(),
        "built_in": api.built_in,
        "permissions": api.permissions,
    })
}

fn describe(api: &Api) -> String {
    let permission = |(name, words): (&crate::types::Permission, &String)| {
        if words.is_empty() { name.to_string() } else { format!("{name}  {words}") }
    };
    let permissions: Vec<String> = api.permissions.iter().map(permission).collect();
    fields(&[
        ("audience", api.audience.to_string()),
        ("name", api.name.clone()),
        ("status", api.status.as_str().to_owned()),
        ("permissions", permissions.join("\n")),
        ("id", api.id.to_string()),
    ])
}
