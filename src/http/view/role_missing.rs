//! The page that says which role is missing, in plain words. RFC 6749 §4.1.2.1.

use askama::Template;

use super::Page;
use super::client::{Account, Client, Display};
use super::content_security_policy::{ContentSecurityPolicy, Source};
use super::display_text::DisplayText;
use super::messages::Messages;

/// Says what the user may not do, and who could. The form posts `flow`, `csrf` and `action` (`back` or
/// `another-account`) to `/role-missing`.
#[derive(Debug, Clone, Template)]
#[template(path = "role_missing.html")]
pub struct RoleMissing {
    /// The catalogue.
    pub t: Messages,
    /// The sealed request in progress.
    pub flow: String,
    /// The anti-forgery token.
    pub csrf: String,
    /// The client that cannot do without.
    pub client: Client,
    /// Who is signed in.
    pub account: Account,
    /// What is missing; at least one.
    pub missing: Vec<MissingPermission>,
    /// `display` of the request.
    pub display: Display,
    /// Where the form may lead besides here: [`Source::of_redirect_uri`] of the request.
    pub form_action: Option<Source>,
}

/// A permission that no role of the user gives.
#[derive(Debug, Clone)]
pub struct MissingPermission {
    /// What it allows, or its name.
    pub words: DisplayText,
    /// Its name, for whoever can give it.
    pub permission: DisplayText,
    /// The roles that would give it.
    pub roles: Vec<DisplayText>,
}

impl MissingPermission {
    /// The names of the roles in one text, for a sentence.
    fn roles_joined(&self) -> DisplayText {
        let names: Vec<&str> = self.roles.iter().map(DisplayText::as_str).collect();
        DisplayText::new(&names.join(", "))
    }
}

impl Page for RoleMissing {
    fn messages(&self) -> Messages {
        self.t
    }

    fn display(&self) -> Display {
        self.display
    }

    fn policy(&self) -> ContentSecurityPolicy {
        ContentSecurityPolicy::page()
            .with_images(&self.client.logo_uri)
            .with_form_action(self.form_action.as_ref())
    }
}
