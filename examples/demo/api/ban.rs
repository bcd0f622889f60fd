//! Banning: the API has no sessions and no tokens of its own to end, so it asks Doorward to disable the
//! user. What Doorward ends with that is everything the user has, everywhere, at once.

use std::{pin::Pin, sync::Arc};

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use doorward::resource_server::RequirePermission;
use serde_json::json;
use thiserror::Error;

use super::NotesAdminAccess;

/// Whoever keeps the users, as the API speaks to them. Users are named by username or subject, and
/// `by` is the subject of who does it.
pub(crate) trait Users: Send + Sync {
    /// Bans a user: every session, grant and token of theirs is dead when this is ready.
    fn ban<'a>(&'a self, user: &'a str, by: &'a str) -> Answer<'a>;
    /// Lets a user sign in again.
    fn lift_ban<'a>(&'a self, user: &'a str, by: &'a str) -> Answer<'a>;
}

/// Whether it was done.
pub(crate) type Answer<'a> = Pin<Box<dyn Future<Output = Result<(), BanError>> + Send + 'a>>;

/// Why somebody is not banned.
#[derive(Debug, Error)]
pub(crate) enum BanError {
    /// Nobody has the name.
    #[error("there is no such user")]
    NoSuchUser,
    /// Then nobody could administer the server any more.
    #[error("the last administrator cannot be banned")]
    LastAdministrator,
    /// The server cannot do it now.
    #[error("it did not work")]
    Failed,
}

/// `POST /users/{user}/ban`: by username or subject.
pub(super) async fn ban(
    token: RequirePermission<NotesAdminAccess>,
    State(users): State<Option<Arc<dyn Users>>>,
    Path(user): Path<String>,
) -> Response {
    let Some(users) = users else { return NOT_HERE.into_response() };
    answer(users.ban(&user, token.subject()).await)
}

/// `DELETE /users/{user}/ban`: the user can sign in again. What ended stays ended.
pub(super) async fn lift(
    token: RequirePermission<NotesAdminAccess>,
    State(users): State<Option<Arc<dyn Users>>>,
    Path(user): Path<String>,
) -> Response {
    let Some(users) = users else { return NOT_HERE.into_response() };
    answer(users.lift_ban(&user, token.subject()).await)
}

/// The authorization server runs elsewhere, where the API administers nobody.
const NOT_HERE: (StatusCode, &str) =
    (StatusCode::NOT_IMPLEMENTED, "Nobody can be banned from here.");

fn answer(result: Result<(), BanError>) -> Response {
    let (status, error) = match result {
        Ok(()) => return StatusCode::NO_CONTENT.into_response(),
        Err(error @ BanError::NoSuchUser) => (StatusCode::NOT_FOUND, error),
        Err(error @ BanError::LastAdministrator) => (StatusCode::CONFLICT, error),
        Err(error @ BanError::Failed) => (StatusCode::INTERNAL_SERVER_ERROR, error),
    };
    (status, Json(json!({ "error": error.to_string() }))).into_response()
}
