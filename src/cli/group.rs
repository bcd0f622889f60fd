//! `doorward group …`: users who hold roles together.

use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    access::explain,
    output::{fields, table},
    secret_input::confirm,
    session::Session,
};
use crate::{
    identity::group::Group,
    service::{
        access_error::AccessError,
        groups::{self, Membership},
    },
};

/// Users who hold roles together
#[derive(Debug, Subcommand)]
pub(super) enum GroupCommand {
    /// Make a group
    Create(Words),
    /// List all groups
    List,
    /// Show a group and its members
    Show(GroupName),
    /// Give a group another description
    Update(Words),
    /// Delete a group; its members stay
    Delete(Delete),
    /// Take a user into a group
    Add(Member),
    /// Take a user out of a group
    Remove(Member),
}

#[derive(Debug, Args)]
pub(super) struct GroupName {
    /// The name of the group
    group: String,
}

#[derive(Debug, Args)]
pub(super) struct Words {
    /// The name of the group, which tokens tell; it never changes
    group: String,
    /// What it is for
    #[arg(long, default_value = "")]
    description: String,
}

#[derive(Debug, Args)]
pub(super) struct Delete {
    /// The name of the group
    group: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Args)]
pub(super) struct Member {
    /// The name of the group
    group: String,
    /// The username, e-mail address or id
    user: String,
}

/// Runs the command.
pub(super) async fn run(session: Arc<Session<'_>>, command: GroupCommand) -> anyhow::Result<()> {
    let session = &*session;
    let (ctx, actor, origin) = (&session.ctx, Session::ACTOR, &session.origin);
    let done = match command {
        GroupCommand::Create(Words { group, description }) => {
            let made = groups::create(ctx, &group, description, actor, origin).await;
            answer(session, made)
        }
        GroupCommand::Update(Words { group, description }) => {
            let written = groups::update(ctx, &group, description, actor, origin).await;
            answer(session, written)
        }
        GroupCommand::List => list(session).await,
        GroupCommand::Show(name) => show(session, &name.group).await,
        GroupCommand::Delete(arguments) => delete(session, &arguments).await,
        GroupCommand::Add(member) => set_member(session, &member, Membership::Join).await,
        GroupCommand::Remove(member) => set_member(session, &member, Membership::Leave).await,
    };
    match done.map_err(anyhow::Error::downcast::<AccessError>) {
        Ok(()) => Ok(()),
        Err(Ok(error)) => Err(explain(session, error).await),
        Err(Err(error)) => Err(error),
    }
}

fn answer(session: &Session<'_>, group: Result<Group, AccessError>) -> anyhow::Result<()> {
    let group = group?;
    session.output.answer(&value(&group), || fields(&lines(&group)))
}

async fn list(session: &Session<'_>) -> anyhow::Result<()> {
    let mut all: Vec<Group> = Vec::new();
    loop {
        let after = all.last().map(|group| group.name.to_string());
        let page = groups::list(&session.ctx, after.as_deref(), groups::MAX_PAGE).await?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    let values: Vec<Value> = all.iter().map(value).collect();
    session.output.answer(&values, || {
        let row = |group: &Group| [group.name.to_string(), roles(group), group.description.clone()];
        let rows: Vec<[String; 3]> = all.iter().map(row).collect();
        table(["GROUP", "ROLES", "DESCRIPTION"], &rows)
    })
}

async fn show(session: &Session<'_>, name: &str) -> anyhow::Result<()> {
    let group = groups::find(&session.ctx, name).await?;
    let mut members: Vec<crate::identity::user::User> = Vec::new();
    loop {
        let after = members.last().map(|user| user.id);
        let page = groups::members(&session.ctx, group.id, after, groups::MAX_PAGE).await?;
        if page.is_empty() {
            break;
        }
        members.extend(page);
    }
    let names: Vec<&str> = members.iter().map(|user| user.username.as_str()).collect();
    let mut value = value(&group);
    if let Some(members) = value.as_object_mut() {
        members.insert("members".to_owned(), json!(names));
    }
    session.output.answer(&value, || {
        let mut lines = lines(&group).to_vec();
        lines.push(("members", names.join("\n")));
        fields(&lines)
    })
}

async fn delete(session: &Session<'_>, arguments: &Delete) -> anyhow::Result<()> {
    let name = &arguments.group;
    confirm(&format!("Delete the group {name}?"), arguments.yes)?;
    groups::delete(&session.ctx, name, Session::ACTOR, &session.origin).await?;
    session.output.answer(&json!({ "group": name }), || format!("Deleted {name}."))
}

async fn set_member(
    session: &Session<'_>,
    member: &Member,
    membership: Membership,
) -> anyhow::Result<()> {
    let Member { group, user } = member;
    let (ctx, origin) = (&session.ctx, &session.origin);
    let changed = groups::set_member(ctx, group, user, membership, Session::ACTOR, origin).await?;
    let value = json!({ "group": group, "user": user, "changed": changed });
    session.output.answer(&value, || match (membership, changed) {
        (Membership::Join, true) => format!("{user} is in {group} now."),
        (Membership::Join, false) => format!("{user} was in {group} already."),
        (Membership::Leave, true) => format!("{user} is in {group} no more."),
        (Membership::Leave, false) => format!("{user} was not in {group}."),
    })
}

fn value(group: &Group) -> Value {
    json!({
        "id": group.id.to_string(),
        "group": group.name,
        "description": group.description,
        "roles": group.roles,
    })
}

fn lines(group: &Group) -> [(&'static str, String); 4] {
    [
        ("group", group.name.to_string()),
        ("description", group.description.clone()),
        ("roles", roles(group)),
        ("id", group.id.to_string()),
    ]
}

fn roles(group: &Group) -> String {
    group.roles.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}
