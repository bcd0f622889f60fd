//! Floor 5: HTTP. Bytes become requests, answers become bytes, and people see pages.
//!
//! Every route stands on this page.

pub mod admin;
pub mod assets;
mod cookies;
mod documents;
mod extract;
pub mod layer;
mod oauth;
pub mod ops;
pub mod route;
mod ui;
pub mod view;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

use crate::service::Context;
use cookies::CookieNames;
use documents::{Documents, PublishedKeys};

/// Whether errors say more than the specifications ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Explain {
    /// Error pages carry a hint for the developer of the client.
    ToDevelopers,
    /// They do not: the hint is in the log alone.
    ToTheLog,
}

/// What every handler works with.
#[derive(Debug)]
pub(crate) struct App {
    ctx: Arc<Context>,
    cookies: CookieNames,
    documents: Documents,
    published_keys: PublishedKeys,
    explain: Explain,
    admin: admin::State,
}

/// The routes of the public listener, without its probes and its edge.
pub fn router(
    ctx: Arc<Context>,
    explain: Explain,
    administration: &admin::Administration,
) -> Router {
    let app = Arc::new(App {
        cookies: CookieNames::of(ctx.protocol.issuer.transport()),
        documents: Documents::new(&ctx.protocol),
        published_keys: PublishedKeys::default(),
        explain,
        admin: admin::State::new(administration),
        ctx,
    });
    Router::new()
        // What clients fetch once and keep.
        .route(route::OPENID_CONFIGURATION, get(oauth::discovery::openid))
        .route(route::OAUTH_AUTHORIZATION_SERVER, get(oauth::discovery::oauth))
        .route(route::JWKS, get(oauth::discovery::jwks))
        // What browsers are sent to.
        .route(
            route::AUTHORIZE,
            get(oauth::authorize::get).post(oauth::authorize::post).head(oauth::no_head),
        )
        .route(
            route::LOGOUT,
            get(oauth::logout::get).post(oauth::logout::post).head(oauth::no_head),
        )
        // What clients and APIs call.
        .route(route::TOKEN, post(oauth::token::post).options(oauth::cors::preflight))
        .route(route::REVOKE, post(oauth::revoke::post).options(oauth::cors::preflight))
        .route(route::INTROSPECT, post(oauth::introspect::post))
        .route(
            route::USERINFO,
            get(oauth::userinfo::get).post(oauth::userinfo::post).options(oauth::cors::preflight),
        )
        .merge(pages())
        .merge(assets::router())
        // What administrators' programs call.
        .merge(admin::router(administration.served))
        .fallback(ui::not_found)
        .with_state(app)
}

/// What people see.
fn pages() -> Router<Arc<App>> {
    Router::new()
        .route(route::HOME, get(ui::home))
        .route(route::LOGIN, get(ui::login::get).post(ui::login::post))
        .route(route::SELECT_ACCOUNT, get(ui::select_account::get).post(ui::select_account::post))
        .route(route::CONSENT, get(ui::consent::get).post(ui::consent::post))
        .route(route::ROLE_MISSING, get(ui::role_missing::get).post(ui::role_missing::post))
        .route(route::ACCOUNT, get(ui::account::get))
        .route(route::END_SESSION, post(ui::account::end_session))
        .route(route::REVOKE_APP, post(ui::account::revoke_app))
        .route(route::API_KEYS, get(ui::api_keys::get))
        .route(route::NEW_API_KEY, get(ui::api_keys::new::get).post(ui::api_keys::new::post))
        .route(
            route::ROTATE_API_KEY,
            get(ui::api_keys::rotate::get).post(ui::api_keys::rotate::post),
        )
        .route(
            route::REVOKE_API_KEY,
            get(ui::api_keys::revoke::get).post(ui::api_keys::revoke::post),
        )
        .route(route::SIGNED_OUT, get(ui::signed_out))
        .route(route::SETUP, get(ui::setup::get).post(ui::setup::post))
}
