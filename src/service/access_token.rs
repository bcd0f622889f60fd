//! What a presented access token says, and whether it still counts. RFC 7662 §2.2, RFC 9068 §4.

use std::sync::Arc;

use super::{
    Context, ServiceError,
    access_model::{self, AccessModel},
    api_keys::{self, LiveKey},
    clients,
    token_facts::TokenFacts,
};
use crate::{
    identity::user::User,
    protocol::{client::Client, grant::Grant, token::opaque::OpaqueToken},
    store::{self, revoked_token::Standing},
    types::{GrantId, Scope, Status, Timestamp, TokenHash, UserId, token::TokenKind},
};

/// A token that counts at this moment, with everything that it hangs from.
#[derive(Debug, Clone)]
pub struct LiveToken {
    /// What it says.
    pub facts: Arc<TokenFacts>,
    /// The client it was issued to.
    pub client: Arc<Client>,
    /// On whose behalf.
    pub behalf: LiveBehalf,
}

/// On whose behalf a token was issued: all of it counts at this moment.
#[derive(Debug, Clone)]
pub enum LiveBehalf {
    /// The client acts for itself.
    Client,
    /// A user gave a grant.
    Grant(Arc<Grant>, Arc<User>),
    /// An API key was exchanged for it.
    ApiKey(LiveKey),
}

impl LiveToken {
    /// The user whom it speaks for.
    #[must_use]
    pub fn user(&self) -> Option<&User> {
        match &self.behalf {
            LiveBehalf::Client => None,
            LiveBehalf::Grant(_, user) => Some(user),
            LiveBehalf::ApiKey(key) => key.owner.user(),
        }
    }

    /// What `sub` says of it: the user, the client that acts for itself, or the owner of the key.
    #[must_use]
    pub fn subject(&self) -> String {
        match &self.behalf {
            LiveBehalf::Client => self.facts.client_id.to_string(),
            LiveBehalf::Grant(_, user) => user.id.to_string(),
            LiveBehalf::ApiKey(key) => key.owner.subject(),
        }
    }

    /// What it allows at this moment: a permission that no role gives any more is not in it.
    #[must_use]
    pub fn scope(&self, model: &AccessModel) -> Scope {
        let scope = &self.facts.scope;
        match &self.behalf {
            LiveBehalf::Client => model.held(access_model::client_subject(&self.client), scope),
            LiveBehalf::Grant(_, user) => model.held(access_model::user_subject(user), scope),
            LiveBehalf::ApiKey(key) => key.granted(model).intersection(scope),
        }
    }
}

/// What `token` says, if it counts now: issued by this server, not expired, not revoked, and neither
/// its grant, its key, its user nor its client was switched off, nor was a backup restored since. `None`
/// for everything else, without a reason.
///
/// # Errors
/// [`ServiceError::Unavailable`] when the database has to be asked and does not answer: no token is
/// ever live by default.
pub async fn resolve(ctx: &Context, token: &str) -> Result<Option<LiveToken>, ServiceError> {
    let now = ctx.clock.now();
    let Some(facts) = facts(ctx, token, now) else { return Ok(None) };
    if now >= facts.expires_at || ctx.epoch.get().is_after(facts.issued_at) {
        return Ok(None);
    }
    let Some(client) = clients::find(ctx, &facts.client_id).await? else { return Ok(None) };
    match client.status {
        Status::Enabled => {}
        Status::Disabled => return Ok(None),
    }
    let behalf = match (facts.api_key, facts.grant_id, facts.user_id) {
        (None, None, None) => is_unrevoked(ctx, &facts).await?.then_some(LiveBehalf::Client),
        (None, Some(grant), Some(user)) => of_grant(ctx, &facts, grant, user).await?,
        (Some(key), None, None) if is_unrevoked(ctx, &facts).await? => {
            api_keys::still_live(ctx, key).await?.map(LiveBehalf::ApiKey)
        }
        (Some(_), None, None)
        | (None, Some(_), None)
        | (None, None, Some(_))
        | (Some(_), Some(_), _)
        | (Some(_), _, Some(_)) => None,
    };
    Ok(behalf.map(|behalf| LiveToken { facts, client, behalf }))
}

