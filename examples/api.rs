//! `cargo run --example api -- ISSUER`: an API on one page, protected by `doorward::resource_server`.
//!
//! Register it as `doorward client create --type api --audience http://localhost:8002`, and an app or a
//! machine with `--access-token-audience http://localhost:8002`. Then, with an access token:
//! `curl -i -H "Authorization: Bearer $TOKEN" http://localhost:8002/notes`

use std::{
    error::Error,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::{FromRef, State},
    routing::get,
};
use doorward::{
    resource_server::{AccessToken, RequirePermission, Validator, protected_resource_metadata},
    types::Secret,
};

doorward::permissions! {
    /// Delete everybody's notes.
    NotesDelete = "notes:delete";
}

const OWN: &str = "http://localhost:8002";

/// What the handlers share.
#[derive(Clone)]
struct Api {
    validator: Validator,
    notes: Arc<Mutex<Vec<String>>>,
}

/// Where the extractors find the validator.
impl FromRef<Api> for Validator {
    fn from_ref(api: &Api) -> Self {
        api.validator.clone()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let issuer = arguments.next().unwrap_or_else(|| "http://localhost:8000".to_owned());
    let mut api = Validator::for_api(&issuer, OWN).name("Notes").permissions(["notes:delete"]);
    // With a client of its own the API takes opaque tokens and API keys as well.
    if let (Some(id), Some(secret)) = (arguments.next(), arguments.next()) {
        api = api.introspection(&id, Secret::new(secret));
    }
    let validator = api.build()?;

    let app = Router::new()
        .route("/", get(hello))
        .route("/notes", get(list).post(add).delete(clear))
        .merge(protected_resource_metadata(&validator)?)
        .with_state(Api { validator, notes: Arc::default() });

    let listener = tokio::net::TcpListener::bind("127.0.0.1:8002").await?;
    // With the address of each connection, for API keys that are bound to some.
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    Ok(axum::serve(listener, app).await?)
}

/// For everybody. A caller with a token is greeted by name.
async fn hello(token: Option<AccessToken>) -> String {
    token.map_or_else(|| "Hello.".to_owned(), |token| format!("Hello, {}.", token.subject()))
}

/// For everybody who is signed in: the token is the proof.
async fn list(_: AccessToken, State(api): State<Api>) -> Json<Vec<String>> {
    Json(api.notes.lock().map(|notes| notes.clone()).unwrap_or_default())
}

/// The same, and the author is who the token says.
async fn add(token: AccessToken, State(api): State<Api>, text: String) {
    if let Ok(mut notes) = api.notes.lock() {
        notes.push(format!("{}: {text}", token.subject()));
    }
}

/// For those who hold the permission. Others get 403 and are told which scope is missing.
async fn clear(_: RequirePermission<NotesDelete>, State(api): State<Api>) {
    if let Ok(mut notes) = api.notes.lock() {
        notes.clear();
    }
}
