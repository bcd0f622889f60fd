//! The pages around signing out. OIDC RP-Initiated Logout 1.0 §2, §4.

use askama::Template;

use super::Page;
use super::client::Client;
use super::content_security_policy::{ContentSecurityPolicy, Source};
use super::display_text::DisplayText;
use super::error::BackLink;
use super::messages::Messages;

/// Asks whether to end the session. The form posts `flow`, `csrf` and `action` (`sign-out` or
/// `stay`) to `/logout`.
#[derive(Debug, Clone, Template)]
#[template(path = "confirm_sign_out.html")]
pub struct ConfirmSignOut {
    /// The catalogue.
    pub t: Messages,
    /// The sealed logout request; empty when there is none.
    pub flow: String,
    /// The anti-forgery token.
    pub csrf: String,
    /// The client that asks for it.
    pub client: Option<Client>,
    /// Who is signed in.
    pub username: DisplayText,
    /// Where the form may lead besides here: [`Source::of_redirect_uri`] of the
    /// `post_logout_redirect_uri`.
    pub form_action: Option<Source>,
}

impl Page for ConfirmSignOut {
    fn messages(&self) -> Messages {
        self.t
    }

    fn policy(&self) -> ContentSecurityPolicy {
        ContentSecurityPolicy::page()
            .with_images(self.client.iter().filter_map(|client| client.logo_uri.as_ref()))
            .with_form_action(self.form_action.as_ref())
    }
}

/// Says that the session has ended.
#[derive(Debug, Clone, Template)]
#[template(path = "signed_out.html")]
pub struct SignedOut {
    /// The catalogue.
    pub t: Messages,
    /// The way back to the client.
    pub back: Option<BackLink>,
}

impl Page for SignedOut {
    fn messages(&self) -> Messages {
        self.t
    }
}
