//! APIs (resource servers): what tokens are for. RFC 8707, RFC 9068 §3.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::claims;
use crate::types::{ApiId, Permission, ResourceUri, Scope, Status, Timestamp};

/// An API that accepts access tokens of this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Api {
    /// Its id.
    pub id: ApiId,
    /// What clients name it by (`resource`), and its tokens carry (`aud`). It never changes.
    pub audience: ResourceUri,
    /// The name that people see.
    pub name: String,
    /// Whether tokens are issued for it.
    pub status: Status,
    /// What its callers can be allowed to do, and the words for it. No other API has one of these names.
    pub permissions: BTreeMap<Permission, String>,
    /// Whether this is Doorward's own API, which cannot be deleted.
    pub built_in: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was written last.
    pub updated_at: Timestamp,
}

/// A rule that an API breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// A name that is empty, too long, or has characters that are not seen.
    #[error("the name has 1 to 100 characters, without control characters")]
    Name,
    /// A description without measure.
    #[error("the description of `{0}` has more than 200 characters, or control characters")]
    Description(Permission),
    /// OIDC Core §5.4, §11: these scope values have a meaning already.
    #[error("`{0}` is a scope of OpenID Connect or of Doorward, and cannot be a permission")]
    Reserved(Permission),
}

impl Api {
    /// Whether this can be an API.
    ///
    /// # Errors
    /// The first [`ApiError`] that applies.
    pub fn validate(&self) -> Result<(), ApiError> {
        let seen = |text: &str| !text.chars().any(char::is_control);
        let length = self.name.chars().count();
        if !(1..=100).contains(&length) || self.name.trim() != self.name || !seen(&self.name) {
            return Err(ApiError::Name);
        }
        for (permission, description) in &self.permissions {
            if claims::is_standard_scope(permission.as_str()) {
                return Err(ApiError::Reserved(permission.clone()));
            }
            if description.chars().count() > 200 || !seen(description) {
                return Err(ApiError::Description(permission.clone()));
            }
        }
        Ok(())
    }

    fn is_enabled(&self) -> bool {
        match self.status {
            Status::Enabled => true,
            Status::Disabled => false,
        }
    }
}

/// All APIs at one moment. Made once, never changed.
#[derive(Debug, Clone, Default)]
pub struct Apis {
    apis: BTreeMap<ResourceUri, Api>,
    by_permission: HashMap<Permission, ResourceUri>,
}

impl Apis {
    /// The index of these APIs.
    #[must_use]
    pub fn new(apis: Vec<Api>) -> Self {
        let by_permission = apis
            .iter()
            .flat_map(|api| api.permissions.keys().map(|name| (name.clone(), api.audience.clone())))
            .collect();
        let apis = apis.into_iter().map(|api| (api.audience.clone(), api)).collect();
        Self { apis, by_permission }
    }

    /// The API that a resource indicator names, if tokens are issued for it.
    #[must_use]
    pub fn find(&self, resource: &ResourceUri) -> Option<&Api> {
        self.apis.get(resource).filter(|api| api.is_enabled())
    }

    /// The API that a scope token is a permission of, if tokens are issued for it.
    #[must_use]
    pub fn of_permission(&self, token: &str) -> Option<&Api> {
        self.find(self.by_permission.get(token)?)
    }

    /// The words for a permission.
    #[must_use]
    pub fn description(&self, token: &str) -> Option<&str> {
        let api = self.of_permission(token)?;
        api.permissions.get(token).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// Every API, in the order of the audiences.
    pub fn iter(&self) -> impl Iterator<Item = &Api> {
        self.apis.values()
    }

    /// The APIs that `scope` has permissions of, in the order of their audiences.
    #[must_use]
    pub fn of_scope(&self, scope: &Scope) -> Vec<&Api> {
        let audiences: BTreeSet<&ResourceUri> = scope
            .iter()
            .filter_map(|token| self.of_permission(token))
            .map(|a| &a.audience)
            .collect();
        audiences.into_iter().filter_map(|audience| self.find(audience)).collect()
    }

    /// The APIs that an access token's audience names, disabled ones as well.
    #[must_use]
    pub fn of_audience(&self, audience: &[String]) -> Vec<ApiId> {
        let named = |api: &&Api| audience.iter().any(|name| name == api.audience.as_str());
        self.apis.values().filter(named).map(|api| api.id).collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn api(number: u8, audience: &str, permissions: &[&str]) -> Api {
        let now = Timestamp::from_unix(1);
        let of = |name: &&str| (Permission::parse(name).unwrap(), format!("May {name}"));
        Api {
            id: ApiId::new(now, [number; 10]),
            audience: ResourceUri::parse(audience).unwrap(),
            name: "Notes".to_owned(),
            status: Status::Enabled,
            permissions: permissions.iter().map(of).collect(),
            built_in: false,
            created_at: now,
            updated_at: now,
        }
    }

    pub(crate) fn apis() -> Apis {
        Apis::new(vec![
            api(1, "https://notes.example", &["notes:read", "notes:write"]),
            api(2, "https://mail.example", &["mail:send"]),
        ])
    }

    #[test]
    fn a_scope_token_names_at_most_one_permission() {
        let apis = apis();
        let of = |token| apis.of_permission(token).map(|api| api.audience.to_string());
        assert_eq!(of("notes:read").as_deref(), Some("https://notes.example"));
        assert_eq!(of("mail:send").as_deref(), Some("https://mail.example"));
        assert_eq!(of("notes:delete"), None);
        assert_eq!(of("openid"), None);
        assert_eq!(apis.description("mail:send"), Some("May mail:send"));
    }

    #[test]
    fn a_disabled_api_has_no_permissions_to_give() {
        let mut api = api(1, "https://notes.example", &["notes:read"]);
        api.status = Status::Disabled;
        let (audience, id) = (api.audience.clone(), api.id);
        let apis = Apis::new(vec![api]);
        assert!(apis.find(&audience).is_none() && apis.of_permission("notes:read").is_none());
        assert_eq!(apis.of_audience(&[audience.to_string()]), [id]);
    }

    #[test]
    fn a_permission_is_no_scope_of_openid_connect() {
        for name in ["openid", "offline_access", "roles", "groups", "email"] {
            let refused = api(1, "https://notes.example", &[name]).validate();
            assert!(matches!(refused, Err(ApiError::Reserved(_))), "{name}");
        }
        let mut nameless = api(1, "https://notes.example", &[]);
        for name in ["", " x", "a\nb"] {
            name.clone_into(&mut nameless.name);
            assert_eq!(nameless.validate(), Err(ApiError::Name), "{name:?}");
        }
        assert_eq!(api(1, "https://notes.example", &["notes:read"]).validate(), Ok(()));
    }
}
