//! The `claims` parameter: single claims, in named places. OIDC Core §5.5.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Draft, Input};
use crate::protocol::error::{ErrorCode, OAuthError};

/// The longest parameter that is read, in bytes.
pub const MAX_BYTES: usize = 4 * 1024;
/// The most claims that one place may ask for.
pub const MAX_CLAIMS: usize = 64;
/// The deepest nesting of a `value`.
pub const MAX_DEPTH: usize = 8;

/// What was asked for, by place and name. Unknown claims are kept: what they mean is decided where
/// claims are told.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ClaimsRequest {
    /// Claims for the UserInfo answer.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub userinfo: BTreeMap<String, ClaimRequest>,
    /// Claims for the ID token.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub id_token: BTreeMap<String, ClaimRequest>,
}

/// How one claim was asked for (OIDC Core §5.5.1). `null` is a request without wishes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ClaimRequest {
    /// Whether the client's task depends on it; for most claims, its absence is still no error.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub essential: bool,
    /// The one value that is wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The values that are wanted, best first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<Value>>,
}

/// What can be wrong with the `claims` parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClaimsError {
    /// Longer than [`MAX_BYTES`], more than [`MAX_CLAIMS`], deeper than [`MAX_DEPTH`].
    #[error("claims is too large")]
    TooLarge,
    /// Not the JSON of OIDC Core §5.5.
    #[error("claims is malformed")]
    Malformed,
    /// An authentication context is essential that nobody can reach here. OIDC Core §5.5.1.1.
    #[error("the essential acr cannot be met")]
    AcrUnreachable,
}

impl From<ClaimsError> for OAuthError {
    fn from(error: ClaimsError) -> Self {
        let (code, description) = match error {
            ClaimsError::TooLarge => (ErrorCode::InvalidRequest, "claims is too large"),
            ClaimsError::Malformed => (
                ErrorCode::InvalidRequest,
                "claims is not a JSON object as OpenID Connect defines it",
            ),
            ClaimsError::AcrUnreachable => (
                ErrorCode::UnmetAuthenticationRequirements,
                "the essential acr is not supported by this server",
            ),
        };
        Self::new(code, description)
    }
}

/// The parameter as it is sent: members can be `null` or absent.
#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    userinfo: Option<BTreeMap<String, Option<ClaimRequest>>>,
    #[serde(default)]
    id_token: Option<BTreeMap<String, Option<ClaimRequest>>>,
}

impl ClaimsRequest {
    /// Reads the parameter, or the text of [`ClaimsRequest::to_json`].
    ///
    /// # Errors
    /// [`ClaimsError::TooLarge`] and [`ClaimsError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, ClaimsError> {
        if text.len() > MAX_BYTES {
            return Err(ClaimsError::TooLarge);
        }
        // An array would pass for a struct.
        if !text.trim_start().starts_with('{') {
            return Err(ClaimsError::Malformed);
        }
        let Wire { userinfo, id_token } =
            serde_json::from_str(text).map_err(|_| ClaimsError::Malformed)?;
        Ok(Self { userinfo: bounded(userinfo)?, id_token: bounded(id_token)? })
    }

    /// The request as JSON, without what was unknown in it.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Maps with string keys of JSON values have no way to fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether nothing was asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.userinfo.is_empty() && self.id_token.is_empty()
    }

    /// Whether `sub` was asked for with this value, or with none. OIDC Core §3.1.2.2.
    #[must_use]
    pub fn allows_sub(&self, sub: &str) -> bool {
        let asked = [self.id_token.get("sub"), self.userinfo.get("sub")];
        asked.into_iter().flatten().all(|request| request.accepts(&Value::from(sub)))
    }

    /// Whether `acr` meets what was called essential. OIDC Core §5.5.1.1.
    #[must_use]
    pub fn allows_acr(&self, acr: &str) -> bool {
        let asked = self.id_token.get("acr").filter(|request| request.essential);
        asked.is_none_or(|request| request.accepts(&Value::from(acr)))
    }

    /// Whether the ID token must tell `auth_time`. OIDC Core §2.
    #[must_use]
    pub fn asks_for_auth_time(&self) -> bool {
        self.id_token.contains_key("auth_time")
    }
}

impl ClaimRequest {
    /// Whether `value` is among the wanted ones; without a wish, every value is.
    #[must_use]
    pub fn accepts(&self, value: &Value) -> bool {
        self.value.as_ref().is_none_or(|wanted| wanted == value)
            && self.values.as_ref().is_none_or(|wanted| wanted.contains(value))
    }
}

/// Row of the table: well-formed, and no essential `acr` that nobody can reach here.
pub(super) fn check(draft: &mut Draft, input: &Input<'_>) -> Result<(), OAuthError> {
    let Some(text) = input.params.get("claims") else { return Ok(()) };
    let claims = ClaimsRequest::parse(text)?;
    let wishes = claims
        .id_token
        .get("acr")
        .is_some_and(|acr| acr.essential && (acr.value.is_some() || acr.values.is_some()));
    let reachable = &input.policy.acr_values_supported;
    if wishes && !reachable.iter().any(|acr| claims.allows_acr(acr)) {
        return Err(ClaimsError::AcrUnreachable.into());
    }
    draft.request.claims = claims;
    Ok(())
}

