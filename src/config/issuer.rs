//! The issuer as a setting.

use super::value::Value;
pub use crate::protocol::issuer::{Issuer, NotAnIssuer, Transport};

impl Value for Issuer {
    const ALLOWED: &'static str = "an https URL without path, query and fragment";

    fn parse(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(|rule| rule.to_string())
    }

    fn to_toml(&self) -> String {
        super::value::quoted(self.as_str())
    }
}
