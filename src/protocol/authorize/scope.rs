//! What is asked for. RFC 6749 §3.3, OIDC Core §3.1.2.1, §5.4, §11.
//!
//! A value that the client is not registered for is left out, as RFC 6749 §3.3 allows, whether it
//! exists or not, and so is a permission of an API that the request does not name: what is granted is
//! then said in `scope`. Two requests cannot be helped that way and
//! are `invalid_scope`: one of which nothing is left, and one for `openid` from a client that may not
//! have it, whose developer would otherwise look for an ID token in vain.

use super::{Draft, Input, Resumed, SealedRequest};
use crate::{
    protocol::{
        api::Apis,
        client::{Client, GrantType},
        error::{ErrorCode, OAuthError},
        grant::granted_scope,
    },
    types::{ResourceUri, Scope, scope::NotAScope},
};

/// What can be wrong with `scope`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// There is none, and no default: RFC 6749 §3.3 lets the server fail the request.
    #[error("scope is missing")]
    Missing,
    /// Not the characters of RFC 6749 §3.3, or too many.
    #[error("scope is malformed")]
    Malformed,
    /// Nothing of it is registered for the client.
    #[error("nothing of scope is registered for the client")]
    NothingAllowed,
    /// `openid` was asked for, and is not registered for the client.
    #[error("openid is not registered for the client")]
    OpenidNotAllowed,
}

impl From<ScopeError> for OAuthError {
    fn from(error: ScopeError) -> Self {
        let description = match error {
            ScopeError::Missing => "scope is missing",
            ScopeError::Malformed => {
                "scope has characters that RFC 6749 section 3.3 does not allow"
            }
            ScopeError::NothingAllowed => "this client is registered for none of the scope",
            ScopeError::OpenidNotAllowed => "this client is not registered for the scope openid",
        };
        Self::new(ErrorCode::InvalidScope, description)
    }
}

impl From<NotAScope> for ScopeError {
    fn from(NotAScope: NotAScope) -> Self {
        Self::Malformed
    }
}

/// Row of the table.
pub(super) fn check(draft: &mut Draft, input: &Input<'_>) -> Result<(), OAuthError> {
    let asked = input.params.get("scope").ok_or(ScopeError::Missing)?;
    let asked = Scope::parse(asked).map_err(ScopeError::from)?;
    draft.request.scope = allowed(input.client, &asked, &draft.request.resource, input.apis)?;
    Ok(())
}

/// Row of the table, when a request comes back: the client may have less than before.
pub(super) fn resume(draft: &mut Draft, resumed: &Resumed<'_>) -> Result<(), OAuthError> {
    let SealedRequest { scope, resource, .. } = &draft.request;
    draft.request.scope = allowed(resumed.client, scope, resource, resumed.apis)?;
    Ok(())
}

/// What of `asked` the client may have. `offline_access` is for clients that may refresh, and is
/// ignored otherwise (OIDC Core §11).
fn allowed(
    client: &Client,
    asked: &Scope,
    resources: &[ResourceUri],
    apis: &Apis,
) -> Result<Scope, ScopeError> {
    let registered = asked.intersection(&client.metadata.scope);
    let mut allowed = granted_scope::meaningful(&registered, resources, apis);
    if !client.may_use(GrantType::RefreshToken) {
        allowed = allowed.without("offline_access");
    }
    if asked.contains("openid") && !allowed.contains("openid") {
        return Err(ScopeError::OpenidNotAllowed);
    }
    if allowed.is_empty() { Err(ScopeError::NothingAllowed) } else { Ok(allowed) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{api::tests::apis, authorize::testing::web_client};

    fn allowed_of(registered: &str, asked: &str) -> Result<String, ScopeError> {
        let mut client = web_client(&[]);
        client.metadata.scope = Scope::parse(registered).unwrap();
        let asked = Scope::parse(asked).unwrap();
        allowed(&client, &asked, &[], &apis()).map(|scope| scope.to_string())
    }

    #[test]
    fn rfc6749_section_3_3_what_is_not_registered_is_left_out() {
        assert_eq!(allowed_of("openid email", "openid profile nonsense").unwrap(), "openid");
        assert_eq!(allowed_of("notes:read", "notes:read admin").unwrap(), "notes:read");
    }

    #[test]
    fn a_scope_that_no_api_knows_is_left_out() {
        assert_eq!(allowed_of("openid nonsense", "openid nonsense").unwrap(), "openid");
        assert_eq!(allowed_of("nonsense", "nonsense"), Err(ScopeError::NothingAllowed));
    }

    #[test]
    fn rfc8707_section_2_permissions_of_other_resources_are_left_out() {
        let mut client = web_client(&[]);
        client.metadata.scope = Scope::parse("openid notes:read mail:send").unwrap();
        let mail = [ResourceUri::parse("https://mail.example").unwrap()];
        let allowed = allowed(&client, &client.metadata.scope, &mail, &apis()).unwrap();
        assert_eq!(allowed.to_string(), "mail:send openid");
    }

    #[test]
    fn rfc6749_section_3_3_nothing_left_is_invalid_scope() {
        assert_eq!(allowed_of("email", "nonsense"), Err(ScopeError::NothingAllowed));
        assert_eq!(allowed_of("", "email"), Err(ScopeError::NothingAllowed));
        assert_eq!(allowed_of("email", "openid email"), Err(ScopeError::OpenidNotAllowed));
    }

    #[test]
    fn core_section_11_offline_access_is_for_clients_that_may_refresh() {
        let registered = Scope::parse("openid offline_access").unwrap();
        let mut client = web_client(&[]);
        client.metadata.scope = registered.clone();
        client.metadata.grant_types.remove(&GrantType::RefreshToken);
        assert_eq!(allowed(&client, &registered, &[], &apis()).unwrap().to_string(), "openid");
        client.metadata.grant_types.insert(GrantType::RefreshToken);
        assert_eq!(allowed(&client, &registered, &[], &apis()).unwrap(), registered);
    }
}
