//! Conditions: a change is made in the light of the newest version. RFC 9110 §13.1.1, RFC 6585 §3.

use http::{HeaderMap, header};

use super::{
    problem::{Kind, Problem},
    table::{Condition, Route},
};
use crate::types::version::Version;

/// The version that `If-Match` names; `None` when the route has no versions, or every one will do
/// (`*`).
///
/// # Errors
/// 428 when it is missing, 412 when it names no version of ours, 400 when there are several.
pub(super) fn seen(route: &Route, headers: &HeaderMap) -> Result<Option<Version>, Problem> {
    match route.condition {
        Condition::None => return Ok(None),
        Condition::IfMatch => {}
    }
    let mut values = headers.get_all(header::IF_MATCH).into_iter();
    let value = values.next().ok_or(Problem::of(Kind::ConditionMissing))?;
    let text = value.to_str().unwrap_or_default().trim();
    if values.next().is_some() || text.contains(',') {
        return Err(Problem::parameter("If-Match", "it is one entity tag"));
    }
    if text == "*" {
        return Ok(None);
    }
    let number = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let number = number.and_then(|number| number.parse::<i64>().ok());
    number.map(|number| Some(Version::new(number))).ok_or(Problem::of(Kind::Stale))
}
