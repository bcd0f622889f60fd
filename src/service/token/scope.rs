//! What a token request is granted, at this moment: asked ∩ allowed to the client ∩ held through roles,
//! at the resources that were named. RFC 6749 §3.3, RFC 8707 §2.2.

use crate::{
    identity::role::Subject,
    protocol::{
        client::Client,
        error::{ErrorCode, OAuthError},
        grant::granted_scope::{self, TargetError},
        params::Params,
    },
    service::{Context, access_model::AccessModel},
    types::{ResourceUri, Scope},
};

/// What a token says, and to whom.
#[derive(Debug, Clone)]
pub(super) struct Granted {
    /// The scope.
    pub(super) scope: Scope,
    /// `aud`: at least one.
    pub(super) audience: Vec<String>,
}

/// What is asked for, and what was authorized before.
pub(super) struct Asked<'a> {
    /// The scope: of the request, or of the grant.
    pub(super) scope: &'a Scope,
    /// The resources of the authorization request.
    pub(super) authorized: &'a [ResourceUri],
    /// The resources of the token request.
    pub(super) named: &'a [ResourceUri],
}

/// Why nothing is granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum ScopeRefusal {
    /// The resources are wrong.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// No role permits what the client cannot do without, or anything at all.
    #[error("no role permits what was asked for")]
    RoleMissing,
}

impl ScopeRefusal {
    /// For a client that acts for itself, the scope is what is wrong. RFC 6749 §5.2.
    pub(super) fn of_client(self) -> OAuthError {
        self.or(ErrorCode::InvalidScope, "the client holds no role for what it asks for")
    }

    /// For a grant, the grant is worth nothing any more: the client has to ask the user again, who is
    /// then told which role is missing. RFC 6749 §5.2.
    pub(super) fn of_grant(self) -> OAuthError {
        self.or(ErrorCode::InvalidGrant, "the user holds no role any more for what was granted")
    }

    /// For a user whose password came with the request, the scope is what is wrong. RFC 6749 §5.2.
    pub(super) fn of_user(self) -> OAuthError {
        self.or(ErrorCode::InvalidScope, "the user holds no role for what was asked for")
    }

    fn or(self, code: ErrorCode, description: &'static str) -> OAuthError {
        match self {
            Self::Target(error) => error.into(),
            Self::RoleMissing => OAuthError::new(code, description),
        }
    }
}

/// The resources of a token request. RFC 8707 §2.2.
pub(super) fn named(params: &Params) -> Result<Vec<ResourceUri>, OAuthError> {
    Ok(granted_scope::read_resources(params.all("resource"))?)
}

/// What is granted now.
///
/// # Errors
/// [`ScopeRefusal`] when a resource is unknown or beyond what was authorized, or when roles permit
/// nothing of it, or not what is essential.
pub(super) fn grant(
    ctx: &Context,
    model: &AccessModel,
    client: &Client,
    subject: Subject<'_>,
    asked: &Asked<'_>,
) -> Result<Granted, ScopeRefusal> {
    let own = ctx.protocol.issuer.as_str();
    let registered = &client.metadata.scope;
    granted_scope::check_resources(asked.named, registered, own, &model.apis)?;
    let resources = granted_scope::narrow(asked.named.to_vec(), asked.authorized)?;
    // What the authorization as a whole comes to: a request that names no resource gets all of it.
    let whole = model.grant(client, subject, asked.scope, asked.authorized);
    let essential = asked.scope.intersection(&client.metadata.essential_scope);
    if !essential.is_subset(&whole.scope) {
        return Err(ScopeRefusal::RoleMissing);
    }
    if whole.scope.is_empty() && !asked.scope.is_empty() {
        return Err(ScopeRefusal::RoleMissing);
    }
    let narrowed = if asked.named.is_empty() {
        whole
    } else {
        model.grant(client, subject, asked.scope, &resources)
    };
    let mut audience: Vec<String> = narrowed.audience.into_iter().map(String::from).collect();
    if asked.named.is_empty() {
        if audience.is_empty() {
            audience.clone_from(&client.metadata.access_token_audience);
        }
        // UserInfo is here, and a token is for somebody. RFC 9068 §3.
        if audience.is_empty() || narrowed.scope.contains("openid") {
            audience.insert(0, own.to_owned());
        }
    } else {
        // A token for one API is no key to UserInfo, unless this server was named as well.
        if asked.named.iter().any(|resource| resource.as_str() == own)
            && narrowed.scope.contains("openid")
        {
            audience.insert(0, own.to_owned());
        }
        if audience.is_empty() {
            return Err(ScopeRefusal::RoleMissing);
        }
    }
    Ok(Granted { scope: narrowed.scope, audience })
}
