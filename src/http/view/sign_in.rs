//! The sign-in page: username and password, no script.

use askama::Template;

use super::Page;
use super::client::{Client, Display};
use super::content_security_policy::{ContentSecurityPolicy, Source};
use super::messages::Messages;

/// Why the last attempt did not succeed. It never tells whether the account exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInError {
    /// The username and the password do not belong together.
    Failed,
    /// The limit was reached.
    TooMany {
        /// As in `Retry-After`, in seconds.
        retry_after_seconds: u64,
    },
    /// Password hashing has a full queue.
    Busy,
    /// The session or the page ran out.
    SessionExpired,
}

/// Asks who is there. The form posts `flow`, `next`, `csrf`, `username`, `password` and `action`
/// (`sign-in` or `cancel`) to `/login`.
#[derive(Debug, Clone, Template)]
#[template(path = "sign_in.html")]
pub struct SignIn {
    /// The catalogue.
    pub t: Messages,
    /// The sealed request in progress.
    pub flow: String,
    /// The anti-forgery token.
    pub csrf: String,
    /// The app that waits for the sign-in; `None` when it is for the account page.
    pub client: Option<Client>,
    /// The sealed errand to go on with, when somebody who is signed in has to prove it; may be empty.
    pub next: String,
    /// The username to begin with: `login_hint`, or what was typed before. May be empty.
    pub username: String,
    /// What went wrong before.
    pub error: Option<SignInError>,
    /// `display` of the request.
    pub display: Display,
    /// Where the form may lead besides here: [`Source::of_redirect_uri`] of the request.
    pub form_action: Option<Source>,
}

impl Page for SignIn {
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

impl SignIn {
    fn error_text(&self) -> Option<String> {
        self.error.map(|error| match error {
            SignInError::Failed => self.t.text("sign-in-failed"),
            SignInError::TooMany { retry_after_seconds: seconds @ 0..100 } => {
                self.t.count("sign-in-too-many-seconds", seconds.max(1))
            }
            SignInError::TooMany { retry_after_seconds } => {
                self.t.count("sign-in-too-many-minutes", retry_after_seconds.div_ceil(60))
            }
            SignInError::Busy => self.t.text("sign-in-busy"),
            SignInError::SessionExpired => self.t.text("sign-in-session-expired"),
        })
    }

    /// Whether the fields themselves are at fault.
    fn fields_are_wrong(&self) -> bool {
        self.error == Some(SignInError::Failed)
    }
}
