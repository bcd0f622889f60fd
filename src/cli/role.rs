//! `doorward role …`: what roles permit, and who holds them.

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
    identity::role::{
        Role,
        holding::{Holder, Holding},
    },
    protocol::api::Api,
    service::{
        access_error::AccessError,
        apis,
        roles::{self, HolderName, NewRole, RoleUpdate},
    },
    types::Permission,
};

/// What roles permit, and who holds them
#[derive(Debug, Subcommand)]
pub(super) enum RoleCommand {
    /// Make a role
    Create(Create),
    /// List all roles
    List,
    /// Show a role
    Show(RoleName),
    /// List who holds a role, and through which group or role
    Holders(RoleName),
    /// Change what a role permits
    Update(Update),
    /// Delete a role, and take it from everybody
    Delete(Delete),
    /// Give a role to a user, a group or a machine
    Grant(Assignment),
    /// Take a role from a user, a group or a machine
    Revoke(Assignment),
}

#[derive(Debug, Args)]
pub(super) struct RoleName {
    /// The name of the role
    role: String,
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// The name, which tokens tell; it never changes
    role: String,
    /// What it is for
    #[arg(long, default_value = "")]
    description: String,
    /// The audience of the API that it is a role of; without it, a role across APIs
    #[arg(long, value_name = "AUDIENCE")]
    api: Option<String>,
    /// A permission; may be repeated
    #[arg(long = "permission", value_name = "NAME")]
    permissions: Vec<String>,
    /// A role that its holders hold with it; may be repeated
    #[arg(long, value_name = "ROLE")]
    contains: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct Update {
    /// The name of the role
    role: String,
    /// What it is for
    #[arg(long)]
    description: Option<String>,
    /// A permission to add; may be repeated
    #[arg(long = "permission", value_name = "NAME")]
    permissions: Vec<String>,
    /// A permission to take away; may be repeated
    #[arg(long = "remove-permission", value_name = "NAME")]
    remove_permissions: Vec<String>,
    /// A role to contain; may be repeated
    #[arg(long, value_name = "ROLE")]
    contains: Vec<String>,
    /// A role to contain no more; may be repeated
    #[arg(long = "remove-contained", value_name = "ROLE")]
    remove_contains: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct Delete {
    /// The name of the role
    role: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Args)]
pub(super) struct Assignment {
    /// The name of the role
    role: String,
    #[command(flatten)]
    holder: HolderArgs,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct HolderArgs {
    /// A user: the username, e-mail address or id
    #[arg(long)]
    user: Option<String>,
    /// A group, by name
    #[arg(long)]
    group: Option<String>,
    /// A client that acts for itself, by client_id
    #[arg(long)]
    client: Option<String>,
}

/// Runs the command.
pub(super) async fn run(session: Arc<Session<'_>>, command: RoleCommand) -> anyhow::Result<()> {
    let session = &*session;
    let done = match command {
        RoleCommand::Create(arguments) => create(session, arguments).await,
        RoleCommand::List => list(session).await,
        RoleCommand::Show(name) => show(session, &name.role).await,
        RoleCommand::Holders(name) => holders(session, &name.role).await,
        RoleCommand::Update(arguments) => update(session, arguments).await,
        RoleCommand::Delete(arguments) => delete(session, &arguments).await,
        RoleCommand::Grant(arguments) => assign(session, arguments, Assign::Grant).await,
        RoleCommand::Revoke(arguments) => assign(session, arguments, Assign::Revoke).await,
    };
    match done.map_err(anyhow::Error::downcast::<AccessError>) {
        Ok(()) => Ok(()),
        Err(Ok(error)) => Err(explain(session, error).await),
        Err(Err(error)) => Err(error),
    }
}

async fn create(session: &Session<'_>, arguments: Create) -> anyhow::Result<()> {
    let new = NewRole {
        name: arguments.role,
        description: arguments.description,
        api: arguments.api,
        permissions: arguments.permissions,
        contains: arguments.contains,
    };
    let role = roles::create(&session.ctx, new, Session::ACTOR, &session.origin).await?;
    answer(session, &role).await
}

async fn show(session: &Session<'_>, name: &str) -> anyhow::Result<()> {
    let role = roles::find(&session.ctx, name).await?;
    answer(session, &role).await
}

/// The role, with the audience of its API.
async fn answer(session: &Session<'_>, role: &Role) -> anyhow::Result<()> {
    let apis = apis::list(&session.ctx, None, apis::MAX_PAGE).await?;
    let api = audience(&apis, role);
    session.output.answer(&value(role, api), || describe(role, api))
}

/// The audience of the API that it is a role of.
fn audience<'a>(apis: &'a [Api], role: &Role) -> Option<&'a str> {
    let api = apis.iter().find(|api| Some(api.id) == role.api)?;
    Some(api.audience.as_str())
}

