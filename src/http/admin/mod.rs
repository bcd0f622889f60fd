//! The admin API: JSON under `/admin/api/v1`, for the bearers of access tokens of Doorward's own API.
//!
//! [`table::ROUTES`] is the one list of what can be asked, and with which permission. The router, the
//! guard and the OpenAPI document are all made from it: a route that is not guarded, or not described,
//! cannot be written. Cookies are never read here, and no other origin may read an answer.

mod answer;
mod api_keys;
mod apis;
mod assignments;
mod audit;
mod body;
mod call;
mod clients;
mod condition;
mod docs;
mod grants;
mod groups;
mod keys;
mod openapi;
mod page;
mod problem;
mod query;
mod refusal;
mod roles;
mod serve;
mod sessions;
mod settings;
mod shape;
pub mod table;
mod users;

use std::sync::{Arc, OnceLock};

pub(super) use problem::refused;

use axum::{
    Router,
    routing::{any, get},
};

use super::{App, route};
use crate::http::documents::Document;

/// Where the page for trying the admin API out is sent back to after a sign-in.
pub const DOCS_REDIRECT: &str = concat!("/admin/api/docs", "/oauth2-redirect.html");

/// What of the administration is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Served {
    /// Nothing.
    Nothing,
    /// The admin API and its description.
    Api,
    /// The page for trying it out as well.
    ApiAndDocs,
}

/// What the admin API is told of the process.
#[derive(Debug, Clone)]
pub struct Administration {
    /// What is served.
    pub served: Served,
    /// Every setting that is not at its default: its name and its value, secrets redacted.
    pub settings: Vec<(String, String)>,
}

/// What the handlers of the admin API work with, beside what all handlers do.
#[derive(Debug)]
pub(super) struct State {
    settings: Vec<(String, String)>,
    /// Made when somebody asks for it first: making it takes megabytes that most servers never need.
    document: OnceLock<Document>,
}

impl State {
    pub(super) fn new(administration: &Administration) -> Self {
        Self { settings: administration.settings.clone(), document: OnceLock::new() }
    }
}

/// The routes of what is served.
pub(super) fn router(served: Served) -> Router<Arc<App>> {
    let mut router = Router::new();
    match served {
        Served::Nothing => return router,
        Served::Api => {}
        Served::ApiAndDocs => {
            router = router
                .route(route::ADMIN_DOCS, get(docs::front))
                .route(route::ADMIN_DOCS_FILE, get(docs::file));
        }
    }
    for row in table::ROUTES {
        router = router.route(row.path, serve::method(row));
    }
    router
        .method_not_allowed_fallback(serve::method_not_allowed)
        .route(route::ADMIN_OPENAPI, get(openapi::get))
        .route(route::ADMIN_PROBLEM, get(problem::explain))
        .route(route::ADMIN_UNKNOWN, any(serve::not_found))
}