fn bounded(
    member: Option<BTreeMap<String, Option<ClaimRequest>>>,
) -> Result<BTreeMap<String, ClaimRequest>, ClaimsError> {
    let member = member.unwrap_or_default();
    if member.len() > MAX_CLAIMS {
        return Err(ClaimsError::TooLarge);
    }
    let requests = member.into_iter().map(|(name, request)| (name, request.unwrap_or_default()));
    let requests: BTreeMap<_, ClaimRequest> = requests.collect();
    let wanted = |request: &ClaimRequest| {
        let one = request.value.as_ref().map_or(0, depth);
        let many = request.values.iter().flatten().map(depth).max().unwrap_or(0);
        one.max(many)
    };
    if requests.values().any(|request| wanted(request) > MAX_DEPTH) {
        return Err(ClaimsError::TooLarge);
    }
    Ok(requests)
}

/// How deep a value nests; `serde_json` has refused anything deeper than 128 before.
fn depth(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 1,
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn core_section_5_5_example_is_read() {
        let text = r#"{"userinfo": {"given_name": {"essential": true}, "nickname": null,
            "http://example.info/claims/groups": null},
            "id_token": {"auth_time": {"essential": true}, "acr": {"values": ["urn:silver"]}},
            "unknown": 1}"#;
        let claims = ClaimsRequest::parse(text).unwrap();
        assert!(claims.userinfo["given_name"].essential);
        assert_eq!(claims.userinfo["nickname"], ClaimRequest::default());
        assert!(claims.asks_for_auth_time());
        assert_eq!(ClaimsRequest::parse(&claims.to_json()).unwrap(), claims);
    }

    #[test]
    fn core_section_5_5_malformed_json_is_refused() {
        for bad in [
            "",
            "{",
            "[]",
            "[{},{}]",
            "null",
            "1",
            r#"{"userinfo": []}"#,
            r#"{"id_token": {"acr": 1}}"#,
            r#"{"id_token": {"acr": {"essential": "yes"}}}"#,
            r#"{"id_token": {"acr": {"values": "x"}}}"#,
            "{} {}",
        ] {
            assert_eq!(ClaimsRequest::parse(bad), Err(ClaimsError::Malformed), "{bad}");
        }
    }

    #[test]
    fn dos_06_size_width_and_depth_are_bounded() {
        let long = format!(r#"{{"userinfo": {{"a": {{"value": "{}"}}}}}}"#, "x".repeat(MAX_BYTES));
        let wide: Vec<_> = (0..=MAX_CLAIMS).map(|i| format!(r#""c{i}": null"#)).collect();
        let wide = format!(r#"{{"userinfo": {{{}}}}}"#, wide.join(","));
        let deep = |n: usize| {
            format!(r#"{{"userinfo": {{"a": {{"value": {}{}}}}}}}"#, "[".repeat(n), "]".repeat(n))
        };
        for bad in [long, wide, deep(MAX_DEPTH + 1)] {
            assert_eq!(ClaimsRequest::parse(&bad), Err(ClaimsError::TooLarge), "{bad}");
        }
        assert!(ClaimsRequest::parse(&deep(MAX_DEPTH)).is_ok());
        assert!(ClaimsRequest::parse(&deep(1_000)).is_err());
    }

    #[test]
    fn core_section_3_1_2_2_sub_with_a_value_names_one_user() {
        let claims = ClaimsRequest::parse(r#"{"id_token": {"sub": {"value": "a"}}}"#).unwrap();
        assert!(claims.allows_sub("a") && !claims.allows_sub("b"));
        let both = r#"{"id_token": {"sub": {"value": "a"}}, "userinfo": {"sub": {"value": "b"}}}"#;
        let both = ClaimsRequest::parse(both).unwrap();
        assert!(!both.allows_sub("a") && !both.allows_sub("b"));
        assert!(ClaimsRequest::default().allows_sub("a"));
    }

    #[test]
    fn core_section_5_5_1_1_only_an_essential_acr_binds() {
        let claims = |essential| {
            let text = format!(
                r#"{{"id_token": {{"acr": {{"essential": {essential}, "values": ["1", "2"]}}}}}}"#
            );
            ClaimsRequest::parse(&text).unwrap()
        };
        assert!(claims(true).allows_acr("2") && !claims(true).allows_acr("0"));
        assert!(claims(false).allows_acr("0"));
        let nothing =
            ClaimsRequest::parse(r#"{"id_token": {"acr": {"essential": true, "values": []}}}"#);
        assert!(!nothing.unwrap().allows_acr("0"), "an empty set satisfies nothing");
    }
}
