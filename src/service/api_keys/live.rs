//! Whether a presented API key counts, and what it allows at this moment.

use std::{net::IpAddr, sync::Arc};

use super::ApiKeyError;
use crate::{
    identity::{
        api_key::{ApiKey, Owner},
        role::decide,
        user::User,
    },
    protocol::{
        api::Api,
        claims,
        client::{Client, GrantType},
        error::{ErrorCode, OAuthError},
        params::Params,
    },
    service::{
        Context, ServiceError,
        access_model::{self, AccessModel},
        access_token, clients,
    },
    store,
    types::{ApiKeyId, Scope, Status, api_key::PresentedApiKey},
};

/// A key that counts at this moment.
#[derive(Debug, Clone)]
pub struct LiveKey {
    /// The key.
    pub key: Arc<ApiKey>,
    /// Whom it speaks for.
    pub owner: LiveOwner,
}

/// An owner that exists and is enabled.
#[derive(Debug, Clone)]
pub enum LiveOwner {
    /// A user.
    User(Arc<User>),
    /// A client that acts for itself.
    Client(Arc<Client>),
}

/// What a key is worth to one client.
#[derive(Debug)]
pub struct Worth<'a> {
    /// The APIs that it has permissions of and that the client answers for: at least one.
    pub apis: Vec<&'a Api>,
    /// What it allows there.
    pub scope: Scope,
}

impl LiveOwner {
    /// The user, when it is one.
    #[must_use]
    pub fn user(&self) -> Option<&User> {
        match self {
            Self::User(user) => Some(user),
            Self::Client(_) => None,
        }
    }

    /// What `sub` says of it.
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::User(user) => user.id.to_string(),
            Self::Client(client) => client.id.to_string(),
        }
    }

    /// Whether it may be spoken for.
    #[must_use]
    pub fn status(&self) -> Status {
        match self {
            Self::User(user) => user.status,
            Self::Client(client) => client.status,
        }
    }

    /// RFC 6749 §4.4: a client that does not act for itself has no keys.
    pub(super) fn may_have_keys(&self) -> Result<(), ApiKeyError> {
        match self {
            Self::User(_) => Ok(()),
            Self::Client(client) if client.may_use(GrantType::ClientCredentials) => Ok(()),
            Self::Client(_) => Err(ApiKeyError::NotAServiceClient),
        }
    }

    /// Whether `permission` is one of an enabled API, and held; by a client, within its registration.
    pub(super) fn may(&self, model: &AccessModel, permission: &str) -> bool {
        let (subject, registered) = match self {
            Self::User(user) => (access_model::user_subject(user), true),
            Self::Client(client) => {
                let registered = client.metadata.scope.contains(permission);
                (access_model::client_subject(client), registered)
            }
        };
        registered
            && model.apis.of_permission(permission).is_some()
            && decide(subject, permission, &model.roles).is_granted()
    }

    /// What of `scope` the owner can be granted by a key. `roles` and `groups` are no permissions:
    /// they say that a user's may be told.
    pub(super) fn held(&self, model: &AccessModel, scope: &Scope) -> Scope {
        let is_user = match self {
            Self::User(_) => true,
            Self::Client(_) => false,
        };
        scope.filter(|token| match token {
            "roles" | "groups" => is_user,
            permission => self.may(model, permission),
        })
    }
}

impl LiveKey {
    /// What the key allows at this moment: what it names, less what its owner does not hold any more.
    #[must_use]
    pub fn granted(&self, model: &AccessModel) -> Scope {
        self.owner.held(model, &self.key.permissions)
    }

