//! The paths of the public listener.

pub use crate::protocol::metadata::path::{
    AUTHORIZE, INTROSPECT, JWKS, LOGOUT, OAUTH_AUTHORIZATION_SERVER, OPENID_CONFIGURATION, REVOKE,
    TOKEN, USERINFO,
};

/// Leads to the account page.
pub const HOME: &str = "/";
/// Sign in.
pub const LOGIN: &str = "/login";
/// Choose an account.
pub const SELECT_ACCOUNT: &str = "/select-account";
/// Allow an app what it asks for.
pub const CONSENT: &str = "/consent";
/// Which role is missing.
pub const ROLE_MISSING: &str = "/role-missing";
/// One's own sessions and apps.
pub const ACCOUNT: &str = "/account";
/// Ends one of one's sessions, or all others.
pub const END_SESSION: &str = "/account/sessions/end";
/// Takes back what an app was allowed.
pub const REVOKE_APP: &str = "/account/apps/revoke";
/// One's own API keys.
pub const API_KEYS: &str = "/account/api-keys";
/// Makes an API key.
pub const NEW_API_KEY: &str = "/account/api-keys/new";
/// Puts a new API key in the place of one.
pub const ROTATE_API_KEY: &str = "/account/api-keys/rotate";
/// Ends an API key.
pub const REVOKE_API_KEY: &str = "/account/api-keys/revoke";
/// Says that the session is over.
pub const SIGNED_OUT: &str = "/signed-out";
/// The description of the admin API, OpenAPI 3.1.
pub const ADMIN_OPENAPI: &str = "/admin/api/openapi.json";
/// Leads to the page for trying the admin API out.
pub const ADMIN_DOCS: &str = "/admin/api/docs";
/// The files of that page.
pub const ADMIN_DOCS_FILE: &str = "/admin/api/docs/{name}";
/// What a problem of the admin API means.
pub const ADMIN_PROBLEM: &str = "/admin/api/problems/{name}";
/// Everything else under the admin API: 404.
pub const ADMIN_UNKNOWN: &str = "/admin/api/{*unknown}";
/// Makes the first administrator.
pub const SETUP: &str = "/setup";
