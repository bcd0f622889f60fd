//! What is granted: asked ∩ allowed to the client ∩ held through roles. RFC 6749 §3.3, RFC 8707 §2.
//!
//! The scopes of OpenID Connect speak about the user and need no role. Every other scope is a
//! permission of an API, and one that no API knows is granted to nobody.

use crate::{
    protocol::{
        api::Apis,
        claims,
        error::{ErrorCode, OAuthError},
    },
    types::{ResourceUri, Scope},
};

/// What a token may say, and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantedScope {
    /// The scope.
    pub scope: Scope,
    /// The audiences of the APIs that it has permissions of; empty when it concerns no API.
    pub audience: Vec<ResourceUri>,
}

/// Why a `resource` parameter is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// RFC 8707 §2: an absolute URI without a fragment.
    #[error("resource is not an absolute URI without a fragment")]
    Malformed,
    /// No API has this audience, or it is disabled.
    #[error("resource names no API of this server")]
    Unknown,
    /// The client is registered for nothing there.
    #[error("the client is registered for no permission of the resource")]
    NotForClient,
    /// RFC 8707 §2.2: beyond what was authorized.
    #[error("resource was not part of the authorization")]
    BeyondGrant,
    /// More of them than any client needs.
    #[error("resource is sent too often")]
    TooMany,
}

impl From<TargetError> for OAuthError {
    fn from(error: TargetError) -> Self {
        let description = match error {
            TargetError::Malformed => "resource is not an absolute URI without a fragment",
            TargetError::Unknown => "resource names no API of this server",
            TargetError::NotForClient => "this client is registered for nothing of this resource",
            TargetError::BeyondGrant => "resource was not part of the authorization",
            TargetError::TooMany => "resource was sent too often",
        };
        Self::new(ErrorCode::InvalidTarget, description)
    }
}

/// The most resources of one request.
const MAX_RESOURCES: usize = 16;

/// Reads the values of `resource`, each once, in their order. RFC 8707 §2.
///
/// # Errors
/// [`TargetError::Malformed`] or [`TargetError::TooMany`].
pub fn read_resources<'a>(
    values: impl Iterator<Item = &'a str>,
) -> Result<Vec<ResourceUri>, TargetError> {
    let mut resources = Vec::new();
    for value in values {
        let resource = ResourceUri::parse(value).map_err(|_| TargetError::Malformed)?;
        if !resources.contains(&resource) {
            resources.push(resource);
        }
        if resources.len() > MAX_RESOURCES {
            return Err(TargetError::TooMany);
        }
    }
    Ok(resources)
}

/// Whether a client that is registered for `registered` may name these resources. `own` is this
/// server itself, where UserInfo is. RFC 8707 §2.
///
/// # Errors
/// [`TargetError`] for the first resource that is refused.
pub fn check_resources(
    resources: &[ResourceUri],
    registered: &Scope,
    own: &str,
    apis: &Apis,
) -> Result<(), TargetError> {
    for resource in resources.iter().filter(|resource| resource.as_str() != own) {
        let api = apis.find(resource).ok_or(TargetError::Unknown)?;
        if !api.permissions.keys().any(|name| registered.contains(name.as_str())) {
            return Err(TargetError::NotForClient);
        }
    }
    Ok(())
}

/// The tokens of `scope` that can be granted at all: scopes of OpenID Connect, and permissions of
/// enabled APIs, of the named resources alone if there are any.
#[must_use]
pub fn meaningful(scope: &Scope, resources: &[ResourceUri], apis: &Apis) -> Scope {
    scope.filter(|token| {
        claims::is_standard_scope(token)
            || apis
                .of_permission(token)
                .is_some_and(|api| resources.is_empty() || resources.contains(&api.audience))
    })
}

/// What is granted of `asked`: what the client is allowed (its registered scope), what means something
/// at these resources, and what `holds` says that the subject may do.
#[must_use]
pub fn grant(
    asked: &Scope,
    allowed: &Scope,
    resources: &[ResourceUri],
    apis: &Apis,
    holds: impl Fn(&str) -> bool,
) -> GrantedScope {
    let scope = meaningful(&asked.intersection(allowed), resources, apis)
        .filter(|token| claims::is_standard_scope(token) || holds(token));
    let audience = apis.of_scope(&scope).into_iter().map(|api| api.audience.clone()).collect();
    GrantedScope { scope, audience }
}

