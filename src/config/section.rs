//! The table of settings, as a macro: field, type, default, rule and help stand in one row.

use super::value::Invalid;

/// A value as it was written, before it is understood.
#[derive(Debug, Clone)]
pub(super) enum Raw {
    /// A value of the TOML file.
    Toml(toml::Value),
    /// The text of an environment variable or of a flag.
    Text(String),
}

/// Why a setting was not set.
#[derive(Debug)]
pub(super) enum Unset {
    /// No setting has this name.
    Unknown,
    /// The value cannot be used.
    Invalid(Invalid),
}

/// One row of the table of settings.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    /// The names of the sections above it, joined by dots; empty at the top.
    pub(super) section: String,
    /// What the section is about, a line each.
    pub(super) about: &'static [&'static str],
    /// The name within the section.
    pub(super) key: &'static str,
    /// What it does, a line each.
    pub(super) help: &'static [&'static str],
    /// The current value, as TOML. A secret in it is redacted.
    pub(super) value: String,
}

impl Setting {
    /// The name in the file: `sessions.idle`.
    pub(super) fn path(&self) -> String {
        match self.section.as_str() {
            "" => self.key.to_owned(),
            section => format!("{section}.{}", self.key),
        }
    }

    /// The name in the environment: `DOORWARD_SESSIONS_IDLE`.
    pub(super) fn variable(&self) -> String {
        format!("DOORWARD_{}", self.path().replace('.', "_").to_uppercase())
    }
}

/// A group of settings, made by [`settings!`].
pub(super) trait Section {
    /// Adds a row for each setting, in the order of the table.
    fn list(&self, section: &str, rows: &mut Vec<Setting>);

    /// Reads `raw` into the setting named by `path`, which is relative to this section.
    fn set(&mut self, path: &str, raw: &Raw) -> Result<(), Unset>;
}

/// Declares a group of settings: a struct whose `Default` holds the defaults, and its [`Section`].
///
/// A row is `name: Type = default, rule;` with its help as the doc comment. Groups within the
/// group follow in `sections { … }`.
macro_rules! settings {
    (
        $(#[doc = $about:literal])+
        pub struct $name:ident {
            $($(#[doc = $help:literal])+ $key:ident: $type:ty = $default:expr, $rule:expr;)*
        }
        $(sections {
            $($(#[doc = $group_help:literal])+ $group:ident: $group_type:ty;)*
        })?
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone)]
        pub struct $name {
            $($(#[doc = $help])+ pub $key: $type,)*
            $($($(#[doc = $group_help])+ pub $group: $group_type,)*)?
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($key: $default,)* $($($group: <$group_type>::default(),)*)? }
            }
        }

        impl $crate::config::section::Section for $name {
            fn list(&self, section: &str, rows: &mut Vec<$crate::config::section::Setting>) {
                const ABOUT: &[&str] = &[$($about),+];
                $(rows.push($crate::config::section::Setting {
                    section: section.to_owned(),
                    about: ABOUT,
                    key: stringify!($key),
                    help: &[$($help),+],
                    value: $crate::config::value::Value::to_toml(&self.$key),
                });)*
                $($(self.$group.list(stringify!($group), rows);)*)?
            }

            fn set(
                &mut self,
                path: &str,
                raw: &$crate::config::section::Raw,
            ) -> Result<(), $crate::config::section::Unset> {
                use $crate::config::section::Unset;
                $(if path == stringify!($key) {
                    self.$key = $crate::config::value::read(raw, &$rule).map_err(Unset::Invalid)?;
                    return Ok(());
                })*
                $($(if let Some(rest) = path.strip_prefix(concat!(stringify!($group), ".")) {
                    return self.$group.set(rest, raw);
                })*)?
                Err(Unset::Unknown)
            }
        }
    };
}
pub(super) use settings;