/// The grant and the user behind a token, when both still stand, and belong to it.
async fn of_grant(
    ctx: &Context,
    facts: &TokenFacts,
    grant_id: GrantId,
    user_id: UserId,
) -> Result<Option<LiveBehalf>, ServiceError> {
    let Some(grant) = live_grant(ctx, facts, grant_id).await? else { return Ok(None) };
    let Some(user) = live_user(ctx, user_id).await? else { return Ok(None) };
    if grant.client_id != facts.client_id || grant.user_id != user_id {
        return Ok(None);
    }
    Ok(Some(LiveBehalf::Grant(grant, user)))
}

/// The facts of `token`, remembered, or read from its text if its time has not passed.
fn facts(ctx: &Context, token: &str, now: Timestamp) -> Option<Arc<TokenFacts>> {
    let key = TokenHash::of(TokenKind::AccessToken, token);
    let caches = &ctx.caches;
    if let Some(facts) = caches.recall(&caches.tokens, &key, ctx.clock.uptime()) {
        return Some(facts);
    }
    let epoch = caches.epoch();
    let facts = if token.starts_with(TokenKind::AccessToken.prefix()) {
        let opened = OpaqueToken::open(&ctx.vault.access_tokens, token);
        opened.filter(|opened| now < opened.expires_at).map(TokenFacts::from)
    } else {
        ctx.keys.read_access_token(token, now).map(TokenFacts::from)
    };
    let facts = Arc::new(facts?);
    caches.keep(&caches.tokens, &key, Arc::clone(&facts), epoch);
    Some(facts)
}

/// Whether this one token was not revoked, for a token without a grant.
async fn is_unrevoked(ctx: &Context, facts: &TokenFacts) -> Result<bool, ServiceError> {
    let caches = &ctx.caches;
    let known = caches.recall(&caches.unrevoked, &facts.revocation_key, ctx.clock.uptime());
    Ok(known.is_some() || read_standing(ctx, facts).await?.is_some())
}

/// The grant behind a token, when neither the token nor the grant was revoked.
async fn live_grant(
    ctx: &Context,
    facts: &TokenFacts,
    grant_id: GrantId,
) -> Result<Option<Arc<Grant>>, ServiceError> {
    let (caches, uptime) = (&ctx.caches, ctx.clock.uptime());
    let unrevoked = caches.recall(&caches.unrevoked, &facts.revocation_key, uptime);
    let known = unrevoked.and(caches.recall(&caches.grants, &grant_id, uptime));
    let grant = match known {
        Some(grant) => Some(grant),
        None => read_standing(ctx, facts).await?.flatten(),
    };
    Ok(grant.filter(|grant| grant.revoked.is_none()))
}

/// Asks the database whether the token counts: `None` when it does not, else its grant, if it has one.
async fn read_standing(
    ctx: &Context,
    facts: &TokenFacts,
) -> Result<Option<Option<Arc<Grant>>>, ServiceError> {
    let caches = &ctx.caches;
    let epoch = caches.epoch();
    let mut reader = ctx.db.reader().await?;
    let key = &facts.revocation_key;
    let grant =
        match store::revoked_token::standing(&mut reader.conn(), key, facts.grant_id).await? {
            Standing::Dead => return Ok(None),
            Standing::Live(grant) => grant.map(|grant| *grant),
        };
    caches.keep(&caches.unrevoked, key, Arc::new(()), epoch);
    Ok(Some(grant.map(|grant| {
        let grant = Arc::new(grant);
        caches.keep(&caches.grants, &grant.id, Arc::clone(&grant), epoch);
        grant
    })))
}

/// The user of that id, when they may be spoken for.
pub(super) async fn live_user(
    ctx: &Context,
    id: UserId,
) -> Result<Option<Arc<User>>, ServiceError> {
    let read = async { store::user::find(&mut ctx.db.reader().await?.conn(), id).await };
    let user = ctx.caches.recall_or(&ctx.caches.users, &id, ctx.clock.uptime(), read).await?;
    Ok(user.filter(|user| matches!(user.status, Status::Enabled)))
}
