//! Browser sessions that live.

use serde::Serialize;
use utoipa::ToSchema;

use super::{answer::Answer, call::Call, problem::Problem, refusal};
use crate::{
    identity::session::BrowserSession,
    service::browser_session,
    types::{SessionId, UserId},
};

/// A browser session.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Session {
    /// Its id, which is the `sid` of its tokens and opens nothing.
    id: String,
    /// The id of the user who signed in.
    user: String,
    /// When the user signed in, in seconds since 1970.
    auth_time: i64,
    /// How well (`acr`).
    acr: String,
    /// When it began, in seconds since 1970.
    created_at: i64,
    /// When it was last used, to the minute, in seconds since 1970.
    last_seen_at: i64,
    /// When it ends in any case, in seconds since 1970.
    expires_at: i64,
    /// The address that it began from.
    address: Option<String>,
    /// The browser that it began in.
    user_agent: Option<String>,
}

impl From<&BrowserSession> for Session {
    fn from(session: &BrowserSession) -> Self {
        Self {
            id: session.id.to_string(),
            user: session.user_id.to_string(),
            auth_time: session.authentication.auth_time.unix(),
            acr: session.authentication.acr.clone(),
            created_at: session.created_at.unix(),
            last_seen_at: session.last_seen_at.unix(),
            expires_at: session.expires_at.unix(),
            address: session.address.clone(),
            user_agent: session.user_agent.clone(),
        }
    }
}

/// The user that the query names, if it names one.
pub(super) fn wanted_user(call: &Call) -> Result<Option<UserId>, Problem> {
    let refused = |_| Problem::parameter("user", "it is the id of a user");
    call.query.get("user").map(str::parse).transpose().map_err(refused)
}

pub(super) async fn list(call: Call) -> Result<Answer, Problem> {
    let asked = call.page()?;
    let user = wanted_user(&call)?;
    let refused = |_| Problem::parameter("cursor", "it is none of this list");
    let after = asked.after.as_deref().map(str::parse::<SessionId>).transpose().map_err(refused)?;
    let found = browser_session::list(call.ctx(), user, after, asked.limit).await;
    let found = found.map_err(|error| refusal::service(&error, &call.origin))?;
    let key = |session: &BrowserSession| session.id.to_string();
    Ok(Answer::ok(&call.page_of(&asked, &found, key, |session| Session::from(session))))
}

pub(super) async fn end(call: Call) -> Result<Answer, Problem> {
    let id: SessionId = call.id()?;
    let ended = browser_session::end_by(call.ctx(), id, call.actor(), &call.origin).await;
    let ended = ended.map_err(|error| refusal::service(&error, &call.origin))?;
    if ended { Ok(Answer::done()) } else { Err(Problem::not_found()) }
}
