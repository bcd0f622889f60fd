//! The error page: a sentence for the person in front of it, the rest for whoever helps.

use askama::Template;

use super::Page;
use super::display_text::DisplayText;
use super::messages::Messages;
use super::web_link::WebLink;

/// What a person needs to know about an error. The protocol's error code is too fine for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Explanation {
    /// The client's request broke a rule.
    ClientRequest,
    /// The page or the request in progress is too old, or was finished elsewhere.
    Expired,
    /// The account may not do this.
    Refused,
    /// There is no such page, or the link was used before.
    NotFound,
    /// A limit was reached.
    TooMany,
    /// The server sheds load, or its database is away.
    Busy,
    /// The fault is ours.
    Fault,
}

/// A link to the client that sent someone here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackLink {
    /// The client's name.
    pub client: DisplayText,
    /// Its home page, or the `post_logout_redirect_uri` after signing out.
    pub href: WebLink,
}

/// Says what went wrong. The handler chooses the status.
#[derive(Debug, Clone, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// The catalogue.
    pub t: Messages,
    /// The sentence for the person.
    pub explanation: Explanation,
    /// The code of the specification, such as `invalid_request`.
    pub error: DisplayText,
    /// What exactly was wrong, in the specification's words.
    pub description: Option<DisplayText>,
    /// The id under which the log knows this failure.
    pub error_id: String,
    /// How a developer mends it; only outside production.
    pub hint: Option<DisplayText>,
    /// The way back to the client.
    pub back: Option<BackLink>,
}

impl Page for ErrorPage {
    fn messages(&self) -> Messages {
        self.t
    }
}

impl ErrorPage {
    fn heading(&self) -> String {
        self.t.text(self.keys().0)
    }

    fn advice(&self) -> String {
        self.t.text(self.keys().1)
    }

    const fn keys(&self) -> (&'static str, &'static str) {
        match self.explanation {
            Explanation::ClientRequest => ("error-request", "error-request-text"),
            Explanation::Expired => ("error-expired", "error-expired-text"),
            Explanation::Refused => ("error-refused", "error-refused-text"),
            Explanation::NotFound => ("error-not-found", "error-not-found-text"),
            Explanation::TooMany => ("error-too-many", "error-too-many-text"),
            Explanation::Busy => ("error-busy", "error-busy-text"),
            Explanation::Fault => ("error-fault", "error-fault-text"),
        }
    }
}
