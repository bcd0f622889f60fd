//! Grants that were not revoked.

use serde::Serialize;
use utoipa::ToSchema;

use super::{answer::Answer, call::Call, problem::Problem, refusal, sessions::wanted_user};
use crate::{protocol::grant, service::grants, types::GrantId};

/// One authorization by one user to one client.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Grant {
    /// Its id.
    id: String,
    /// The id of the user who gave it.
    user: String,
    /// The client that has it.
    client_id: String,
    /// The browser session it was given in.
    session: String,
    /// What was granted.
    scope: String,
    /// The APIs that the client named.
    resource: Vec<String>,
    /// Whether it outlives its browser session (`offline_access`).
    offline: bool,
    /// When it was given, in seconds since 1970.
    created_at: i64,
}

impl From<&grant::Grant> for Grant {
    fn from(grant: &grant::Grant) -> Self {
        Self {
            id: grant.id.to_string(),
            user: grant.user_id.to_string(),
            client_id: grant.client_id.to_string(),
            session: grant.session_id.to_string(),
            scope: grant.scope.to_string(),
            resource: grant.resource.iter().map(ToString::to_string).collect(),
            offline: match grant.access {
                grant::Access::Offline => true,
                grant::Access::Online => false,
            },
            created_at: grant.created_at.unix(),
        }
    }
}

pub(super) async fn list(call: Call) -> Result<Answer, Problem> {
    let asked = call.page()?;
    let user = wanted_user(&call)?;
    let refused = |_| Problem::parameter("cursor", "it is none of this list");
    let after = asked.after.as_deref().map(str::parse::<GrantId>).transpose().map_err(refused)?;
    let found = grants::list(call.ctx(), user, after, asked.limit).await;
    let found = found.map_err(|error| refusal::service(&error, &call.origin))?;
    let key = |grant: &grant::Grant| grant.id.to_string();
    Ok(Answer::ok(&call.page_of(&asked, &found, key, |grant| Grant::from(grant))))
}

pub(super) async fn revoke(call: Call) -> Result<Answer, Problem> {
    let id: GrantId = call.id()?;
    let revoked = grants::revoke(call.ctx(), id, call.actor(), &call.origin).await;
    let revoked = revoked.map_err(|error| refusal::service(&error, &call.origin))?;
    if revoked { Ok(Answer::done()) } else { Err(Problem::not_found()) }
}
