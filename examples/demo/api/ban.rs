//! Banning: the API has no sessions and no tokens of its own to end, so it asks Doorward to disable the
//! user. What Doorward ends with that is everything the user has, everywhere, at once.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use doorward::resource_server::RequirePermission;
use serde_json::json;

use super::{super::authorization_server::BanError, NotesAdminAccess, Users};

/// `POST /users/{user}/ban`: by username or subject.
pub(super) async fn ban(
    token: RequirePermission<NotesAdminAccess>,
    State(users): State<Option<Users>>,
    Path(user): Path<String>,
) -> Response {
    let Some(users) = users else { return NOT_HERE.into_response() };
    answer(users.ban(&user, token.subject()).await)
}

/// `DELETE /users/{user}/ban`: the user can sign in again. What ended stays ended.
pub(super) async fn lift(
    token: RequirePermission<NotesAdminAccess>,
    State(users): State<Option<Users>>,
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
