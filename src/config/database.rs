//! Which database, by the scheme of its URL.

use std::path::{Path, PathBuf};

use super::value::{Echo, Value, quoted};
use crate::types::Secret;

/// Where the rows are.
#[derive(Debug, Clone)]
pub enum DatabaseUrl {
    /// An SQLite file on this machine: `sqlite://path`, relative to the working directory
    /// unless the path begins with a slash.
    Sqlite(PathBuf),
    /// A PostgreSQL server: the whole URL, which may hold a password.
    Postgres(Secret<String>),
}

impl DatabaseUrl {
    /// The SQLite file in `data_dir`, when nothing else is configured.
    #[must_use]
    pub fn in_data_dir(data_dir: &Path) -> Self {
        Self::Sqlite(data_dir.join("doorward.db"))
    }
}

/// Without the password. For the start message and `config check`.
impl std::fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => {
                let parsed = url::Url::parse(url.expose()).ok();
                let host = parsed.as_ref().and_then(url::Url::host_str).unwrap_or_default();
                let name = parsed.as_ref().map(url::Url::path).unwrap_or_default();
                write!(f, "postgres://{host}{name}")
            }
        }
    }
}

impl Value for DatabaseUrl {
    const ALLOWED: &'static str =
        "sqlite://path/to/file.db or postgres://user:password@host/database";
    const ECHO: Echo = Echo::Hidden;

    fn parse(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("sqlite://") {
            // A question mark would begin SQLite's own options, which are not the operator's to set.
            let usable = !path.is_empty() && !path.contains('?');
            return if usable { Ok(Self::Sqlite(path.into())) } else { Err(Self::ALLOWED.into()) };
        }
        let postgres =
            ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
        if postgres && url::Url::parse(text).is_ok() {
            return Ok(Self::Postgres(Secret::new(text.to_owned())));
        }
        Err(Self::ALLOWED.to_owned())
    }

    fn to_toml(&self) -> String {
        quoted(&self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_chooses_the_engine() {
        assert!(
            matches!(DatabaseUrl::parse("sqlite://a/b.db"), Ok(DatabaseUrl::Sqlite(path)) if path == Path::new("a/b.db"))
        );
        assert!(
            matches!(DatabaseUrl::parse("sqlite:///a.db"), Ok(DatabaseUrl::Sqlite(path)) if path == Path::new("/a.db"))
        );
        assert!(matches!(DatabaseUrl::parse("postgres://u:p@h/d"), Ok(DatabaseUrl::Postgres(_))));
        for bad in
            ["", "mysql://h/d", "sqlite://", "sqlite:a.db", "sqlite://a?mode=memory", "postgres:"]
        {
            assert!(DatabaseUrl::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_password_is_not_shown() {
        let url =
            DatabaseUrl::parse("postgres://alice:hunter2@db.example/doorward?password=hunter2");
        let url = url.unwrap();
        assert_eq!(url.to_string(), "postgres://db.example/doorward");
        assert!(!format!("{url:?} {}", url.to_toml()).contains("hunter2"));
    }
}