/// The resources of a token request: it can narrow what was authorized, and never widen it.
/// RFC 8707 §2.2.
///
/// # Errors
/// [`TargetError::BeyondGrant`].
pub fn narrow(
    asked: Vec<ResourceUri>,
    authorized: &[ResourceUri],
) -> Result<Vec<ResourceUri>, TargetError> {
    if asked.is_empty() {
        return Ok(authorized.to_vec());
    }
    if authorized.is_empty() || asked.iter().all(|resource| authorized.contains(resource)) {
        return Ok(asked);
    }
    Err(TargetError::BeyondGrant)
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::subsequence};

    use super::*;
    use crate::protocol::api::tests::apis;

    fn scope(text: &str) -> Scope {
        Scope::parse(text).unwrap()
    }

    fn uri(text: &str) -> ResourceUri {
        ResourceUri::parse(text).unwrap()
    }

    const NOTES: &str = "https://notes.example";
    const MAIL: &str = "https://mail.example";

    #[test]
    fn asked_allowed_and_held() {
        let asked = scope("openid notes:read notes:write mail:send nonsense");
        let allowed = scope("openid notes:read mail:send nonsense");
        let granted = grant(&asked, &allowed, &[], &apis(), |token| token != "mail:send");
        assert_eq!(granted.scope, scope("openid notes:read"));
        assert_eq!(granted.audience, [uri(NOTES)]);
        let both = grant(&asked, &allowed, &[], &apis(), |_| true);
        assert_eq!(both.audience, [uri(MAIL), uri(NOTES)]);
        let nothing = grant(&asked, &allowed, &[], &apis(), |_| false);
        assert_eq!((nothing.scope, nothing.audience), (scope("openid"), vec![]));
    }

    #[test]
    fn a_scope_that_no_api_knows_is_granted_to_nobody() {
        let asked = scope("nonsense openid");
        assert_eq!(grant(&asked, &asked, &[], &apis(), |_| true).scope, scope("openid"));
    }

    #[test]
    fn rfc8707_section_2_the_resource_narrows() {
        let asked = scope("openid notes:read mail:send");
        let narrowed = grant(&asked, &asked, &[uri(MAIL)], &apis(), |_| true);
        assert_eq!(narrowed.scope, scope("openid mail:send"));
        assert_eq!(narrowed.audience, [uri(MAIL)]);
    }

    #[test]
    fn rfc8707_section_2_2_the_token_request_never_widens() {
        let (notes, mail) = (uri(NOTES), uri(MAIL));
        let both = [notes.clone(), mail.clone()];
        assert_eq!(narrow(vec![], &both).unwrap(), both);
        let mail_alone = std::slice::from_ref(&mail);
        assert_eq!(narrow(vec![mail.clone()], &both).unwrap(), mail_alone);
        assert_eq!(narrow(vec![mail.clone()], &[]).unwrap(), mail_alone);
        assert_eq!(narrow(vec![mail], &[notes]), Err(TargetError::BeyondGrant));
    }

    #[test]
    fn tok_08_unknown_relative_and_fragment_are_invalid_target() {
        for bad in ["notes", "/notes", "https://notes.example#", "https://notes.example/#f"] {
            let refused = read_resources([bad].into_iter());
            assert_eq!(refused, Err(TargetError::Malformed), "{bad}");
        }
        let check = |text, registered: &str| {
            check_resources(&[uri(text)], &scope(registered), "https://id.example", &apis())
        };
        assert_eq!(check("https://other.example", "notes:read"), Err(TargetError::Unknown));
        assert_eq!(check("https://notes.example/", "notes:read"), Err(TargetError::Unknown));
        assert_eq!(check(MAIL, "notes:read"), Err(TargetError::NotForClient));
        assert_eq!(check(NOTES, "notes:read"), Ok(()));
        assert_eq!(check("https://id.example", "openid"), Ok(()));
        assert_eq!(OAuthError::from(TargetError::Unknown).code, ErrorCode::InvalidTarget);
        let many: Vec<String> = (0..20).map(|n| format!("https://a{n}.example")).collect();
        let refused = read_resources(many.iter().map(String::as_str));
        assert_eq!(refused, Err(TargetError::TooMany));
        assert_eq!(read_resources([NOTES, NOTES].into_iter()).unwrap(), [uri(NOTES)]);
    }

    proptest! {
        /// Less asked, less allowed or fewer roles never grant more.
        #[test]
        fn removing_anything_never_grants(
            asked in any_scope(), allowed in any_scope(), held in any_scope(), less in any_scope(),
        ) {
            let all = grant(&asked, &allowed, &[], &apis(), |token| held.contains(token)).scope;
            for fewer in [
                grant(&asked.intersection(&less), &allowed, &[], &apis(), |t| held.contains(t)),
                grant(&asked, &allowed.intersection(&less), &[], &apis(), |t| held.contains(t)),
                grant(&asked, &allowed, &[], &apis(), |t| held.contains(t) && less.contains(t)),
                grant(&asked, &allowed, &[], &Apis::default(), |t| held.contains(t)),
                grant(&asked, &allowed, &[uri(MAIL)], &apis(), |t| held.contains(t)),
            ] {
                prop_assert!(fewer.scope.is_subset(&all), "{} is not within {all}", fewer.scope);
            }
        }
    }

    fn any_scope() -> impl Strategy<Value = Scope> {
        const TOKENS: [&str; 6] =
            ["openid", "roles", "notes:read", "notes:write", "mail:send", "nonsense"];
        subsequence(&TOKENS[..], 0..=6).prop_map(|tokens| scope(&tokens.join(" ")))
    }
}
