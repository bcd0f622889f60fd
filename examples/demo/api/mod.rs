//! *Notes API*: a board of notes over HTTP, for apps and machines. Who may do what is said at each
//! handler, by the extractors of `doorward::resource_server`.
//!
//! | request | who | otherwise |
//! |---|---|---|
//! | `GET /notes`, `POST /notes` | anybody who is signed in | 401 |
//! | `DELETE /notes/{id}` | the permission `notes:delete` | 401, 403 |
//! | `GET /dead-zone` | the role `admin` | 401, 403 |
//! | `GET /data` | the permission `data:read`: an API key, or a token | 401, 403 |

mod board;

use std::io;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, FromRef, Path, State},
    http::StatusCode,
    routing::{delete, get},
};
use doorward::resource_server::{
    AccessToken, ConfigError, RequirePermission, RequireRole, Validator,
    protected_resource_metadata,
};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use board::{Board, Note};

doorward::permissions! {
    /// Delete anybody's notes.
    pub(crate) NotesDelete = "notes:delete";
    /// Read the figures.
    pub(crate) DataRead = "data:read";
}

doorward::roles! {
    /// Enters the dead zone.
    pub(crate) Admin = "admin";
}

/// The permissions that the API knows, as its metadata lists them.
pub(crate) const PERMISSIONS: [&str; 2] = ["data:read", "notes:delete"];
/// The longest request body, in bytes.
const BODY_LIMIT: usize = 16 * 1024;

/// What the handlers share.
#[derive(Clone)]
struct Api {
    validator: Validator,
    board: Board,
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

/// The API, for callers that `validator` lets in.
///
/// # Errors
/// [`ConfigError`] when its audience is no URL.
pub(crate) fn router(validator: Validator) -> Result<Router, ConfigError> {
    let metadata = protected_resource_metadata(&validator)?;
    Ok(Router::new()
        .route("/notes", get(list).post(add))
        .route("/notes/{id}", delete(remove))
        .route("/dead-zone", get(dead_zone))
        .route("/data", get(data))
        .merge(metadata)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(Api { validator, board: Board::default() }))
}

/// Answers requests until `stop` ends.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    axum::serve(listener, router).with_graceful_shutdown(stop).await
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

async fn list(_: AccessToken, State(board): State<Board>) -> Json<Vec<Note>> {
    Json(board.all())
}

async fn add(
    token: AccessToken,
    State(board): State<Board>,
    Json(new): Json<NewNote>,
) -> Result<(StatusCode, Json<Note>), StatusCode> {
    let note = board.add(token.subject(), &new.text).ok_or(StatusCode::UNPROCESSABLE_ENTITY)?;
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

async fn data(token: RequirePermission<DataRead>, State(board): State<Board>) -> Json<Figures> {
    let (notes, authors) = board.count();
    Json(Figures { notes, authors, reader: token.subject().to_owned() })
}
