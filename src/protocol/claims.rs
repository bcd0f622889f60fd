//! What is told about a user, and where. OIDC Core §5.
//!
//! Scopes fill the UserInfo answer; the ID token tells only what the `claims` parameter asks it to
//! (§5.4), so that it stays small. The exceptions are `roles` and
//! `groups`, which are also in the ID token. What
//! is not known is left out, never told as null or as an empty text (§5.3.2).

use serde_json::{Map, Value};

use super::authorize::claims_param::{ClaimRequest, ClaimsRequest};
use crate::types::Scope;

/// The scopes that Doorward itself knows, and the claims of a user that each of them tells.
/// OIDC Core §5.4; `roles` and `groups` are RFC 9068 §2.2.3.1.
pub const SCOPES: &[(&str, &[&str])] = &[
    ("openid", &[]),
    (
        "profile",
        &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    ),
    ("email", &["email", "email_verified"]),
    ("address", &["address"]),
    ("phone", &["phone_number", "phone_number_verified"]),
    ("roles", &["roles"]),
    ("groups", &["groups"]),
    ("offline_access", &[]),
];

/// The claims that say something about a proof, and are worthless without what they speak of.
const VERIFIED: [(&str, &str); 2] =
    [("email_verified", "email"), ("phone_number_verified", "phone_number")];

/// Every scope of [`SCOPES`].
#[must_use]
pub fn standard_scopes() -> Scope {
    let names: Vec<&str> = SCOPES.iter().map(|(name, _)| *name).collect();
    Scope::parse(&names.join(" ")).unwrap_or_default()
}

/// Whether `token` is one of [`SCOPES`], which speak about the user and need no role.
#[must_use]
pub fn is_standard_scope(token: &str) -> bool {
    SCOPES.iter().any(|(name, _)| *name == token)
}

/// Every claim about a user that Doorward can tell, in the order of [`SCOPES`].
pub fn known_claims() -> impl Iterator<Item = &'static str> {
    SCOPES.iter().flat_map(|(_, claims)| claims.iter().copied())
}

/// What is known about a user, by the names of the claims; `sub` is not among them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UserClaims(Map<String, Value>);

impl UserClaims {
    /// Keeps the claims that Doorward knows and that say something: no null, nothing empty, and no
    /// proof without what was proven.
    #[must_use]
    pub fn new(facts: Map<String, Value>) -> Self {
        let known = |name: &str| known_claims().any(|claim| claim == name);
        let mut kept: Map<String, Value> = facts
            .into_iter()
            .filter(|(name, _)| known(name))
            .filter_map(|(name, value)| Some((name, meaningful(value)?)))
            .collect();
        for (proof, of) in VERIFIED {
            if !kept.contains_key(of) {
                kept.remove(proof);
            }
        }
        Self(kept)
    }

    /// The claims for the UserInfo answer: what the granted scope and the `claims` parameter allow.
    /// OIDC Core §5.3.2.
    #[must_use]
    pub fn for_userinfo(&self, scope: &Scope, claims: &ClaimsRequest) -> Map<String, Value> {
        self.select(|name, value| {
            scope_tells(scope, name) || asked(claims.userinfo.get(name), value)
        })
    }

    /// The claims for the ID token: what the `claims` parameter allows, `roles` and `groups`.
    /// OIDC Core §5.4.
    #[must_use]
    pub fn for_id_token(&self, scope: &Scope, claims: &ClaimsRequest) -> Map<String, Value> {
        self.select(|name, value| {
            let by_scope = ["roles", "groups"].contains(&name) && scope.contains(name);
            by_scope || asked(claims.id_token.get(name), value)
        })
    }

