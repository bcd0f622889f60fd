//! A command that did not do what was asked: what, why, how to mend it, and the exit code.

use std::process::ExitCode;

use serde_json::json;

use super::output::{Format, Output};

/// A failure that says how to mend it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct Failure {
    message: String,
    hint: Option<String>,
    kind: Kind,
}

/// Whose mistake it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// What was asked for cannot be done. Exit code 1.
    Failed,
    /// It was asked in the wrong way. Exit code 2.
    Usage,
    /// Nothing failed: something is left to do, and the answer has said what. Exit code 2.
    Pending,
}

impl Failure {
    /// What was asked for cannot be done.
    pub(super) fn failed(message: impl std::fmt::Display) -> Self {
        Self { message: message.to_string(), hint: None, kind: Kind::Failed }
    }

    /// The arguments or the configuration are wrong.
    pub(super) fn usage(message: impl std::fmt::Display) -> Self {
        Self { message: message.to_string(), hint: None, kind: Kind::Usage }
    }

    /// The answer that was given says that something is left to do.
    pub(super) fn pending() -> Self {
        Self { message: "changes are pending".to_owned(), hint: None, kind: Kind::Pending }
    }

    /// For a command whose exit code 2 means that changes are pending: a mistake is 1 there.
    pub(super) fn not_pending(error: anyhow::Error) -> anyhow::Error {
        match error.downcast::<Self>() {
            Ok(Self { message, hint, kind: Kind::Usage }) => {
                Self { message, hint, kind: Kind::Failed }.into()
            }
            Ok(failure) => failure.into(),
            Err(error) => error,
        }
    }

    /// How to mend it.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The nearest known name, if one is near.
    pub(super) fn did_you_mean(self, nearest: Option<String>) -> Self {
        match nearest {
            Some(nearest) => self.hint(format!("did you mean `{nearest}`?")),
            None => self,
        }
    }
}

/// Tells the failure on standard error; returned is the exit code.
pub(super) fn report(output: &Output, error: &anyhow::Error) -> ExitCode {
    let failure = error.downcast_ref::<Failure>();
    if failure.is_some_and(|failure| failure.kind == Kind::Pending) {
        return ExitCode::from(2);
    }
    let hint = failure.and_then(|failure| failure.hint.as_deref());
    let message = format!("{error:#}");
    match output.format {
        Format::Json => {
            let body = json!({ "error": { "message": message, "hint": hint } });
            Output::complain(&body.to_string());
        }
        Format::Text => {
            Output::complain(&format!("error: {message}"));
            if let Some(hint) = hint {
                Output::complain(&format!("hint: {hint}"));
            }
        }
    }
    match failure.map(|failure| failure.kind) {
        Some(Kind::Usage | Kind::Pending) => ExitCode::from(2),
        Some(Kind::Failed) | None => ExitCode::FAILURE,
    }
}
