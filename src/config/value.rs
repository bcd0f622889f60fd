//! How the value of a setting is written: `90s`, `16KiB`, `["10.0.0.0/8"]`, `"json"`.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::section::Raw;

/// A value that cannot be used: what was found, and what may stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Invalid {
    /// What was written; `None` when it may hold a secret.
    pub(super) found: Option<String>,
    /// What may be written.
    pub(super) allowed: String,
}

/// A type that a setting can have.
pub(super) trait Value: Sized {
    /// What may be written, as the end of the sentence "allowed: …".
    const ALLOWED: &'static str;

    /// Whether the written value may be repeated in an error.
    const ECHO: Echo = Echo::Shown;

    /// Reads the text of an environment variable, a flag or a TOML string.
    fn parse(text: &str) -> Result<Self, String>;

    /// Reads a TOML value. Most settings are strings.
    fn from_toml(value: &toml::Value) -> Result<Self, String> {
        value.as_str().map_or_else(|| Err(Self::ALLOWED.to_owned()), Self::parse)
    }

    /// Writes the value as TOML, so that it reads back.
    fn to_toml(&self) -> String;
}

/// Whether an error may repeat a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Echo {
    /// The value is no secret.
    Shown,
    /// The value may hold a password.
    Hidden,
}

/// What a value must obey beyond its type.
pub(super) trait Rule<T> {
    /// Nothing, or what is allowed.
    fn check(&self, value: &T) -> Result<(), String>;
}

/// Every value of the type.
pub(super) struct Anything;

impl<T> Rule<T> for Anything {
    fn check(&self, _: &T) -> Result<(), String> {
        Ok(())
    }
}

impl<T: Value + PartialOrd> Rule<T> for RangeInclusive<T> {
    fn check(&self, value: &T) -> Result<(), String> {
        if self.contains(value) {
            return Ok(());
        }
        Err(format!("from {} to {}", self.start().to_toml(), self.end().to_toml()))
    }
}

/// Reads one value and holds it against its rule.
pub(super) fn read<T: Value>(raw: &Raw, rule: &impl Rule<T>) -> Result<T, Invalid> {
    let value = match raw {
        Raw::Text(text) => T::parse(text),
        Raw::Toml(value) => T::from_toml(value),
    };
    let checked = value.and_then(|value| rule.check(&value).map(|()| value));
    checked.map_err(|allowed| Invalid {
        found: match T::ECHO {
            Echo::Shown => Some(match raw {
                Raw::Text(text) => quoted(text),
                Raw::Toml(value) => value.to_string(),
            }),
            Echo::Hidden => None,
        },
        allowed,
    })
}

/// `text` as a TOML string.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The units of time, longest first: the length in seconds and the letter.
const SPANS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];

impl Value for bool {
    const ALLOWED: &'static str = "true or false";

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(Self::ALLOWED.to_owned()),
        }
    }

    fn from_toml(value: &toml::Value) -> Result<Self, String> {
        value.as_bool().ok_or_else(|| Self::ALLOWED.to_owned())
    }

    fn to_toml(&self) -> String {
        self.to_string()
    }
}

impl Value for Duration {
    const ALLOWED: &'static str = "a time like \"90s\", \"15m\", \"12h\" or \"30d\"";

    fn parse(text: &str) -> Result<Self, String> {
        let seconds = SPANS
            .iter()
            .find_map(|(unit, letter)| digits(text.strip_suffix(letter)?)?.checked_mul(*unit));
        seconds.map(Self::from_secs).ok_or_else(|| Self::ALLOWED.to_owned())
    }

    fn to_toml(&self) -> String {
        let seconds = self.as_secs();
        let fits = |&&(unit, _): &&(u64, &str)| seconds != 0 && seconds.is_multiple_of(unit);
        let (unit, letter) = SPANS.iter().find(fits).copied().unwrap_or((1, "s"));
        format!("\"{}{letter}\"", seconds / unit)
    }
}

/// A number of bytes, written `16KiB` or `2MiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(u64);

impl Bytes {
    /// So many times 1,024 bytes.
    #[must_use]
    pub const fn kib(count: u32) -> Self {
        Self(count as u64 * 1_024)
    }

    /// The number of bytes, saturated to what a `usize` can hold.
    #[must_use]
    pub fn count(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// The number of whole KiB, saturated to what a `u32` can hold.
    #[must_use]
    pub fn whole_kib(self) -> u32 {
        u32::try_from(self.0 / 1_024).unwrap_or(u32::MAX)
    }
}

impl Value for Bytes {
    const ALLOWED: &'static str = "a size like \"16KiB\" or \"2MiB\"";

    fn parse(text: &str) -> Result<Self, String> {
        let units = [(1_024, "KiB"), (1_024 * 1_024, "MiB")];
        let bytes = units
            .iter()
            .find_map(|(unit, name)| digits(text.strip_suffix(name)?)?.checked_mul(*unit));
        bytes.map(Self).ok_or_else(|| Self::ALLOWED.to_owned())
    }

