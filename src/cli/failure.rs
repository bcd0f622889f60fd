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
        Some(Kind::Usage) => ExitCode::from(2),
        Some(Kind::Failed) | None => ExitCode::FAILURE,
    }
}
