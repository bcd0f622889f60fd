//! The account page: where one is signed in, and which apps have access.

use askama::Template;

use super::client::{Account, Client};
use super::consent::Asked;
use super::content_security_policy::ContentSecurityPolicy;
use super::display_text::DisplayText;
use super::messages::Messages;
use super::{Page, device, moment};
use crate::types::Timestamp;

/// What the user has just done on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountNotice {
    /// One session was ended.
    SessionEnded,
    /// All sessions but this one were ended.
    OtherSessionsEnded,
    /// One app lost its access.
    AppRevoked,
}

/// A browser session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// What the form sends back to end it.
    pub id: String,
    /// The User-Agent header at sign-in.
    pub user_agent: Option<String>,
    /// The address at sign-in.
    pub address: Option<DisplayText>,
    /// When it began.
    pub signed_in_at: Timestamp,
    /// When it was used last.
    pub last_seen_at: Timestamp,
    /// Whether it is the one that asks for the page.
    pub is_current: bool,
}

/// A client that was given consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// What the form sends back to revoke it.
    pub client_id: String,
    /// The client.
    pub client: Client,
    /// What was allowed.
    pub scopes: Vec<Asked>,
    /// When they were allowed.
    pub since: Timestamp,
}

/// Shows an account to its owner. Its forms, each with `csrf`, post
/// `session` to `/account/sessions/end`, where the value `others` means every other session;
/// `client_id` to `/account/apps/revoke`; and `action=sign-out` to `/logout`.
#[derive(Debug, Clone, Template)]
#[template(path = "account.html")]
pub struct AccountPage {
    /// The catalogue.
    pub t: Messages,
    /// The anti-forgery token.
    pub csrf: String,
    /// Whose account it is.
    pub account: Account,
    /// The active sessions, in the order to show them.
    pub sessions: Vec<Session>,
    /// The apps with access, in the order to show them.
    pub apps: Vec<App>,
    /// What was just done.
    pub notice: Option<AccountNotice>,
    /// The current moment, for "5 minutes ago".
    pub now: Timestamp,
}

impl Page for AccountPage {
    fn messages(&self) -> Messages {
        self.t
    }

    fn policy(&self) -> ContentSecurityPolicy {
        ContentSecurityPolicy::page()
            .with_images(self.apps.iter().filter_map(|app| app.client.logo_uri.as_ref()))
    }
}

impl AccountPage {
    fn notice_text(&self) -> Option<String> {
        self.notice.map(|notice| match notice {
            AccountNotice::SessionEnded => self.t.text("account-notice-session-ended"),
            AccountNotice::OtherSessionsEnded => self.t.text("account-notice-others-ended"),
            AccountNotice::AppRevoked => self.t.text("account-notice-app-revoked"),
        })
    }

    fn device(&self, session: &Session) -> String {
        device::describe(self.t, session.user_agent.as_deref())
    }

    /// The sentence of `key` with `at` in words.
    fn when(&self, key: &str, at: Timestamp) -> String {
        self.t.with(key, "when", moment::in_words(self.t, at, self.now))
    }

    fn has_other_sessions(&self) -> bool {
        self.sessions.iter().any(|session| !session.is_current)
    }

    fn scope_titles(&self, app: &App) -> Vec<String> {
        app.scopes.iter().map(|scope| scope.title(self.t)).collect()
    }
}