async fn holders(session: &Session<'_>, name: &str) -> anyhow::Result<()> {
    let mut all: Vec<Holding> = Vec::new();
    loop {
        let after = all.last().map(Holding::place);
        let page = roles::holders(&session.ctx, name, after, roles::MAX_PAGE).await?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    let rows: Vec<[String; 5]> = all.iter().map(holder).collect();
    let value = |[kind, name, role, group, id]: &[String; 5]| {
        let group = Some(group).filter(|group| !group.is_empty());
        json!({ "kind": kind, "name": name, "role": role, "group": group, "id": id })
    };
    let values: Vec<Value> = rows.iter().map(value).collect();
    session.output.answer(&values, || table(["KIND", "NAME", "ROLE", "GROUP", "ID"], &rows))
}

/// Who, through which role and which group.
fn holder(holding: &Holding) -> [String; 5] {
    let (kind, name, group, id) = match &holding.holder {
        Holder::User(id, name) => ("user", name.clone(), String::new(), id.to_string()),
        Holder::Group(id, name) => ("group", name.clone(), String::new(), id.to_string()),
        Holder::Member { user, username, name, .. } => {
            ("user", username.clone(), name.clone(), user.to_string())
        }
        Holder::Client(id) => ("client", id.to_string(), String::new(), id.to_string()),
    };
    [kind.to_owned(), name, holding.role.clone(), group, id]
}

async fn list(session: &Session<'_>) -> anyhow::Result<()> {
    let mut all: Vec<Role> = Vec::new();
    loop {
        let after = all.last().map(|role| role.name.to_string());
        let page = roles::list(&session.ctx, after.as_deref(), roles::MAX_PAGE).await?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    let apis = apis::list(&session.ctx, None, apis::MAX_PAGE).await?;
    let with_api = || all.iter().map(|role| (role, audience(&apis, role)));
    let values: Vec<Value> = with_api().map(|(role, api)| value(role, api)).collect();
    session.output.answer(&values, || {
        let row = |(role, api): (&Role, Option<&str>)| {
            let contains: Vec<&str> = role.contains.iter().map(String::as_str).collect();
            let api = api.unwrap_or_default().to_owned();
            let permissions = role.permissions.len().to_string();
            [role.name.to_string(), api, permissions, contains.join(", "), role.description.clone()]
        };
        let rows: Vec<[String; 5]> = with_api().map(row).collect();
        table(["ROLE", "API", "PERMISSIONS", "CONTAINS", "DESCRIPTION"], &rows)
    })
}

async fn update(session: &Session<'_>, arguments: Update) -> anyhow::Result<()> {
    let update = RoleUpdate {
        description: arguments.description,
        add_permissions: arguments.permissions,
        remove_permissions: arguments.remove_permissions,
        add_contains: arguments.contains,
        remove_contains: arguments.remove_contains,
    };
    let lists = [
        &update.add_permissions,
        &update.remove_permissions,
        &update.add_contains,
        &update.remove_contains,
    ];
    if update.description.is_none() && lists.iter().all(|list| list.is_empty()) {
        return Err(Failure::usage("nothing to change was named").hint("see --help").into());
    }
    let name = &arguments.role;
    let role = roles::update(&session.ctx, name, update, Session::ACTOR, &session.origin).await?;
    answer(session, &role).await
}

async fn delete(session: &Session<'_>, arguments: &Delete) -> anyhow::Result<()> {
    let name = &arguments.role;
    confirm(&format!("Delete the role {name}, and take it from everybody?"), arguments.yes)?;
    roles::delete(&session.ctx, name, Session::ACTOR, &session.origin).await?;
    session.output.answer(&json!({ "role": name }), || format!("Deleted {name}."))
}

/// Which way an assignment goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Assign {
    Grant,
    Revoke,
}

async fn assign(session: &Session<'_>, arguments: Assignment, which: Assign) -> anyhow::Result<()> {
    let HolderArgs { user, group, client } = arguments.holder;
    let holder = user
        .map(HolderName::User)
        .or(group.map(HolderName::Group))
        .or(client.map(HolderName::Client))
        .ok_or_else(|| Failure::usage("name a user, a group or a client"))?;
    let (ctx, actor, origin) = (&session.ctx, Session::ACTOR, &session.origin);
    let role = &arguments.role;
    let changed = match which {
        Assign::Grant => roles::grant(ctx, role, &holder, actor, origin).await?,
        Assign::Revoke => roles::revoke(ctx, role, &holder, actor, origin).await?,
    };
    let (kind, name) = match &holder {
        HolderName::User(name) => ("user", name),
        HolderName::Group(name) => ("group", name),
        HolderName::Client(name) => ("client", name),
    };
    let value = json!({ "role": role, kind: name, "changed": changed });
    session.output.answer(&value, || match (which, changed) {
        (Assign::Grant, true) => format!("{kind} {name} holds {role} now."),
        (Assign::Grant, false) => format!("{kind} {name} held {role} already."),
        (Assign::Revoke, true) => format!("{kind} {name} holds {role} no more."),
        (Assign::Revoke, false) => format!("{kind} {name} was not given {role}."),
    })
}

fn value(role: &Role, api: Option<&str>) -> Value {
    json!({
        "id": role.id.to_string(),
        "role": role.name,
        "description": role.description,
        "api": api,
        "permissions": role.permissions,
        "contains": role.contains,
        "built_in": role.built_in,
    })
}

fn describe(role: &Role, api: Option<&str>) -> String {
    let permissions: Vec<&str> = role.permissions.iter().map(Permission::as_str).collect();
    let contains: Vec<&str> = role.contains.iter().map(String::as_str).collect();
    fields(&[
        ("role", role.name.to_string()),
        ("description", role.description.clone()),
        ("api", api.unwrap_or_default().to_owned()),
        ("permissions", permissions.join("\n")),
        ("contains", contains.join("\n")),
        ("id", role.id.to_string()),
    ])
}