    fn to_toml(&self) -> String {
        const MIB: u64 = 1_024 * 1_024;
        if self.0 >= MIB && self.0.is_multiple_of(MIB) {
            format!("\"{}MiB\"", self.0 / MIB)
        } else {
            format!("\"{}KiB\"", self.0 / 1_024)
        }
    }
}

impl Value for u32 {
    const ALLOWED: &'static str = "a whole number";

    fn parse(text: &str) -> Result<Self, String> {
        digits(text)
            .and_then(|number| Self::try_from(number).ok())
            .ok_or_else(|| Self::ALLOWED.to_owned())
    }

    fn from_toml(value: &toml::Value) -> Result<Self, String> {
        value
            .as_integer()
            .and_then(|number| Self::try_from(number).ok())
            .ok_or_else(|| Self::ALLOWED.to_owned())
    }

    fn to_toml(&self) -> String {
        self.to_string()
    }
}

impl Value for String {
    const ALLOWED: &'static str = "a text";

    fn parse(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }

    fn to_toml(&self) -> String {
        quoted(self)
    }
}

impl Value for PathBuf {
    const ALLOWED: &'static str = "a path";

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() { Err(Self::ALLOWED.to_owned()) } else { Ok(text.into()) }
    }

    fn to_toml(&self) -> String {
        quoted(&self.to_string_lossy())
    }
}

impl Value for SocketAddr {
    const ALLOWED: &'static str = "an address and a port, like \"127.0.0.1:8000\" or \"[::]:443\"";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| Self::ALLOWED.to_owned())
    }

    fn to_toml(&self) -> String {
        quoted(&self.to_string())
    }
}

impl Value for IpNet {
    const ALLOWED: &'static str = "networks, like [\"10.0.0.0/8\", \"192.0.2.1/32\", \"fd00::/8\"]";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| Self::ALLOWED.to_owned())
    }

    fn to_toml(&self) -> String {
        quoted(&self.to_string())
    }
}

/// The empty text means "none".
impl<T: Value> Value for Option<T> {
    const ALLOWED: &'static str = T::ALLOWED;
    const ECHO: Echo = T::ECHO;

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() { Ok(None) } else { T::parse(text).map(Some) }
    }

    fn from_toml(value: &toml::Value) -> Result<Self, String> {
        match value.as_str() {
            Some("") => Ok(None),
            Some(_) | None => T::from_toml(value).map(Some),
        }
    }

    fn to_toml(&self) -> String {
        self.as_ref().map_or_else(|| "\"\"".to_owned(), T::to_toml)
    }
}

/// A TOML array; in the environment, the items separated by commas.
impl<T: Value> Value for Vec<T> {
    const ALLOWED: &'static str = T::ALLOWED;
    const ECHO: Echo = T::ECHO;

    fn parse(text: &str) -> Result<Self, String> {
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(T::parse).collect()
    }

    fn from_toml(value: &toml::Value) -> Result<Self, String> {
        let items = value.as_array().ok_or_else(|| Self::ALLOWED.to_owned())?;
        items.iter().map(T::from_toml).collect()
    }

    fn to_toml(&self) -> String {
        let items: Vec<String> = self.iter().map(T::to_toml).collect();
        format!("[{}]", items.join(", "))
    }
}

/// Decimal digits and nothing else: no sign, no space, no underscore.
fn digits(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_a_number_and_a_unit() {
        let day = Duration::from_hours(24);
        for (text, span) in [("90s", 90), ("15m", 900), ("12h", 43_200), ("30d", 2_592_000)] {
            let parsed = Duration::parse(text).unwrap();
            assert_eq!(parsed, Duration::from_secs(span));
            assert_eq!(Duration::parse(parsed.to_toml().trim_matches('"')), Ok(parsed));
        }
        assert_eq!(Duration::parse("24h").unwrap().to_toml(), "\"1d\"");
        assert_eq!(Duration::parse("1d"), Ok(day));
        for bad in ["", "s", "1", "1.5h", "-1s", "+1s", "1 s", "1w", "1H", "18446744073709551615d"]
        {
            assert!(Duration::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes_are_binary() {
        assert_eq!(Bytes::parse("16KiB").unwrap().count(), 16_384);
        assert_eq!(Bytes::parse("19MiB").unwrap().whole_kib(), 19_456);
        for bad in ["16", "16KB", "16kib", "KiB", "-1KiB"] {
            assert!(Bytes::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_empty_text_is_none() {
        assert_eq!(Option::<SocketAddr>::parse(""), Ok(None));
        assert!(Option::<SocketAddr>::parse("here").is_err());
        assert_eq!(Vec::<IpNet>::parse("").unwrap(), []);
        assert_eq!(Vec::<IpNet>::parse("10.0.0.0/8, ::1/128").unwrap().len(), 2);
    }
}
