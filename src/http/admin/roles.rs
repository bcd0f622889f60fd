//! Roles: what they permit, and which others they contain.

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
    identity::role::{
        self,
        holding::{Holder, Holding, Place},
    },
    service::{
        access_error::AccessError,
        editor,
        roles::{self, RoleUpdate},
    },
    types::{Permission, version::Versioned},
};

/// A role.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Role {
    /// Its id.
    id: String,
    /// Its name, which tokens tell. It never changes.
    name: String,
    /// What it is for.
    description: String,
    /// The id of the API that it is a role of; `null` for a role across APIs.
    api: Option<String>,
    /// What its holders may do.
    permissions: Vec<String>,
    /// The roles that its holders hold with it.
    contains: Vec<String>,
    /// Whether Doorward made it.
    built_in: bool,
    /// When it was made, in seconds since 1970.
    created_at: i64,
    /// When it was written last, in seconds since 1970.
    updated_at: i64,
}

impl From<&role::Role> for Role {
    fn from(role: &role::Role) -> Self {
        Self {
            id: role.id.to_string(),
            name: role.name.to_string(),
            description: role.description.clone(),
            api: role.api.map(|api| api.to_string()),
            permissions: role.permissions.iter().map(Permission::to_string).collect(),
            contains: role.contains.iter().cloned().collect(),
            built_in: role.built_in,
            created_at: role.created_at.unix(),
            updated_at: role.updated_at.unix(),
        }
    }
}

/// A role to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRole {
    /// Its name.
    #[schema(pattern = "^[a-z0-9][a-z0-9._-]{0,63}$")]
    name: String,
    /// What it is for.
    #[serde(default)]
    description: String,
    /// The audience of the API that it is a role of; absent for a role across APIs.
    api: Option<String>,
    /// What its holders may do.
    #[serde(default)]
    permissions: Vec<String>,
    /// The roles that its holders hold with it.
    #[serde(default)]
    contains: Vec<String>,
}

/// One way in which somebody holds a role.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RoleHolder {
    /// `user`, `group` or `client`.
    kind: &'static str,
    /// The id of the user or the group, or the `client_id`.
    id: String,
    /// The name of the user or the group, or the `client_id`.
    name: String,
    /// The role that was given: the one that was asked about, or one that contains it.
    role: String,
    /// The group through which a user holds it; `null` where it was given to the holder.
    group: Option<String>,
}

impl From<&Holding> for RoleHolder {
    fn from(holding: &Holding) -> Self {
        let (kind, id, name, group) = match &holding.holder {
            Holder::User(id, name) => ("user", id.to_string(), name.clone(), None),
            Holder::Group(id, name) => ("group", id.to_string(), name.clone(), None),
            Holder::Member { user, username, name, .. } => {
                ("user", user.to_string(), username.clone(), Some(name.clone()))
            }
            Holder::Client(id) => ("client", id.to_string(), id.to_string(), None),
        };
        Self { kind, id, name, role: holding.role.clone(), group }
    }
}

/// What to change about a role; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RolePatch {
    /// Another description.
    description: Option<String>,
    /// Permissions to add.
    #[serde(default)]
    add_permissions: Vec<String>,
    /// Permissions to take away.
    #[serde(default)]
    remove_permissions: Vec<String>,
    /// Roles to contain.
    #[serde(default)]
    add_contains: Vec<String>,
    /// Roles to contain no more.
    #[serde(default)]
    remove_contains: Vec<String>,
}

fn failed(call: &Call) -> impl Fn(AccessError) -> Problem {
    let origin = call.origin.clone();
    move |error| refusal::access(&error, Subject::Role, &origin)
}

/// What is wrong with a body.
fn unusable(call: &Call) -> impl Fn(AccessError) -> Problem {
    let origin = call.origin.clone();
    move |error| refusal::access(&error, Subject::Nothing, &origin)
}

