//! Where a secret is: `{ env = "NAME" }` or `{ file = "path" }`. The file that declares never holds one.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{cli::failure::Failure, types::Secret};

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reference {
    /// In a variable of the environment.
    Environment(String),
    /// In a file, without the line end after it.
    File(PathBuf),
}

impl Reference {
    /// Reads a reference; a relative path begins at `folder`. `at` is for the errors.
    pub(super) fn parse(at: &str, value: &Value, folder: &Path) -> Result<Self, Failure> {
        let wrong = || {
            Failure::usage(format!("{at}: say where it is, never what it is"))
                .hint("{ env = \"NAME\" } or { file = \"path\" }")
        };
        let members = value.as_object().filter(|members| members.len() == 1).ok_or_else(wrong)?;
        let (key, place) = members.iter().next().ok_or_else(wrong)?;
        let place = place.as_str().filter(|place| !place.is_empty()).ok_or_else(wrong)?;
        match key.as_str() {
            "env" => Ok(Self::Environment(place.to_owned())),
            "file" => Ok(Self::File(folder.join(place))),
            _ => Err(wrong()),
        }
    }

    /// The secret itself.
    #[expect(
        clippy::disallowed_methods,
        reason = "the variable is named by the file that declares, and is no setting"
    )]
    pub(super) fn resolve(&self, at: &str) -> Result<Secret<String>, Failure> {
        let mut text = match self {
            Self::Environment(name) => std::env::var(name)
                .map_err(|_| Failure::failed(format!("{at}: the variable {name} is not set"))),
            Self::File(path) => std::fs::read_to_string(path)
                .map_err(|error| Failure::failed(format!("{at}: {}: {error}", path.display()))),
        }?;
        text.truncate(text.trim_end_matches(['\n', '\r']).len());
        if text.is_empty() {
            return Err(Failure::failed(format!("{at}: what is referred to is empty")));
        }
        Ok(Secret::new(text))
    }
}
