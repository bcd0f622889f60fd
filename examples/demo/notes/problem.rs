//! What can go wrong, and the page that says so.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use thiserror::Error;

use super::page::{self, ProblemPage};

/// Why a request was not answered as asked.
#[derive(Debug, Error)]
pub(crate) enum Problem {
    /// The authorization server said no, with an error code (RFC 6749 §4.1.2.1, §5.2).
    #[error("{code}")]
    Refused {
        /// The `error` code.
        code: String,
        /// The `error_description`, for developers.
        description: Option<String>,
    },
    /// The authorization server could not be reached or answered with nonsense.
    #[error("server_unreachable")]
    Unreachable(String),
    /// What came back does not prove what it should.
    #[error("not_trusted")]
    NotTrusted(String),
    /// This sign-in is not known here: too old, already finished, or of another browser.
    #[error("unknown_sign_in")]
    UnknownSignIn,
    /// Nobody is signed in.
    #[error("not_signed_in")]
    NotSignedIn,
    /// A form without the right anti-forgery token.
    #[error("form_expired")]
    FormExpired,
    /// A request that no page of Notes sends.
    #[error("bad_request")]
    BadRequest(&'static str),
    /// There is no such page.
    #[error("not_found")]
    NotFound,
    /// A page could not be written.
    #[error("page_failed")]
    Page(#[from] askama::Error),
}

impl Problem {
    fn status(&self) -> StatusCode {
        match self {
            Self::Refused { .. } | Self::UnknownSignIn | Self::BadRequest(_) => {
                StatusCode::BAD_REQUEST
            }
            Self::Unreachable(_) | Self::NotTrusted(_) => StatusCode::BAD_GATEWAY,
            Self::NotSignedIn => StatusCode::UNAUTHORIZED,
            Self::FormExpired => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Page(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// A heading and a sentence for the person in front of it.
    fn words(&self) -> (&str, &str) {
        match self {
            Self::Refused { code, .. } => refusal(code),
            Self::Unreachable(_) => (
                "The sign-in service does not answer",
                "Notes could not talk to it. Please try again in a moment.",
            ),
            Self::NotTrusted(_) => (
                "This sign-in cannot be trusted",
                "The answer did not prove where it came from, so Notes threw it away.",
            ),
            Self::UnknownSignIn => (
                "This sign-in is over",
                "It was finished before, took too long, or began in another browser.",
            ),
            Self::NotSignedIn => ("You are not signed in", "Please sign in to see your notes."),
            Self::FormExpired => (
                "That form is out of date",
                "It belongs to an earlier session. Go back to your notes and try again.",
            ),
            Self::BadRequest(reason) => ("Notes did not understand that", reason),
            Self::NotFound => ("There is no such page", "The address may be mistyped."),
            Self::Page(_) => ("Something broke", "Notes could not show this page."),
        }
    }

    fn detail(&self) -> Option<&str> {
        match self {
            Self::Refused { description, .. } => description.as_deref(),
            Self::Unreachable(detail) | Self::NotTrusted(detail) => Some(detail),
            Self::UnknownSignIn
            | Self::NotSignedIn
            | Self::FormExpired
            | Self::BadRequest(_)
            | Self::NotFound
            | Self::Page(_) => None,
        }
    }
}

/// What an error code of the authorization server means for the person (RFC 6749 §4.1.2.1 and §5.2,
/// OIDC Core §3.1.2.6).
fn refusal(code: &str) -> (&'static str, &'static str) {
    match code {
        "access_denied" => (
            "You said no",
            "Nothing was shared with Notes. You can sign in whenever you change your mind.",
        ),
        "login_required"
        | "interaction_required"
        | "account_selection_required"
        | "consent_required" => {
            ("You need to sign in again", "The sign-in service wants to see you before it goes on.")
        }
        "invalid_grant" => (
            "Your session has ended",
            "It expired, or it was ended somewhere else. Please sign in again.",
        ),
        "temporarily_unavailable" => {
            ("The sign-in service is busy", "Please try again in a moment.")
        }
        "invalid_client" | "unauthorized_client" => (
            "Notes is not registered properly",
            "The sign-in service does not accept Notes as an app. Its developer has to look.",
        ),
        _ => ("Signing in did not work", "The sign-in service answered with an error."),
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (heading, sentence) = self.words();
        let code = self.to_string();
        let page = ProblemPage { heading, sentence, code: &code, detail: self.detail() };
        (self.status(), page::show(&page)).into_response()
    }
}
