//! Who calls the admin API: the bearer of an access token for Doorward's own API, checked as
//! introspection checks it, so that whatever was revoked, disabled or taken counts at once.

use std::sync::Arc;

use super::{
    Context, ServiceError,
    access_model::{self, AccessModel},
    access_token::{self, LiveBehalf},
    api_keys::{LiveKey, LiveOwner},
};
use crate::{
    identity::{
        role::{Subject, built_in, decide},
        user::User,
    },
    protocol::client::Client,
    types::{Permission, Scope, audit::Actor},
};

/// Somebody who may ask the admin API for what a route does.
#[derive(Debug, Clone)]
pub struct AdminCaller {
    /// Who, for the audit log.
    pub actor: Actor,
    /// What the token allows at this moment.
    pub scope: Scope,
    who: Who,
    credential: Credential,
    model: Arc<AccessModel>,
}

#[derive(Debug, Clone)]
enum Who {
    User(Arc<User>),
    Client(Arc<Client>),
}

/// Where the token of a caller came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Credential {
    /// A sign-in, or the client's own credentials.
    Own,
    /// An API key was exchanged for it (RFC 8693).
    ApiKey,
}

/// Why somebody may not.
#[derive(Debug, thiserror::Error)]
pub enum NotAllowed {
    /// The token is none of this API's, or counts no more. 401. RFC 6750 §3.1.
    #[error("the access token is expired, revoked, or not for this API")]
    InvalidToken,
    /// The token does not allow it: the permission that would. 403.
    #[error("this needs the permission `{0}`")]
    InsufficientScope(&'static str),
    /// A failure of the service.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// The bearer of `token`, if it allows what `permission` names.
///
/// # Errors
/// [`NotAllowed`]; nobody is let in when the database does not answer.
pub async fn admit(
    ctx: &Context,
    token: &str,
    permission: &'static str,
) -> Result<AdminCaller, NotAllowed> {
    let live = access_token::resolve(ctx, token).await?.ok_or(NotAllowed::InvalidToken)?;
    let audience = ctx.protocol.issuer.at(built_in::OWN_API_PATH);
    if !live.facts.audience.contains(&audience) {
        return Err(NotAllowed::InvalidToken);
    }
    let model = access_model::current(ctx).await?;
    let scope = live.scope(&model);
    let (who, credential) = match live.behalf {
        LiveBehalf::Grant(_, user) => (Who::User(user), Credential::Own),
        LiveBehalf::Client => (Who::Client(Arc::clone(&live.client)), Credential::Own),
        LiveBehalf::ApiKey(LiveKey { owner: LiveOwner::User(user), .. }) => {
            (Who::User(user), Credential::ApiKey)
        }
        LiveBehalf::ApiKey(LiveKey { owner: LiveOwner::Client(client), .. }) => {
            (Who::Client(client), Credential::ApiKey)
        }
    };
    let actor = who.actor();
    if !scope.contains(permission) {
        return Err(NotAllowed::InsufficientScope(permission));
    }
    Ok(AdminCaller { actor, scope, who, credential, model })
}

impl Who {
    fn actor(&self) -> Actor {
        match self {
            Self::User(user) => Actor::User(user.id),
            Self::Client(client) => Actor::Client(client.id.clone()),
        }
    }

    fn subject(&self) -> Subject<'_> {
        match self {
            Self::User(user) => access_model::user_subject(user),
            Self::Client(client) => access_model::client_subject(client),
        }
    }
}

impl AdminCaller {
    /// Whether the caller may make API keys, or put new ones in the place of old ones: nobody who came
    /// with a key, or else one that was stolen could live for ever. APIK-04.
    #[must_use]
    pub const fn may_make_api_keys(&self) -> bool {
        match self.credential {
            Credential::Own => true,
            Credential::ApiKey => false,
        }
    }

    /// Whether the caller may give `permission` to somebody, or have power over somebody who has it.
    ///
    /// A permission of Doorward itself must be one that the token allows; one of another API must be
    /// one that the caller holds. Whoever administers everything could make themselves a role for any
    /// permission, and may give it.
    #[must_use]
    pub fn may_give(&self, permission: &str) -> bool {
        let mut everything = built_in::of_an_administrator().peekable();
        if everything.peek().is_some() && everything.all(|name| self.scope.contains(name)) {
            return true;
        }
        if built_in::PERMISSIONS.iter().any(|(name, _)| *name == permission) {
            return self.scope.contains(permission);
        }
        decide(self.who.subject(), permission, &self.model.roles).is_granted()
    }

    /// The first permission of whoever is given these roles and groups that the caller may not give.
    #[must_use]
    pub fn beyond(&self, subject: Subject<'_>) -> Option<String> {
        let permissions = self.model.apis.iter().flat_map(|api| api.permissions.keys());
        permissions
            .map(Permission::as_str)
            .find(|permission| {
                decide(subject, permission, &self.model.roles).is_granted()
                    && !self.may_give(permission)
            })
            .map(str::to_owned)
    }

    /// The first permission that `scope` names and the caller may not give.
    #[must_use]
    pub fn beyond_scope(&self, scope: &Scope) -> Option<String> {
        let known =
            |token: &str| self.model.apis.iter().any(|api| api.permissions.contains_key(token));
        scope.iter().find(|token| known(token) && !self.may_give(token)).map(str::to_owned)
    }

    /// The first permission of the APIs of these audiences that the caller may not give. A client that
    /// answers for an API is told of its tokens, and turns API keys into them. One that answers for an API
    /// that is yet to be made is for those who may make it.
    #[must_use]
    pub fn beyond_audiences(&self, audiences: &[String]) -> Option<String> {
        let of = |audience: &String| {
            self.model.apis.iter().find(|api| api.audience.as_str() == audience.as_str())
        };
        let needed = audiences.iter().flat_map(|audience| match of(audience) {
            Some(api) => api.permissions.keys().map(Permission::as_str).collect(),
            None => vec![built_in::MAKE_APIS],
        });
        let mut beyond = needed.filter(|permission| !self.may_give(permission));
        beyond.next().map(str::to_owned)
    }
}
