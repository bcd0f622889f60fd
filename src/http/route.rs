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
/// Says that the session is over.
pub const SIGNED_OUT: &str = "/signed-out";
/// Makes the first administrator.
pub const SETUP: &str = "/setup";
