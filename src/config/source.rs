//! The three places that settings come from, in their order: file, environment, flags.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::error::{ConfigError, Source};
use super::section::{Raw, Section, Setting, Unset};
use super::settings::Config;

/// The variable that names the configuration file.
const FILE_VARIABLE: &str = "DOORWARD_CONFIG";
/// Every variable of Doorward begins so.
const PREFIX: &str = "DOORWARD_";
/// Variables of the test suite, which say nothing to the server.
const TEST_PREFIX: &str = "DOORWARD_TEST_";

/// The flags that every command of the server understands. They win over file and environment.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Flags {
    /// The configuration file [default: doorward.toml, if there is one]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// The public URL of this server
    #[arg(long, value_name = "URL", global = true)]
    pub issuer: Option<String>,
    /// The address and port of the public listener
    #[arg(long, value_name = "ADDRESS", global = true)]
    pub listen: Option<String>,
    /// The address and port of /metrics, /live and /ready; empty: none
    #[arg(long, value_name = "ADDRESS", global = true)]
    pub management_listen: Option<String>,
    /// sqlite://path or postgres://…; the environment keeps a password out of the process list
    #[arg(long, value_name = "URL", global = true)]
    pub database_url: Option<String>,
    /// The folder of the database file and of the master key
    #[arg(long, value_name = "FOLDER", global = true)]
    pub data_dir: Option<String>,
    /// "text" or "json"
    #[arg(long, value_name = "FORMAT", global = true)]
    pub log_format: Option<String>,
    /// The level, or a filter such as "info,doorward=debug"
    #[arg(long, value_name = "FILTER", global = true)]
    pub log_filter: Option<String>,
}

impl Flags {
    /// Each flag that was given: its name, its setting, its value.
    fn given(&self) -> impl Iterator<Item = (&'static str, &'static str, &String)> {
        [
            ("--issuer", "issuer", &self.issuer),
            ("--listen", "listen", &self.listen),
            ("--management-listen", "management.listen", &self.management_listen),
            ("--database-url", "database.url", &self.database_url),
            ("--data-dir", "data_dir", &self.data_dir),
            ("--log-format", "log.format", &self.log_format),
            ("--log-filter", "log.filter", &self.log_filter),
        ]
        .into_iter()
        .filter_map(|(flag, path, value)| value.as_ref().map(|value| (flag, path, value)))
    }
}

/// The variables of Doorward among those of the process.
pub(super) struct Environment {
    /// The file that a variable names.
    pub(super) file: Option<PathBuf>,
    settings: Vec<(String, String)>,
}

impl Environment {
    /// Keeps what begins with `DOORWARD_`.
    pub(super) fn of(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut found = Self { file: None, settings: Vec::new() };
        for (name, value) in variables {
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else {
                continue;
            };
            if name == FILE_VARIABLE {
                found.file = Some(value.into());
            } else if !name.starts_with(TEST_PREFIX) {
                let value = value.to_string_lossy().into_owned();
                found.settings.push((name.to_owned(), value));
            }
        }
        found.settings.sort();
        found
    }

    /// Sets what the variables say.
    pub(super) fn apply(self, config: &mut Config) -> Result<(), ConfigError> {
        let rows = rows(config);
        for (name, value) in self.settings {
            let Some(row) = rows.iter().find(|row| row.variable() == name) else {
                let known = rows.iter().map(Setting::variable);
                let nearest = nearest(&name, known.chain([FILE_VARIABLE.to_owned()]));
                return Err(ConfigError::Unknown {
                    at: Source::Environment(name.clone()),
                    name,
                    nearest,
                });
            };
            set(config, Source::Environment(name), &row.path(), &Raw::Text(value))?;
        }
        Ok(())
    }
}

/// Sets what the flags say.
pub(super) fn apply_flags(flags: &Flags, config: &mut Config) -> Result<(), ConfigError> {
    for (flag, path, value) in flags.given() {
        set(config, Source::Flag(flag), path, &Raw::Text(value.clone()))?;
    }
    Ok(())
}

/// Sets what the text of a configuration file says. `path` is for the errors.
pub(super) fn apply_file(path: &Path, text: &str, config: &mut Config) -> Result<(), ConfigError> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let start = error.span().map_or(0, |span| span.start);
        let before = text.as_bytes().get(..start).unwrap_or_default();
        ConfigError::NotToml {
            path: path.to_owned(),
            line: before.split(|byte| *byte == b'\n').count(),
            message: error.message().to_owned(),
        }
    })?;
    apply_table(path, "", &table, config)
}

/// Sets the values of `table`; `prefix` is empty, or the name of its section and a dot.
fn apply_table(
    path: &Path,
    prefix: &str,
    table: &toml::Table,
    config: &mut Config,
) -> Result<(), ConfigError> {
    for (key, value) in table {
        let name = format!("{prefix}{key}");
        match value.as_table() {
            // An empty table of an unknown name is a mistake too, so the name itself is checked.
            Some(inner) if is_section(config, &name) => {
                apply_table(path, &format!("{name}."), inner, config)?;
            }
            None if is_section(config, &name) => {
                return Err(ConfigError::Invalid {
                    at: Source::File(path.to_owned()),
                    allowed: format!("a table: [{name}]"),
                    found: Some(value.to_string()),
                    key: name,
                });
            }
            Some(_) | None => {
                set(config, Source::File(path.to_owned()), &name, &Raw::Toml(value.clone()))?;
            }
        }
    }
    Ok(())
}

/// Sets one setting, and says where it came from when that fails.
fn set(config: &mut Config, at: Source, key: &str, raw: &Raw) -> Result<(), ConfigError> {
    config.set(key, raw).map_err(|unset| match unset {
        Unset::Unknown => {
            let rows = rows(config);
            let sections = rows.iter().map(|row| row.section.clone()).filter(|s| !s.is_empty());
            let nearest = nearest(key, rows.iter().map(Setting::path).chain(sections));
            ConfigError::Unknown { at, name: key.to_owned(), nearest }
        }
        Unset::Invalid(invalid) => ConfigError::Invalid {
            at,
            key: key.to_owned(),
            found: invalid.found,
            allowed: invalid.allowed,
        },
    })
}

/// Every setting with its present value.
pub(super) fn rows(config: &Config) -> Vec<Setting> {
    let mut rows = Vec::new();
    config.list("", &mut rows);
    rows
}

fn is_section(config: &Config, name: &str) -> bool {
    rows(config).iter().any(|row| row.section == name)
}

/// The known name that is spelled most like `name`.
fn nearest(name: &str, known: impl Iterator<Item = String>) -> String {
    known.min_by_key(|candidate| strsim::damerau_levenshtein(name, candidate)).unwrap_or_default()
}
