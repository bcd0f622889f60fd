//! Parameters of queries and forms, each at most once.

use std::collections::HashMap;

use super::problem::Problem;

/// Parameters by name.
#[derive(Default)]
pub(crate) struct Parameters(HashMap<String, String>);

impl Parameters {
    /// Reads `application/x-www-form-urlencoded` text. A parameter that comes twice is an error
    /// (RFC 6749 §3.1): which of the two counts would be anybody's guess.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, Problem> {
        let mut all = HashMap::new();
        for (name, value) in form_urlencoded::parse(text) {
            if all.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(Problem::BadRequest("A parameter came twice."));
            }
        }
        Ok(Self(all))
    }

    /// The value of `name`; empty values count as absent.
    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}
