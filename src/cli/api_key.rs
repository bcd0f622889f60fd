//! `doorward api-key …`: long-lived credentials of users and machines for calling APIs.

use std::{sync::Arc, time::Duration};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    failure::Failure,
    moment,
    output::{fields, table},
    secret_input::confirm,
    session::Session,
    user,
};
use crate::{
    identity::{
        AddressList,
        api_key::{ApiKey, Owner},
    },
    service::api_keys::{self, ApiKeyError, Created, NewApiKey},
    types::{ApiKeyId, ClientId, Scope, Timestamp},
};

/// The keys that users and machines call APIs with
#[derive(Debug, Subcommand)]
pub(super) enum ApiKeyCommand {
    /// Make a key; its text is shown once
    Create(Create),
    /// List the keys of a user or a machine
    List(Whose),
    /// Show a key, without its secret
    Show(Id),
    /// Put a new key in the place of another, which lives on for a while
    Rotate(Rotate),
    /// Revoke a key: it counts no more, at once
    Revoke(Revoke),
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Whose {
    /// The user: username, e-mail address or id
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// The machine: its client_id
    #[arg(long, value_name = "CLIENT_ID")]
    client: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Create {
    #[command(flatten)]
    whose: Whose,
    /// What the owner calls it
    #[arg(long)]
    name: String,
    /// A permission that the owner holds (repeatable); `roles` and `groups` let APIs hear of these
    #[arg(long = "permission", value_name = "NAME", required = true)]
    permissions: Vec<String>,
    /// How long it lives [default: the setting api_keys.default_lifetime, 90d]
    #[arg(long, value_parser = moment::parse_span, value_name = "SPAN")]
    lifetime: Option<Duration>,
    /// An address or a network that it may be used from (repeatable) [default: anywhere]
    #[arg(long = "allow-address", value_name = "NETWORK")]
    addresses: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct Id {
    /// The id of the key, which is the first part of its text after `dw_`
    id: String,
}

#[derive(Debug, Args)]
pub(super) struct Rotate {
    /// The id of the key
    id: String,
    /// How long the old key lives on
    #[arg(long, value_parser = moment::parse_span, default_value = "24h", value_name = "SPAN")]
    overlap: Duration,
}

#[derive(Debug, Args)]
pub(super) struct Revoke {
    /// The id of the key
    id: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Runs the command.
pub(super) async fn run(session: Arc<Session<'_>>, command: ApiKeyCommand) -> anyhow::Result<()> {
    let session = &*session;
    match command {
        ApiKeyCommand::Create(arguments) => create(session, arguments).await,
        ApiKeyCommand::List(whose) => list(session, &whose).await,
        ApiKeyCommand::Show(Id { id }) => show(session, &id).await,
        ApiKeyCommand::Rotate(arguments) => rotate(session, &arguments).await,
        ApiKeyCommand::Revoke(arguments) => revoke(session, &arguments).await,
    }
}

async fn create(session: &Session<'_>, arguments: Create) -> anyhow::Result<()> {
    let owner = owner(session, &arguments.whose).await?;
    let permissions = Scope::parse(&arguments.permissions.join(" "))
        .map_err(|_| Failure::usage("a permission is a name such as notes:read"))?;
    let addresses = AddressList::parse(&arguments.addresses.join(" ")).map_err(Failure::usage)?;
    let Create { name, lifetime, .. } = arguments;
    let new = NewApiKey { name, permissions, lifetime, addresses };
    let (ctx, origin) = (&session.ctx, &session.origin);
    let created = api_keys::create(ctx, owner, new, Session::ACTOR, origin).await;
    shown_once(session, &created.map_err(explain)?, "Made")
}

async fn rotate(session: &Session<'_>, arguments: &Rotate) -> anyhow::Result<()> {
    let (id, overlap) = (key_id(&arguments.id)?, arguments.overlap);
    let (ctx, origin) = (&session.ctx, &session.origin);
    let rotated = api_keys::rotate(ctx, id, None, overlap, Session::ACTOR, origin).await;
    shown_once(session, &rotated.map_err(explain)?, "Rotated")
}

async fn list(session: &Session<'_>, whose: &Whose) -> anyhow::Result<()> {
    let owner = owner(session, whose).await?;
    let mut all: Vec<ApiKey> = Vec::new();
    loop {
        let after = all.last().map(|key| key.id);
        let page = api_keys::list(&session.ctx, &owner, after, api_keys::MAX_PAGE).await?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    let values: Vec<Value> = all.iter().map(value).collect();
    session.output.answer(&values, || {
        let row = |key: &ApiKey| {
            let used = key.last_used_at.map(moment::text).unwrap_or_default();
            let state = state(session, key).to_owned();
            [key.id.to_string(), key.name.clone(), state, moment::text(key.expires_at), used]
        };
        let rows: Vec<[String; 5]> = all.iter().map(row).collect();
        table(["ID", "NAME", "STATE", "EXPIRES", "LAST USED"], &rows)
    })
}

async fn show(session: &Session<'_>, id: &str) -> anyhow::Result<()> {
    let key = api_keys::find(&session.ctx, key_id(id)?, None).await.map_err(explain)?;
    session.output.answer(&value(&key), || fields(&lines(session, &key)))
}

async fn revoke(session: &Session<'_>, arguments: &Revoke) -> anyhow::Result<()> {
    let id = key_id(&arguments.id)?;
    let key = api_keys::find(&session.ctx, id, None).await.map_err(explain)?;
    confirm(&format!("Revoke the key {} ({})?", key.name, key.id), arguments.yes)?;
    let (ctx, origin) = (&session.ctx, &session.origin);
    api_keys::revoke(ctx, id, None, Session::ACTOR, origin).await.map_err(explain)?;
    session.output.answer(&json!({ "id": id.to_string() }), || format!("Revoked {}.", key.name))
}

/// The answer with the one copy of the text.
fn shown_once(session: &Session<'_>, created: &Created, done: &str) -> anyhow::Result<()> {
    let Created { key, text } = created;
    let mut answer = value(key);
    if let Some(members) = answer.as_object_mut() {
        members.insert("key".to_owned(), json!(text.expose()));
    }
    session.output.answer(&answer, || {
        let mut lines = lines(session, key);
        lines.push(("key", text.expose().clone()));
        format!("{done} {}. The key is shown this once.\n\n{}", key.name, fields(&lines))
    })
}

async fn owner(session: &Session<'_>, whose: &Whose) -> anyhow::Result<Owner> {
    if let Some(client) = &whose.client {
        let id = ClientId::parse(client).map_err(Failure::usage)?;
        return Ok(Owner::Client(id));
    }
    let name = whose.user.as_deref().unwrap_or_default();
    Ok(Owner::User(user::find(session, name).await?.id))
}

fn key_id(text: &str) -> Result<ApiKeyId, Failure> {
    text.parse().map_err(|_| {
        let hint = "it is the first part of the key after `dw_`, and `api-key list` shows it";
        Failure::usage(format!("`{text}` is no id of an API key")).hint(hint)
    })
}

/// A wrong argument, or something that cannot be.
fn explain(error: ApiKeyError) -> anyhow::Error {
    match error {
        ApiKeyError::Name
        | ApiKeyError::Lifetime(_)
        | ApiKeyError::Overlap(_)
        | ApiKeyError::NoPermission => Failure::usage(error).into(),
        ApiKeyError::NotHeld(_) => {
            let hint = "give the owner a role with it: doorward role grant ROLE --user USER";
            Failure::failed(error).hint(hint).into()
        }
        ApiKeyError::TooMany(_)
        | ApiKeyError::Made
        | ApiKeyError::NoOwner
        | ApiKeyError::NotAServiceClient
        | ApiKeyError::NoKey(_)
        | ApiKeyError::Dead(_) => Failure::failed(error).into(),
        ApiKeyError::Service(error) => error.into(),
    }
}

fn state(session: &Session<'_>, key: &ApiKey) -> &'static str {
    key.state(session.ctx.now()).as_str()
}

fn value(key: &ApiKey) -> Value {
    let (user, client) = match &key.owner {
        Owner::User(id) => (Some(id.to_string()), None),
        Owner::Client(id) => (None, Some(id.to_string())),
    };
    json!({
        "id": key.id.to_string(),
        "name": key.name,
        "user": user,
        "client": client,
        "permissions": key.permissions.iter().collect::<Vec<_>>(),
        "addresses": key.addresses.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "created_at": key.created_at.unix(),
        "expires_at": key.expires_at.unix(),
        "last_used_at": key.last_used_at.map(Timestamp::unix),
        "revoked_at": key.revoked_at.map(Timestamp::unix),
        "successor": key.successor.map(|id| id.to_string()),
    })
}

fn lines(session: &Session<'_>, key: &ApiKey) -> Vec<(&'static str, String)> {
    let owner = match &key.owner {
        Owner::User(id) => format!("user {id}"),
        Owner::Client(id) => format!("client {id}"),
    };
    let addresses = if key.addresses.is_empty() {
        "anywhere".to_owned()
    } else {
        key.addresses.to_string().replace(' ', "\n")
    };
    vec![
        ("name", key.name.clone()),
        ("owner", owner),
        ("state", state(session, key).to_owned()),
        ("permissions", key.permissions.iter().collect::<Vec<_>>().join("\n")),
        ("allowed from", addresses),
        ("created", moment::text(key.created_at)),
        ("expires", moment::text(key.expires_at)),
        ("last used", key.last_used_at.map(moment::text).unwrap_or_default()),
        ("id", key.id.to_string()),
    ]
}
