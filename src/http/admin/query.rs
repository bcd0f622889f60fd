//! The query of a request: the parameters that its route knows, each at most once.

use super::{problem::Problem, table::Route};

/// The parameters of pages.
pub(super) const PAGED: [&str; 2] = ["limit", "cursor"];

/// Known parameters, sorted by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Query(Vec<(&'static str, String)>);

impl Query {
    /// Reads the query of a request to `route`.
    ///
    /// # Errors
    /// 400 for an unknown parameter and for one that is sent twice.
    pub(super) fn parse(text: &str, route: &Route) -> Result<Self, Problem> {
        let mut known: Vec<&'static str> = route.filters.to_vec();
        if route.paged {
            known.extend(PAGED);
        }
        let mut parameters: Vec<(&'static str, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            let Some(name) = known.iter().copied().find(|known| *known == name) else {
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                let detail = format!("there is an unknown parameter; this address knows: {known}");
                return Err(Problem::parameter("query", detail));
            };
            if parameters.iter().any(|(other, _)| *other == name) {
                return Err(Problem::parameter(name, "it is sent twice"));
            }
            if value.contains('\0') {
                return Err(Problem::parameter(name, "no text has the character U+0000"));
            }
            parameters.push((name, value.into_owned()));
        }
        parameters.sort_unstable();
        Ok(Self(parameters))
    }

    /// The value of a parameter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// The filters, spelt in one way.
    pub(super) fn filters(&self) -> Vec<(&'static str, &str)> {
        let filters = self.0.iter().filter(|(name, _)| !PAGED.contains(name));
        filters.map(|(name, value)| (*name, value.as_str())).collect()
    }
}
