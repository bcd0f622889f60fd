//! The pages that people see: plain values in, HTML with its policy out.
//!
//! A page is a small struct with an askama template of the same name in `templates/`. A handler
//! fills it in and calls [`render`]:
//!
//! ```
//! use doorward::http::view::{self, Locale, Messages, SignedOut};
//! use http::StatusCode;
//!
//! let locale = Locale::negotiate(&["de-AT"], Some("en-GB,en;q=0.8"));
//! let page = SignedOut { t: Messages::new(locale), back: None };
//! let response = view::render(StatusCode::OK, &page);
//! assert_eq!(response.headers()["content-language"], "de");
//! ```
//!
//! No page trusts its values: askama escapes all of them, no template switches that off, links are
//! [`WebLink`]s, and names that other people chose are [`DisplayText`]s.

mod account;
mod api_keys;
mod client;
mod consent;
mod content_security_policy;
mod device;
mod display_text;
mod error;
mod form_post;
mod locale;
mod messages;
mod moment;
mod new_api_key;
mod password_advice;
mod role_missing;
mod select_account;
mod setup;
mod sign_in;
mod sign_out;
mod web_link;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::http::layer::security_headers::OPENER_POLICY;

pub use account::{AccountNotice, AccountPage, App, Session};
pub use api_keys::{
    ApiKeyMade, ApiKeyPermission, ApiKeyRow, ApiKeysNotice, ApiKeysPage, RevokeApiKey,
    RotateApiKey, RotateProblem,
};
pub use client::{Account, Client, Display};
pub use consent::{Asked, ClientTrust, Consent, PermissionWords};
pub use content_security_policy::{ContentSecurityPolicy, Source};
pub use display_text::DisplayText;
pub use error::{BackLink, ErrorPage, Explanation};
pub use form_post::FormPost;
pub use locale::Locale;
pub use messages::Messages;
pub use new_api_key::{NewApiKey, NewApiKeyProblem, OfferedApi, OfferedPermission};
pub use role_missing::{MissingPermission, RoleMissing};
pub use select_account::SelectAccount;
pub use setup::{Setup, SetupDone, SetupProblem};
pub use sign_in::{SignIn, SignInError};
pub use sign_out::{ConfirmSignOut, SignedOut};
pub use web_link::WebLink;

/// A whole HTML page.
pub trait Page: Template {
    /// The language that the page is written in.
    fn messages(&self) -> Messages;

    /// What the page may load, and where its forms may lead.
    fn policy(&self) -> ContentSecurityPolicy {
        ContentSecurityPolicy::page()
    }

    /// How the client wants the page shown.
    fn display(&self) -> Display {
        Display::Page
    }
}

/// The response that shows `page` under `status`, with the page's own policy.
///
/// The other security headers, `Cache-Control: no-store` among them, are added to every response by
/// [the edge](crate::http::layer::edge).
pub fn render(status: StatusCode, page: &impl Page) -> Response {
    let Ok(html) = page.render() else {
        // Only a value whose `Display` fails gets here, and no value of a page does.
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut headers = HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_LANGUAGE, HeaderValue::from_static(page.messages().locale().tag())),
        (CONTENT_SECURITY_POLICY, page.policy().header_value()),
    ]);
    match page.display() {
        // The app waits for its popup and hears from it when it comes back: both need the opener.
        Display::Popup => {
            headers.insert(OPENER_POLICY, HeaderValue::from_static("unsafe-none"));
        }
        Display::Page | Display::Touch | Display::Wap => {}
    }
    (status, headers, html).into_response()
}
