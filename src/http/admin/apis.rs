//! APIs and their permissions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    answer::Answer,
    call::Call,
    problem::Problem,
    refusal::{self, Subject},
};
use crate::{
    protocol::api,
    service::{
        access_error::AccessError,
        apis::{self, ApiUpdate},
        editor,
    },
    types::{ApiId, Status, version::Versioned},
};

/// An API.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Api {
    /// Its id.
    id: String,
    /// What clients name it by, and its tokens carry. It never changes.
    audience: String,
    /// The name that people see.
    name: String,
    /// `enabled` or `disabled`.
    status: &'static str,
    /// Its permissions, and the words for them.
    permissions: BTreeMap<String, String>,
    /// Whether it is Doorward's own, which stays as it is.
    built_in: bool,
    /// When it was made, in seconds since 1970.
    created_at: i64,
    /// When it was written last, in seconds since 1970.
    updated_at: i64,
}

impl From<&api::Api> for Api {
    fn from(api: &api::Api) -> Self {
        let permissions = api.permissions.iter();
        Self {
            id: api.id.to_string(),
            audience: api.audience.to_string(),
            name: api.name.clone(),
            status: api.status.as_str(),
            permissions: permissions
                .map(|(name, words)| (name.to_string(), words.clone()))
                .collect(),
            built_in: api.built_in,
            created_at: api.created_at.unix(),
            updated_at: api.updated_at.unix(),
        }
    }
}

/// An API to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewApi {
    /// Its audience: an absolute URI without a fragment.
    #[schema(format = "uri", max_length = 255, example = "https://notes.example.com/api")]
    audience: String,
    /// The name that people see.
    #[schema(min_length = 1, example = "Notes")]
    name: String,
    /// Its permissions, and the words for them.
    #[serde(default)]
    #[schema(example = json!({"notes:read": "Read notes"}))]
    permissions: BTreeMap<String, String>,
}

/// What to change about an API; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiPatch {
    /// Another name.
    name: Option<String>,
    /// Whether tokens are issued for it.
    status: Option<Switch>,
    /// Permissions to add, or to give other words.
    #[serde(default)]
    set_permissions: BTreeMap<String, String>,
    /// Permissions to take away, from every role as well.
    #[serde(default)]
    remove_permissions: Vec<String>,
}

/// Whether something may be used.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Switch {
    Enabled,
    Disabled,
}

impl From<Switch> for Status {
    fn from(switch: Switch) -> Self {
        match switch {
            Switch::Enabled => Self::Enabled,
            Switch::Disabled => Self::Disabled,
        }
    }
}

fn failed(call: &Call) -> impl Fn(AccessError) -> Problem {
    let origin = call.origin.clone();
    move |error| refusal::access(&error, Subject::Api, &origin)
}

/// The API that the address names, with a tag that is not newer than what is shown.
async fn named(call: &Call) -> Result<(api::Api, Answer), Problem> {
    let id: ApiId = call.id()?;
    let service = |error| refusal::service(&error, &call.origin);
    let version = editor::version(call.ctx(), &Versioned::Api(id)).await.map_err(service)?;
    let api = apis::find_by_id(call.ctx(), id).await.map_err(failed(call))?;
    let answer = Answer::ok(&Api::from(&api)).of_version(version);
    Ok((api, answer))
}

pub(super) async fn list(call: Call) -> Result<Answer, Problem> {
    let asked = call.page()?;
    let found = if let Some(audience) = call.query.get("audience") {
        match apis::find(call.ctx(), audience).await {
            Err(AccessError::NoApi(_)) => Vec::new(),
            found => vec![found.map_err(failed(&call))?],
        }
    } else {
        let list = apis::list(call.ctx(), asked.after.as_deref(), asked.limit).await;
        list.map_err(failed(&call))?
    };
    let key = |api: &api::Api| api.audience.to_string();
    Ok(Answer::ok(&call.page_of(&asked, &found, key, |api| Api::from(api))))
}

pub(super) async fn one(call: Call) -> Result<Answer, Problem> {
    named(&call).await.map(|(_, answer)| answer)
}

pub(super) async fn create(call: Call) -> Result<Answer, Problem> {
    let body: NewApi = call.read()?;
    let new = apis::NewApi {
        audience: body.audience,
        name: body.name,
        permissions: body.permissions.into_iter().collect(),
    };
    let made = apis::create(call.ctx(), new, call.actor(), &call.origin).await;
    let made = made.map_err(failed(&call))?;
    Ok(Answer::created(format!("/admin/api/v1/apis/{}", made.id), &Api::from(&made)))
}

pub(super) async fn update(call: Call) -> Result<Answer, Problem> {
    let body: ApiPatch = call.read()?;
    let (api, _) = named(&call).await?;
    let update = ApiUpdate {
        name: body.name,
        status: body.status.map(Status::from),
        set_permissions: body.set_permissions.into_iter().collect(),
        remove_permissions: body.remove_permissions,
    };
    let audience = api.audience.as_str();
    let updated = apis::update(call.ctx(), audience, update, call.editor(), &call.origin).await;
    updated.map_err(failed(&call))?;
    one(call).await
}

pub(super) async fn delete(call: Call) -> Result<Answer, Problem> {
    let (api, _) = named(&call).await?;
    let deleted = apis::delete(call.ctx(), api.audience.as_str(), call.editor(), &call.origin);
    deleted.await.map_err(failed(&call))?;
    Ok(Answer::done())
}
