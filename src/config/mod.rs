//! Configuration: defaults, then `doorward.toml`, then `DOORWARD_*`, then flags; the later wins.
//!
//! `settings` is the one table of every setting, with its default, its bounds and its help. A
//! name that nobody knows is refused with the nearest one that exists, and every error says where
//! the value was written and what is allowed. The only function here that looks at the process is
//! [`load_from_process`].

mod check;
mod database;
mod error;
mod example;
mod issuer;
mod section;
mod settings;
mod source;
mod value;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

pub use check::Conflict;
pub use database::DatabaseUrl;
pub use error::{ConfigError, Source};
pub use example::example;
pub use issuer::{Issuer, NotAnIssuer, Transport};
pub use settings::{
    Admin, ApiKeys, Config, Database, Keys, Legacy, Limits, Log, LogFormat, Management, Passwords,
    Proxy, Sessions, Shutdown, SignIn, Tls, Tokens,
};
pub use source::Flags;
pub use value::Bytes;

/// The file that is read when none is named, if it is there.
const DEFAULT_FILE: &str = "doorward.toml";

/// Loads the configuration of this process: its flags, its environment, its working directory.
///
/// # Errors
/// As [`load`].
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
pub fn load_from_process(flags: &Flags) -> Result<Config, ConfigError> {
    load(flags, std::env::vars_os(), Path::new(DEFAULT_FILE))
}

/// Loads a configuration. `environment` is all variables, of which those that begin with
/// `DOORWARD_` count (without `DOORWARD_TEST_…`, which the test suite uses). The file is the one
/// that `flags` names, or `DOORWARD_CONFIG`, or `default_file` if that exists.
///
/// # Errors
/// [`ConfigError`] when a file cannot be read, a name is unknown, a value is not allowed, or two
/// settings do not fit together.
pub fn load(
    flags: &Flags,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    default_file: &Path,
) -> Result<Config, ConfigError> {
    let environment = source::Environment::of(environment);
    let mut config = Config::default();
    let named = flags.config.clone().or_else(|| environment.file.clone());
    if let Some((path, text)) = read_file(named, default_file)? {
        source::apply_file(&path, &text, &mut config)?;
    }
    environment.apply(&mut config)?;
    source::apply_flags(flags, &mut config)?;
    check::check(&config)?;
    Ok(config)
}

/// Every setting that is not at its default: its name in the file and its value as TOML, secrets
/// redacted. For the start message and `config check`.
#[must_use]
pub fn changed(config: &Config) -> Vec<(String, String)> {
    let defaults = source::rows(&Config::default());
    let rows = source::rows(config).into_iter().zip(defaults);
    rows.filter(|(row, default)| row.value != default.value)
        .map(|(row, _)| (row.path(), row.value))
        .collect()
}

/// The text of the configuration file. A file that was named must exist; the default one need not.
fn read_file(
    named: Option<PathBuf>,
    default: &Path,
) -> Result<Option<(PathBuf, String)>, ConfigError> {
    let required = named.is_some();
    let path = named.unwrap_or_else(|| default.to_owned());
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some((path, text))),
        Err(reason) if reason.kind() == std::io::ErrorKind::NotFound && !required => Ok(None),
        Err(reason) => Err(ConfigError::Unreadable { path, reason }),
    }
}

#[cfg(test)]
mod tests;