    fn select(&self, told: impl Fn(&str, &Value) -> bool) -> Map<String, Value> {
        let chosen = self.0.iter().filter(|(name, value)| told(name, value));
        chosen.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

/// The user's claims that `claims` asks for and `scope` does not tell anyway: what a user must
/// consent to by name. Sorted, each once.
#[must_use]
pub fn beyond_scope(scope: &Scope, claims: &ClaimsRequest) -> Vec<String> {
    let of_userinfo = claims.userinfo.keys().filter(|name| !scope_tells(scope, name));
    let of_id_token = claims.id_token.keys().filter(|name| !scope_tells(scope, name));
    let mut names: Vec<String> = of_userinfo
        .chain(of_id_token)
        .filter(|name| known_claims().any(|claim| claim == *name))
        .cloned()
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Whether a granted scope tells the claim.
fn scope_tells(scope: &Scope, claim: &str) -> bool {
    SCOPES.iter().any(|(name, claims)| claims.contains(&claim) && scope.contains(name))
}

/// Whether the claim was asked for, with this value if with any. Every claim is voluntary: one that
/// is not told is no error, however essential it was called (OIDC Core §5.5.1).
fn asked(request: Option<&ClaimRequest>, value: &Value) -> bool {
    request.is_some_and(|request| request.accepts(value))
}

/// The value without the empty parts of it; `None` when nothing is left.
fn meaningful(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::String(text) => (!text.trim().is_empty()).then_some(Value::String(text)),
        Value::Array(items) => {
            let items: Vec<Value> = items.into_iter().filter_map(meaningful).collect();
            (!items.is_empty()).then_some(Value::Array(items))
        }
        Value::Object(members) => {
            let members = members.into_iter();
            let members: Map<String, Value> =
                members.filter_map(|(name, value)| Some((name, meaningful(value)?))).collect();
            (!members.is_empty()).then_some(Value::Object(members))
        }
        Value::Bool(_) | Value::Number(_) => Some(value),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn alice() -> UserClaims {
        let Value::Object(facts) = json!({
            "name": "Alice", "nickname": "", "website": null, "updated_at": 1_700_000_000,
            "email": "a@example.com", "email_verified": false,
            "phone_number_verified": true,
            "address": {"locality": "Paris", "region": ""},
            "roles": ["admin", "user"], "password_hash": "x", "sub": "y",
        }) else {
            panic!("an object")
        };
        UserClaims::new(facts)
    }

    fn scope(text: &str) -> Scope {
        Scope::parse(text).unwrap()
    }

    fn claims(text: &str) -> ClaimsRequest {
        ClaimsRequest::parse(text).unwrap()
    }

    #[test]
    fn core_section_5_4_scopes_fill_the_userinfo_answer() {
        let told = alice().for_userinfo(&scope("openid profile email"), &ClaimsRequest::default());
        assert_eq!(
            Value::Object(told),
            json!({"name": "Alice", "updated_at": 1_700_000_000,
                   "email": "a@example.com", "email_verified": false})
        );
    }

    #[test]
    fn core_section_5_3_2_nothing_is_told_as_null_or_empty() {
        let all = alice().for_userinfo(&standard_scopes(), &ClaimsRequest::default());
        assert_eq!(all["address"], json!({"locality": "Paris"}));
        for absent in ["nickname", "website", "phone_number_verified", "password_hash", "sub"] {
            assert!(!all.contains_key(absent), "{absent}");
        }
        assert_eq!(UserClaims::new(Map::new()), UserClaims::default());
    }

    #[test]
    fn core_section_5_4_the_id_token_tells_only_what_it_was_asked_for_and_roles() {
        let nothing = ClaimsRequest::default();
        let told = alice().for_id_token(&scope("openid profile email"), &nothing);
        assert!(told.is_empty());
        let told = alice().for_id_token(&scope("openid roles"), &nothing);
        assert_eq!(Value::Object(told), json!({"roles": ["admin", "user"]}));
        let asked = claims(r#"{"id_token": {"email": {"essential": true}, "gender": null}}"#);
        let told = alice().for_id_token(&scope("openid"), &asked);
        assert_eq!(Value::Object(told), json!({"email": "a@example.com"}));
    }

    #[test]
    fn core_section_5_5_1_a_claim_with_another_value_is_left_out() {
        let with = |text| alice().for_userinfo(&scope("openid"), &claims(text));
        assert!(with(r#"{"userinfo": {"name": {"value": "Bob"}}}"#).is_empty());
        assert_eq!(with(r#"{"userinfo": {"name": {"value": "Alice"}}}"#).len(), 1);
        assert_eq!(with(r#"{"userinfo": {"name": {"values": ["Bob", "Alice"]}}}"#).len(), 1);
    }

    #[test]
    fn consent_by_name_is_for_what_no_scope_tells() {
        let asked = claims(
            r#"{"userinfo": {"email": null, "name": null, "x": null}, "id_token": {"email": null,
                "acr": null, "sub": null}}"#,
        );
        assert_eq!(beyond_scope(&scope("openid profile"), &asked), ["email"]);
        assert_eq!(beyond_scope(&scope("openid email profile"), &asked), [""; 0]);
    }
}
