//! *Notes API*: a board of notes over HTTP, for apps and machines. Who may do what is said at each
//! handler, by the extractors of `doorward::resource_server`.
//!
//! | request | who | otherwise |
//! |---|---|---|
//! | `GET /notes` | the permission `notes:read` | 401, 403 |
//! | `POST /notes` | the permission `notes:write` | 401, 403 |
//! | `DELETE /notes/{id}` | the permission `notes:delete` | 401, 403 |
//! | `GET /dead-zone` | the role `admin` | 401, 403 |
//! | `POST /users/{user}/ban`, `DELETE` to lift it | the permission `notes:admin_access` | 401, 403 |
//! | `GET /data` | the permission `notes:data`: an API key, or a token | 401, 403 |
//! | `GET /stateless` | any token whose signature and times are right | 401 |
//!
//! Every route but the last asks Doorward about each token, so that what is taken back is dead at
//! once. The last asks nobody: it is fast, works while Doorward is away, and believes a token to its
//! end.

mod ban;
mod board;

use std::{io, net::SocketAddr, sync::Arc};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, FromRef, Path, State},
    http::StatusCode,
    routing::{delete, get, post},
};
use doorward::resource_server::{
    AccessToken, ConfigError, RequirePermission, RequireRole, Validator,
    protected_resource_metadata,
};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

pub(crate) use ban::{Answer, BanError, Users};
use board::{Board, Note};

doorward::permissions! {
    /// Read the notes.
    pub(crate) NotesRead = "notes:read";
    /// Add notes.
    pub(crate) NotesWrite = "notes:write";
    /// Delete anybody's notes.
    pub(crate) NotesDelete = "notes:delete";
    /// Ban users.
    pub(crate) NotesAdminAccess = "notes:admin_access";
    /// Read the figures.
    pub(crate) NotesData = "notes:data";
}

doorward::roles! {
    /// Enters the dead zone.
    pub(crate) Admin = "admin";
}

/// The permissions that the API knows, and the words for them that people read when an app asks.
pub(crate) const PERMISSIONS: [(&str, &str); 5] = [
    ("notes:read", "Read the notes on the board"),
    ("notes:write", "Add notes to the board"),
    ("notes:delete", "Delete the notes of everybody"),
    ("notes:admin_access", "Ban users"),
    ("notes:data", "Read figures about the board"),
];
/// The longest request body, in bytes.
const BODY_LIMIT: usize = 16 * 1024;

/// How the API knows its callers.
pub(crate) struct Doors {
    /// Asks the issuer about every token.
    pub(crate) strict: Validator,
    /// Checks the token alone.
    pub(crate) offline: Validator,
}

/// What the handlers share.
#[derive(Clone)]
struct Api {
    validator: Validator,
    board: Board,
    /// The users of the authorization server, if the API may touch them.
    users: Option<Arc<dyn Users>>,
}

impl FromRef<Api> for Validator {
    fn from_ref(api: &Api) -> Self {
        api.validator.clone()
    }
}

impl FromRef<Api> for Board {
    fn from_ref(api: &Api) -> Self {
        api.board.clone()
    }
}

impl FromRef<Api> for Option<Arc<dyn Users>> {
    fn from_ref(api: &Api) -> Self {
        api.users.clone()
    }
}

/// The API, for callers that `doors` let in, which bans `users`.
///
/// # Errors
/// [`ConfigError`] when its audience is no URL.
pub(crate) fn router(doors: Doors, users: Option<Arc<dyn Users>>) -> Result<Router, ConfigError> {
    let metadata = protected_resource_metadata(&doors.strict)?;
    let stateless = Router::new().route("/stateless", get(stateless)).with_state(doors.offline);
    Ok(Router::new()
        .route("/notes", get(list).post(add))
        .route("/notes/{id}", delete(remove))
        .route("/dead-zone", get(dead_zone))
        .route("/users/{user}/ban", post(ban::ban).delete(ban::lift))
        .route("/data", get(data))
        .merge(metadata)
        .with_state(Api { validator: doors.strict, board: Board::default(), users })
        .merge(stateless)
        .layer(DefaultBodyLimit::max(BODY_LIMIT)))
}

/// Answers requests until `stop` ends.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    // Keys can be bound to addresses: the library says from where a key was used.
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(stop).await
}

/// A note that somebody sends.
#[derive(Deserialize)]
struct NewNote {
    text: String,
}

/// The figures of the board.
#[derive(Serialize)]
struct Figures {
    notes: usize,
    authors: usize,
    /// For whom they were read.
    reader: String,
}

/// What the token says, taken at its word.
#[derive(Serialize)]
struct AtItsWord {
    subject: String,
    scope: String,
    roles: Vec<String>,
}

async fn list(_: RequirePermission<NotesRead>, State(board): State<Board>) -> Json<Vec<Note>> {
    Json(board.all())
}

async fn add(
    token: RequirePermission<NotesWrite>,
    State(board): State<Board>,
    Json(new): Json<NewNote>,
) -> Result<(StatusCode, Json<Note>), StatusCode> {
    // What introspection says of the user (RFC 7662 §2.2): no caller can choose it.
    let username = token.claim("username").and_then(|name| name.as_str());
    let note = board.add(token.subject(), username.unwrap_or(token.subject()), &new.text);
    let note = note.ok_or(StatusCode::UNPROCESSABLE_ENTITY)?;
    Ok((StatusCode::CREATED, Json(note)))
}

async fn remove(
    _: RequirePermission<NotesDelete>,
    State(board): State<Board>,
    Path(id): Path<u64>,
) -> StatusCode {
    if board.remove(id) { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

async fn dead_zone(_: RequireRole<Admin>) -> &'static str {
    "Nobody lives here."
}

async fn data(token: RequirePermission<NotesData>, State(board): State<Board>) -> Json<Figures> {
    let (notes, authors) = board.count();
    Json(Figures { notes, authors, reader: token.subject().to_owned() })
}

async fn stateless(token: AccessToken) -> Json<AtItsWord> {
    Json(AtItsWord {
        subject: token.subject().to_owned(),
        scope: token.scope().to_string(),
        roles: token.roles().to_vec(),
    })
}
