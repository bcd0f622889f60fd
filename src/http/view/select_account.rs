//! The page that asks which account to go on with. OIDC Core §3.1.2.1 (`prompt=select_account`).

use askama::Template;

use super::Page;
use super::client::{Account, Client, Display};
use super::content_security_policy::{ContentSecurityPolicy, Source};
use super::messages::Messages;

/// Asks which account to use. The form posts `flow`, `csrf` and either `account` (the chosen
/// [`Account::id`]) or `action` (`another-account` or `cancel`) to `/select-account`.
#[derive(Debug, Clone, Template)]
#[template(path = "select_account.html")]
pub struct SelectAccount {
    /// The catalogue.
    pub t: Messages,
    /// The sealed request in progress.
    pub flow: String,
    /// The anti-forgery token.
    pub csrf: String,
    /// The app that waits.
    pub client: Option<Client>,
    /// The accounts that are signed in in this browser.
    pub accounts: Vec<Account>,
    /// `display` of the request.
    pub display: Display,
    /// Where the form may lead besides here: [`Source::of_redirect_uri`] of the request.
    pub form_action: Option<Source>,
}

impl Page for SelectAccount {
    fn messages(&self) -> Messages {
        self.t
    }

    fn display(&self) -> Display {
        self.display
    }

    fn policy(&self) -> ContentSecurityPolicy {
        ContentSecurityPolicy::page()
            .with_images(self.client.iter().filter_map(|client| client.logo_uri.as_ref()))
            .with_form_action(self.form_action.as_ref())
    }
}
