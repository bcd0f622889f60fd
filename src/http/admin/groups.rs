//! Groups and their members.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    answer::{Answer, segment},
    call::Call,
    problem::Problem,
    refusal::{self, Subject},
};
use crate::{
    identity::{group, role, user::User},
    service::{
        access_error::AccessError,
        editor,
        groups::{self, Membership},
    },
    types::{UserId, version::Versioned},
};

/// A group.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Group {
    /// Its id.
    id: String,
    /// Its name. It never changes.
    name: String,
    /// What it is for.
    description: String,
    /// The roles that every member holds.
    roles: Vec<String>,
    /// When it was made, in seconds since 1970.
    created_at: i64,
    /// When it was written last, in seconds since 1970.
    updated_at: i64,
}

impl From<&group::Group> for Group {
    fn from(group: &group::Group) -> Self {
        Self {
            id: group.id.to_string(),
            name: group.name.to_string(),
            description: group.description.clone(),
            roles: group.roles.iter().cloned().collect(),
            created_at: group.created_at.unix(),
            updated_at: group.updated_at.unix(),
        }
    }
}

/// A member of a group.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Member {
    /// The id of the user.
    id: String,
    /// The name to sign in with.
    username: String,
}

/// A group to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewGroup {
    /// Its name.
    #[schema(pattern = "^[a-z0-9][a-z0-9._-]{0,63}$")]
    name: String,
    /// What it is for.
    #[serde(default)]
    description: String,
}

/// What to change about a group.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupPatch {
    /// Another description.
    description: String,
}

fn failed(call: &Call) -> impl Fn(AccessError) -> Problem {
    let origin = call.origin.clone();
    move |error| refusal::access(&error, Subject::Group, &origin)
}

/// The group that the address names, with a tag that is not newer than what is shown.
async fn named(call: &Call) -> Result<(group::Group, Answer), Problem> {
    let known = groups::find(call.ctx(), call.name()).await.map_err(failed(call))?;
    let service = |error| refusal::service(&error, &call.origin);
    let version = editor::version(call.ctx(), &Versioned::Group(known.id)).await;
    let version = version.map_err(service)?;
    // Once more: a tag may be too old for what is shown, and never too new.
    let group = groups::find(call.ctx(), call.name()).await.map_err(failed(call))?;
    if group.id != known.id {
        return Err(Problem::not_found());
    }
    let answer = Answer::ok(&Group::from(&group)).of_version(version);
    Ok((group, answer))
}

/// The group that the address names, when the caller may give everything that its members hold.
pub(super) async fn within_rights(call: &Call) -> Result<group::Group, Problem> {
    let (group, _) = named(call).await?;
    let none = BTreeSet::new();
    let held = role::Subject { roles: &group.roles, groups: &none };
    Call::refuse_beyond(call.caller.beyond(held))?;
    Ok(group)
}

pub(super) async fn list(call: Call) -> Result<Answer, Problem> {
    let asked = call.page()?;
    let found = if let Some(name) = call.query.get("name") {
        match groups::find(call.ctx(), name).await {
            Err(AccessError::NoGroup(_)) => Vec::new(),
            found => vec![found.map_err(failed(&call))?],
        }
    } else {
        let list = groups::list(call.ctx(), asked.after.as_deref(), asked.limit).await;
        list.map_err(failed(&call))?
    };
    let key = |group: &group::Group| group.name.to_string();
    Ok(Answer::ok(&call.page_of(&asked, &found, key, |group| Group::from(group))))
}

pub(super) async fn one(call: Call) -> Result<Answer, Problem> {
    named(&call).await.map(|(_, answer)| answer)
}

pub(super) async fn create(call: Call) -> Result<Answer, Problem> {
    let body: NewGroup = call.read()?;
    let (ctx, actor) = (call.ctx(), call.actor());
    let made = groups::create(ctx, &body.name, body.description, actor, &call.origin).await;
    let made = made.map_err(failed(&call))?;
    let location = format!("/admin/api/v1/groups/{}", segment(made.name.as_str()));
    Ok(Answer::created(location, &Group::from(&made)))
}

pub(super) async fn update(call: Call) -> Result<Answer, Problem> {
    let body: GroupPatch = call.read()?;
    let (ctx, editor) = (call.ctx(), call.editor());
    let updated = groups::update(ctx, call.name(), body.description, editor, &call.origin);
    updated.await.map_err(failed(&call))?;
    one(call).await
}

pub(super) async fn delete(call: Call) -> Result<Answer, Problem> {
    let group = within_rights(&call).await?;
    let deleted = groups::delete(call.ctx(), group.name.as_str(), call.editor(), &call.origin);
    deleted.await.map_err(failed(&call))?;
    Ok(Answer::done())
}

pub(super) async fn members(call: Call) -> Result<Answer, Problem> {
    let asked = call.page()?;
    let (group, _) = named(&call).await?;
    let refused = |_| Problem::parameter("cursor", "it is none of this list");
    let after = asked.after.as_deref().map(str::parse::<UserId>).transpose().map_err(refused)?;
    let found = groups::members(call.ctx(), group.id, after, asked.limit).await;
    let found = found.map_err(failed(&call))?;
    let show = |user: &User| Member { id: user.id.to_string(), username: user.username.clone() };
    Ok(Answer::ok(&call.page_of(&asked, &found, |user| user.id.to_string(), show)))
}

pub(super) async fn join(call: Call) -> Result<Answer, Problem> {
    set_member(&call, Membership::Join).await
}

pub(super) async fn leave(call: Call) -> Result<Answer, Problem> {
    set_member(&call, Membership::Leave).await
}

async fn set_member(call: &Call, membership: Membership) -> Result<Answer, Problem> {
    let group = within_rights(call).await?;
    let user: UserId = call.second_name().parse().map_err(|_| Problem::not_found())?;
    let (group, user) = (group.name.to_string(), user.to_string());
    let (ctx, actor) = (call.ctx(), call.actor());
    let set = groups::set_member(ctx, &group, &user, membership, actor, &call.origin).await;
    set.map_err(failed(call))?;
    Ok(Answer::done())
}
