//! `doorward client …`.

mod metadata;
pub(super) mod preset;
mod show;

use std::{sync::Arc, time::Duration};

use clap::{Args, Subcommand};
use serde_json::json;

use self::{
    metadata::{ClearField, MetadataArgs},
    preset::Preset,
    show::{describe, next_steps, row, value},
};
use super::{
    failure::Failure, moment, nearest::nearest, output::table, secret_input, session::Session,
};
use crate::{
    protocol::client::Client,
    service::client_registry::{self as registry, ClientError, NewSecret, Registered, Switched},
    types::ClientId,
};

/// The apps, machines and APIs
#[derive(Debug, Subcommand)]
pub(super) enum ClientCommand {
    /// Register a client; its secret is shown once
    Create(Box<Create>),
    /// List all clients
    List,
    /// Show a client
    Show(Id),
    /// Change a client; a list that is named replaces the old one
    Update(Box<Update>),
    /// Make a new secret; the old one works on for a while
    RotateSecret(RotateSecret),
    /// Stop a client at once: its tokens stop working
    Disable(Id),
    /// Let a disabled client work again
    Enable(Id),
    /// Delete a client for ever
    Delete(Delete),
}

#[derive(Debug, Args)]
pub(super) struct Id {
    /// The client_id
    client_id: String,
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// The client_id; without it one is made
    #[arg(long, value_name = "CLIENT_ID")]
    id: Option<String>,
    /// What kind of program it is; the other flags change what follows from it
    #[arg(long = "type", value_enum, default_value_t = Preset::Web)]
    preset: Preset,
    #[command(flatten)]
    metadata: MetadataArgs,
    /// Bring the secret along, on the first line of standard input: at least 32 characters
    #[arg(long)]
    secret_stdin: bool,
}

#[derive(Debug, Args)]
pub(super) struct Update {
    /// The client_id
    client_id: String,
    #[command(flatten)]
    metadata: MetadataArgs,
    /// Back to the default: forget what was registered; may be repeated
    #[arg(long, value_enum, value_name = "FIELD")]
    clear: Vec<ClearField>,
    /// Bring a new secret along, on the first line of standard input: at least 32 characters
    #[arg(long)]
    secret_stdin: bool,
}

#[derive(Debug, Args)]
pub(super) struct RotateSecret {
    /// The client_id
    client_id: String,
    /// How long the old secret works on
    #[arg(long, value_parser = moment::parse_span, default_value = "24h", value_name = "SPAN")]
    overlap: Duration,
    /// Bring the secret along, on the first line of standard input: at least 32 characters
    #[arg(long)]
    secret_stdin: bool,
}

