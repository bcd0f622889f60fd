//! What is wrong with a configuration: where, which setting, why, and what is allowed.

use std::path::PathBuf;

use super::check::Conflict;

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The configuration file.
    File(PathBuf),
    /// An environment variable, by name.
    Environment(String),
    /// A flag of the command line, with its dashes.
    Flag(&'static str),
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// The configuration cannot be used. No variant repeats a value that may hold a secret.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file that was asked for cannot be read.
    #[error("{}: cannot be read: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        reason: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{}: line {line}: {message}", path.display())]
    NotToml {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What the parser expected.
        message: String,
    },
    /// No setting has this name.
    #[error("{at}: there is no setting `{name}`; did you mean `{nearest}`?")]
    Unknown {
        /// Where it was written.
        at: Source,
        /// What was written.
        name: String,
        /// The known name that is spelled most like it.
        nearest: String,
    },
    /// The value of a setting cannot be used.
    #[error("{at}: `{key}`{} cannot be used; allowed: {allowed}", shown(found.as_deref()))]
    Invalid {
        /// Where it was written.
        at: Source,
        /// The setting, as in the file.
        key: String,
        /// What was written, unless it may hold a secret.
        found: Option<String>,
        /// What may be written.
        allowed: String,
    },
    /// Two settings do not fit together.
    #[error(transparent)]
    Conflict(#[from] Conflict),
}

/// The written value within the sentence.
fn shown(found: Option<&str>) -> String {
    found.map(|value| format!(" = {value}")).unwrap_or_default()
}