    /// What the key is worth to `client` at this moment: a key is the business of its owner, and of the
    /// APIs that it has permissions of, each for itself. `None` when it is none of its business.
    #[must_use]
    pub fn worth_to<'a>(&self, client: &Client, model: &'a AccessModel) -> Option<Worth<'a>> {
        let granted = self.granted(model);
        let is_own = self.key.owner == Owner::Client(client.id.clone());
        let own = &client.metadata.audiences;
        let heard = |audience: &str| is_own || own.iter().any(|name| name == audience);
        let apis: Vec<&Api> = model.apis.of_scope(&granted);
        let apis: Vec<&Api> = apis.into_iter().filter(|api| heard(api.audience.as_str())).collect();
        let scope = granted.filter(|token| {
            claims::is_standard_scope(token)
                || apis.iter().any(|api| api.permissions.contains_key(token))
        });
        (!apis.is_empty()).then_some(Worth { apis, scope })
    }
}

/// The key that was presented, if it counts now: known, neither revoked nor expired, its owner is
/// enabled, and `address`, from where it is used, is one that it allows. `None` for everything else,
/// without a reason.
///
/// # Errors
/// [`ServiceError::Unavailable`] when the database has to be asked and does not answer: no key is ever
/// live by default.
pub async fn resolve(
    ctx: &Context,
    presented: &PresentedApiKey,
    address: Option<IpAddr>,
) -> Result<Option<LiveKey>, ServiceError> {
    // What is remembered is the key, whoever asks from wherever.
    let found = known(ctx, presented.id).await?;
    let fits = |key: &Arc<ApiKey>| key.hash == presented.hash && key.addresses.allows(address);
    let Some(key) = found.filter(fits) else { return Ok(None) };
    let live = alive(ctx, key).await?;
    if let Some(live) = &live {
        ctx.seen.note_key(live.key.id, ctx.now());
    }
    Ok(live)
}

/// The key of that id, if it still counts, for what hangs from it: nobody presents the key itself, so
/// neither its secret nor an address is asked for.
///
/// # Errors
/// As [`resolve`].
pub async fn still_live(ctx: &Context, id: ApiKeyId) -> Result<Option<LiveKey>, ServiceError> {
    match known(ctx, id).await? {
        Some(key) => alive(ctx, key).await,
        None => Ok(None),
    }
}

/// The key of that id, dead or alive, from memory where memory can be believed.
async fn known(ctx: &Context, id: ApiKeyId) -> Result<Option<Arc<ApiKey>>, ServiceError> {
    let read = async { store::api_key::find(&mut ctx.db.reader().await?.conn(), id).await };
    let caches = &ctx.caches;
    Ok(caches.recall_or(&caches.api_keys, &id, ctx.clock.uptime(), read).await?)
}

/// The key with its owner, if both count now.
async fn alive(ctx: &Context, key: Arc<ApiKey>) -> Result<Option<LiveKey>, ServiceError> {
    if !key.is_live(ctx.now()) {
        return Ok(None);
    }
    let owner = owner(ctx, &key.owner).await?;
    let owner = owner.filter(|owner| owner.may_have_keys().is_ok());
    Ok(owner.map(|owner| LiveKey { key, owner }))
}

/// From where a key is used, as the API says that asks about it: the parameter `client_address`, which
/// is Doorward's own. Nobody else knows the caller's address.
///
/// # Errors
/// `invalid_request` when it is no address.
pub fn client_address(params: &Params) -> Result<Option<IpAddr>, OAuthError> {
    let parse = |text: &str| {
        text.parse().map_err(|_| {
            OAuthError::new(
                ErrorCode::InvalidRequest,
                "client_address is no IPv4 or IPv6 address, which has no port and no brackets",
            )
        })
    };
    params.get("client_address").map(parse).transpose()
}

/// The owner, when it exists and is enabled.
pub(super) async fn owner(ctx: &Context, id: &Owner) -> Result<Option<LiveOwner>, ServiceError> {
    match id {
        Owner::User(id) => Ok(access_token::live_user(ctx, *id).await?.map(LiveOwner::User)),
        Owner::Client(id) => {
            let client = clients::find(ctx, id).await?;
            let enabled = client.filter(|client| matches!(client.status, Status::Enabled));
            Ok(enabled.map(LiveOwner::Client))
        }
    }
}