#[derive(Debug, Args)]
pub(super) struct Delete {
    /// The client_id
    client_id: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Runs the command.
pub(super) async fn run(session: Arc<Session<'_>>, command: ClientCommand) -> anyhow::Result<()> {
    match command {
        ClientCommand::Create(arguments) => create(&session, *arguments).await,
        ClientCommand::List => list(&session).await,
        ClientCommand::Show(id) => {
            let client = find(&session, &id.client_id).await?;
            session.output.answer(&value(&client, None)?, || describe(&client, None))
        }
        ClientCommand::Update(arguments) => update(&session, *arguments).await,
        ClientCommand::RotateSecret(arguments) => rotate_secret(&session, &arguments).await,
        ClientCommand::Disable(id) => disable(&session, &id.client_id).await,
        ClientCommand::Enable(id) => enable(&session, &id.client_id).await,
        ClientCommand::Delete(arguments) => delete(&session, &arguments).await,
    }
}

async fn create(session: &Session<'_>, arguments: Create) -> anyhow::Result<()> {
    let mut metadata = arguments.preset.metadata();
    arguments.metadata.apply(&mut metadata)?;
    arguments.preset.check(&metadata)?;
    let id = arguments.id.as_deref().map(ClientId::parse).transpose().map_err(Failure::usage)?;
    let secret = new_secret(arguments.secret_stdin)?;
    let (ctx, origin) = (&session.ctx, &session.origin);
    let created = registry::create(ctx, id, metadata, secret, Session::ACTOR, origin).await;
    let registered = created.map_err(explain)?;
    session.output.answer(&registered_value(&registered)?, || {
        let client = &registered.client;
        let text = describe(client, registered.secret.as_ref());
        let next = next_steps(client, &session.ctx.protocol);
        format!("Registered {}.\n\n{text}\n{next}", client.id)
    })
}

fn new_secret(stdin: bool) -> anyhow::Result<NewSecret> {
    if stdin {
        secret_input::first_line("secret").map(NewSecret::Own)
    } else {
        Ok(NewSecret::Generated)
    }
}

fn registered_value(registered: &Registered) -> anyhow::Result<serde_json::Value> {
    value(&registered.client, registered.secret.as_ref())
}

async fn list(session: &Session<'_>) -> anyhow::Result<()> {
    let mut all: Vec<Client> = Vec::new();
    loop {
        let after = all.last().map(|client| client.id.clone());
        let page = registry::list(&session.ctx, after.as_ref(), registry::MAX_PAGE).await?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    let values = all.iter().map(|client| value(client, None)).collect::<Result<Vec<_>, _>>()?;
    session.output.answer(&values, || {
        if all.is_empty() {
            return "There are no clients. Register one: doorward client create --id notes \
                    --redirect-uri http://localhost:3000/callback"
                .to_owned();
        }
        let rows: Vec<[String; 5]> = all.iter().map(row).collect();
        table(["CLIENT_ID", "NAME", "AUTHENTICATION", "GRANTS", "STATUS"], &rows)
    })
}

async fn update(session: &Session<'_>, arguments: Update) -> anyhow::Result<()> {
    let before = find(session, &arguments.client_id).await?;
    let mut metadata = before.metadata.clone();
    for field in &arguments.clear {
        field.clear(&mut metadata);
    }
    arguments.metadata.apply(&mut metadata)?;
    if metadata == before.metadata && !arguments.secret_stdin {
        let failure = Failure::usage("nothing would change");
        return Err(failure
            .hint("`doorward client update --help` lists what can be changed")
            .into());
    }
    let secret = new_secret(arguments.secret_stdin)?;
    let (ctx, origin) = (&session.ctx, &session.origin);
    let updated = registry::update(ctx, &before.id, metadata, secret, Session::ACTOR, origin).await;
    let registered = updated.map_err(explain)?;
    session.output.answer(&registered_value(&registered)?, || {
        let text = describe(&registered.client, registered.secret.as_ref());
        format!("Updated {}.\n\n{text}", registered.client.id)
    })
}

async fn rotate_secret(session: &Session<'_>, arguments: &RotateSecret) -> anyhow::Result<()> {
    let id = find(session, &arguments.client_id).await?.id;
    let secret = new_secret(arguments.secret_stdin)?;
    let (ctx, origin) = (&session.ctx, &session.origin);
    let overlap = arguments.overlap;
    let rotated = registry::rotate_secret(ctx, &id, secret, overlap, Session::ACTOR, origin).await;
    let registered = rotated.map_err(explain)?;
    session.output.answer(&registered_value(&registered)?, || {
        let until = moment::text(session.ctx.now().plus(overlap));
        let text = describe(&registered.client, registered.secret.as_ref());
        format!("{id} has a new secret; the old one works until {until}.\n\n{text}")
    })
}

async fn disable(session: &Session<'_>, id: &str) -> anyhow::Result<()> {
    let id = find(session, id).await?.id;
    let (ctx, origin) = (&session.ctx, &session.origin);
    let (grants, text) = match registry::disable(ctx, &id, Session::ACTOR, origin).await? {
        Switched::Now { grants } => (grants, format!("{id} is disabled. Ended: {grants} grants.")),
        Switched::Already => (0, format!("{id} was disabled.")),
    };
    let value =
        json!({ "client_id": id.as_str(), "status": "disabled", "ended": { "grants": grants } });
    session.output.answer(&value, || text)
}

async fn enable(session: &Session<'_>, id: &str) -> anyhow::Result<()> {
    let id = find(session, id).await?.id;
    let (ctx, origin) = (&session.ctx, &session.origin);
    let text = match registry::enable(ctx, &id, Session::ACTOR, origin).await? {
        Switched::Now { .. } => format!("{id} works again; its users sign in anew."),
        Switched::Already => format!("{id} was enabled."),
    };
    session.output.answer(&json!({ "client_id": id.as_str(), "status": "enabled" }), || text)
}

async fn delete(session: &Session<'_>, arguments: &Delete) -> anyhow::Result<()> {
    let id = find(session, &arguments.client_id).await?.id;
    secret_input::confirm(&format!("Delete {id} for ever?"), arguments.yes)?;
    registry::delete(&session.ctx, &id, Session::ACTOR, &session.origin).await?;
    session.output.answer(&json!({ "client_id": id.as_str() }), || {
        format!("Deleted {id}. The client_id will not be given to another client.")
    })
}

/// The client, or a failure that names the nearest one.
async fn find(session: &Session<'_>, text: &str) -> anyhow::Result<Client> {
    let id = ClientId::parse(text).map_err(Failure::usage)?;
    match registry::find(&session.ctx, &id).await {
        Ok(client) => Ok(client),
        Err(ClientError::NotFound) => {
            let some = registry::list(&session.ctx, None, registry::MAX_PAGE).await?;
            let ids = some.iter().map(|client| client.id.as_str());
            let failure = Failure::failed(format!("there is no client `{id}`"));
            Err(failure.did_you_mean(nearest(text, ids)).into())
        }
        Err(error) => Err(error.into()),
    }
}

/// The failure with a way to mend it.
fn explain(error: ClientError) -> anyhow::Error {
    match &error {
        ClientError::Metadata(rule) => {
            let failure = Failure::usage(&error);
            match metadata::flag_of(&rule.to_string()) {
                Some(flag) => failure.hint(format!("the flag is {flag}")).into(),
                None => failure.into(),
            }
        }
        ClientError::NoSecret(_) | ClientError::BadSecret | ClientError::IdLikeSub => {
            Failure::usage(&error).into()
        }
        ClientError::IdTaken | ClientError::Stale(_) | ClientError::NotFound => {
            Failure::failed(&error).into()
        }
        ClientError::Service(_) => error.into(),
    }
}
