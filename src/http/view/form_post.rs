//! The page that carries an authorization response to the client. OAuth 2.0 Form Post Response Mode §2.

use askama::Template;

use super::Page;
use super::content_security_policy::{ContentSecurityPolicy, Source};
use super::messages::Messages;

/// Posts `fields` to `redirect_uri`, by script at once or by button.
#[derive(Debug, Clone, Template)]
#[template(path = "form_post.html")]
pub struct FormPost {
    /// The catalogue.
    pub t: Messages,
    /// The registered redirection URI.
    pub redirect_uri: String,
    /// The parameters of the response, names and values.
    pub fields: Vec<(String, String)>,
}

impl Page for FormPost {
    fn messages(&self) -> Messages {
        self.t
    }

    fn policy(&self) -> ContentSecurityPolicy {
        ContentSecurityPolicy::page()
            .with_own_scripts()
            .with_form_action(Source::of_redirect_uri(&self.redirect_uri).as_ref())
    }
}