/// The role that the address names, with a tag that is not newer than what is shown.
async fn named(call: &Call) -> Result<(role::Role, Answer), Problem> {
    let known = roles::find(call.ctx(), call.name()).await.map_err(failed(call))?;
    let service = |error| refusal::service(&error, &call.origin);
    let version = editor::version(call.ctx(), &Versioned::Role(known.id)).await;
    let version = version.map_err(service)?;
    // Once more: a tag may be too old for what is shown, and never too new.
    let role = roles::find(call.ctx(), call.name()).await.map_err(failed(call))?;
    if role.id != known.id {
        return Err(Problem::not_found());
    }
    let answer = Answer::ok(&Role::from(&role)).of_version(version);
    Ok((role, answer))
}

/// Nobody puts into a role what they may not give.
fn refuse_contents(
    call: &Call,
    permissions: &[String],
    contains: &[String],
) -> Result<(), Problem> {
    let beyond = permissions.iter().find(|permission| !call.caller.may_give(permission));
    Call::refuse_beyond(beyond.cloned())?;
    let (roles, groups) = (contains.iter().cloned().collect(), BTreeSet::new());
    Call::refuse_beyond(call.caller.beyond(role::Subject { roles: &roles, groups: &groups }))
}

pub(super) async fn list(call: Call) -> Result<Answer, Problem> {
    let asked = call.page()?;
    let found = if let Some(name) = call.query.get("name") {
        match roles::find(call.ctx(), name).await {
            Err(AccessError::NoRole(_)) => Vec::new(),
            found => vec![found.map_err(failed(&call))?],
        }
    } else {
        let list = roles::list(call.ctx(), asked.after.as_deref(), asked.limit).await;
        list.map_err(failed(&call))?
    };
    let key = |role: &role::Role| role.name.to_string();
    Ok(Answer::ok(&call.page_of(&asked, &found, key, |role| Role::from(role))))
}

pub(super) async fn one(call: Call) -> Result<Answer, Problem> {
    named(&call).await.map(|(_, answer)| answer)
}

pub(super) async fn holders(call: Call) -> Result<Answer, Problem> {
    let asked = call.page()?;
    let refused = |_| Problem::parameter("cursor", "it is none of this list");
    let after = asked.after.as_deref().map(str::parse::<Place>).transpose().map_err(refused)?;
    let found = roles::holders(call.ctx(), call.name(), after, asked.limit).await;
    let found = found.map_err(failed(&call))?;
    let key = |holding: &Holding| holding.place().to_string();
    Ok(Answer::ok(&call.page_of(&asked, &found, key, |holding| RoleHolder::from(holding))))
}

pub(super) async fn create(call: Call) -> Result<Answer, Problem> {
    let body: NewRole = call.read()?;
    refuse_contents(&call, &body.permissions, &body.contains)?;
    let new = roles::NewRole {
        name: body.name,
        description: body.description,
        api: body.api,
        permissions: body.permissions,
        contains: body.contains,
    };
    let made = roles::create(call.ctx(), new, call.actor(), &call.origin).await;
    let made = made.map_err(unusable(&call))?;
    let location = format!("/admin/api/v1/roles/{}", segment(made.name.as_str()));
    Ok(Answer::created(location, &Role::from(&made)))
}

pub(super) async fn update(call: Call) -> Result<Answer, Problem> {
    let body: RolePatch = call.read()?;
    within_rights(&call).await?;
    refuse_contents(&call, &body.add_permissions, &body.add_contains)?;
    let update = RoleUpdate {
        description: body.description,
        add_permissions: body.add_permissions,
        remove_permissions: body.remove_permissions,
        add_contains: body.add_contains,
        remove_contains: body.remove_contains,
    };
    let updated = roles::update(call.ctx(), call.name(), update, call.editor(), &call.origin);
    updated.await.map_err(unusable(&call))?;
    one(call).await
}

/// The role that the address names, when the caller may give everything that it permits: taking
/// something from those who have more is power over them.
pub(super) async fn within_rights(call: &Call) -> Result<role::Role, Problem> {
    let (role, _) = named(call).await?;
    refuse_contents(call, &[], &[role.name.to_string()])?;
    Ok(role)
}

pub(super) async fn delete(call: Call) -> Result<Answer, Problem> {
    let role = within_rights(&call).await?;
    let deleted = roles::delete(call.ctx(), role.name.as_str(), call.editor(), &call.origin);
    deleted.await.map_err(failed(&call))?;
    Ok(Answer::done())
}
