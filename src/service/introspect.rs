//! Token introspection. RFC 7662.

use std::{net::IpAddr, sync::Arc};

use super::{
    Context, ServiceError,
    access_model::{self, AccessModel},
    access_token::{self, LiveBehalf, LiveToken},
    api_keys::{self, LiveKey, LiveOwner, Worth},
    issue::{self, Behalf},
};
use crate::{
    protocol::{
        client::GrantType,
        client_auth::Authenticated,
        error::{ErrorCode, OAuthError},
        params::Params,
        token::{
            introspection::{AccessTokenType, ActiveToken, IntrospectionResponse},
            refresh::{self, PresentedRefreshToken},
        },
    },
    store::{self, behind::Behind},
    types::{Scope, api_key},
};

/// What the caller may know of `token`. `token_type_hint` is not needed: a token says itself what it
/// is (RFC 7662 §2.1).
///
/// `client_address` says from where an API key was used; one with an allow-list is inactive without.
///
/// # Errors
/// `invalid_client` for a caller that does not authenticate, `invalid_request` without a token, or with
/// a `client_address` that is none.
pub async fn introspect(
    ctx: &Arc<Context>,
    caller: &Authenticated,
    params: &Params,
) -> Result<IntrospectionResponse, ServiceError> {
    caller.require_confidential().map_err(OAuthError::from)?;
    let token = params
        .get("token")
        .ok_or_else(|| OAuthError::new(ErrorCode::InvalidRequest, "token is missing"))?;
    let address = api_keys::client_address(params)?;
    let active = match PresentedRefreshToken::parse(token) {
        Some(presented) => refresh_token(ctx, caller, &presented).await?,
        None if token.starts_with(api_key::PREFIX) => api_key(ctx, caller, token, address).await?,
        None => match access_token::resolve(ctx, token).await? {
            Some(live) if may_know(caller, &live) => {
                let model = access_model::current(ctx).await?;
                Some(describe(ctx, &model, caller, &live))
            }
            Some(_) | None => None,
        },
    };
    Ok(active.map_or(IntrospectionResponse::Inactive, |active| {
        IntrospectionResponse::Active(Box::new(active))
    }))
}

/// Whether the token was issued to the caller.
fn is_own(caller: &Authenticated, live: &LiveToken) -> bool {
    live.facts.client_id == *caller.id()
}

/// A client may look at its own tokens, an API at those that are for it. RFC 7662 §4.
fn may_know(caller: &Authenticated, live: &LiveToken) -> bool {
    let audiences = &caller.client().metadata.audiences;
    is_own(caller, live) || live.facts.audience.iter().any(|audience| audiences.contains(audience))
}

/// What the token is worth at this moment: a permission that no role gives any more is not in the
/// answer. RFC 7662 §2.2.
fn describe(
    ctx: &Context,
    model: &AccessModel,
    caller: &Authenticated,
    live: &LiveToken,
) -> ActiveToken {
    let facts = &live.facts;
    let user = live.user();
    let authentication = match &live.behalf {
        LiveBehalf::Grant(grant, _) => Some(&grant.authentication),
        LiveBehalf::Client | LiveBehalf::ApiKey(_) => None,
    };
    let scope = heard_of(live.scope(model), model, caller, live);
    let apis = || model.apis.of_audience(&heard(caller, live));
    let (roles, groups) = model.told_in_scope(user, &facts.scope, apis);
    ActiveToken {
        scope,
        client_id: Some(facts.client_id.to_string()),
        username: user.map(|user| user.username.clone()),
        token_type: Some(AccessTokenType::Bearer),
        exp: facts.expires_at,
        iat: facts.issued_at,
        sub: live.subject(),
        aud: facts.audience.clone(),
        iss: ctx.protocol.issuer.as_str().to_owned(),
        jti: facts.jti.clone(),
        auth_time: authentication.map(|authentication| authentication.auth_time),
        acr: authentication.map(|authentication| authentication.acr.clone()),
        roles,
        groups,
    }
}

/// The audiences of the token that the caller answers for: no API hears of another one's roles.
fn heard(caller: &Authenticated, live: &LiveToken) -> Vec<String> {
    let audience = &live.facts.audience;
    if is_own(caller, live) {
        return audience.clone();
    }
    let own = &caller.client().metadata.audiences;
    audience.iter().filter(|name| own.contains(name)).cloned().collect()
}

/// An API hears of its own permissions, and of none of another API. RFC 7662 §2.2.
fn heard_of(scope: Scope, model: &AccessModel, caller: &Authenticated, live: &LiveToken) -> Scope {
    if is_own(caller, live) {
        return scope;
    }
    let own = &caller.client().metadata.audiences;
    scope.filter(|token| {
        let api = model.apis.of_permission(token);
        api.is_none_or(|api| own.iter().any(|audience| audience == api.audience.as_str()))
    })
}

/// An API key is the business of its owner, and of the APIs that it has permissions of. Each API learns
/// what concerns itself. A text with a wrong checksum is no key, and nobody is asked.
async fn api_key(
    ctx: &Context,
    caller: &Authenticated,
    text: &str,
    address: Option<IpAddr>,
) -> Result<Option<ActiveToken>, ServiceError> {
    let Some(presented) = api_key::parse(text) else { return Ok(None) };
    let Some(live) = api_keys::resolve(ctx, &presented, address).await? else { return Ok(None) };
    let model = access_model::current(ctx).await?;
    let worth = live.worth_to(caller.client(), &model);
    Ok(worth.map(|worth| describe_key(ctx, &model, &live, worth)))
}

/// What a key is worth to these APIs.
fn describe_key(
    ctx: &Context,
    model: &AccessModel,
    live: &LiveKey,
    worth: Worth<'_>,
) -> ActiveToken {
    let client_id = match &live.owner {
        LiveOwner::User(_) => None,
        LiveOwner::Client(client) => Some(client.id.to_string()),
    };
    let (user, apis) = (live.owner.user(), worth.apis);
    let ids = || apis.iter().map(|api| api.id).collect();
    let (roles, groups) = model.told_in_scope(user, &worth.scope, ids);
    ActiveToken {
        scope: worth.scope,
        client_id,
        username: user.map(|user| user.username.clone()),
        token_type: Some(AccessTokenType::Bearer),
        exp: live.key.expires_at,
        iat: live.key.created_at,
        sub: live.owner.subject(),
        aud: apis.iter().map(|api| api.audience.to_string()).collect(),
        iss: ctx.protocol.issuer.as_str().to_owned(),
        jti: None,
        auth_time: None,
        acr: None,
        roles,
        groups,
    }
}

/// A refresh token is nobody's business but its client's. It is active as long as it would still be
/// exchanged; looking at it uses nothing up.
async fn refresh_token(
    ctx: &Context,
    caller: &Authenticated,
    presented: &PresentedRefreshToken,
) -> Result<Option<ActiveToken>, ServiceError> {
    let now = ctx.now();
    let mut reader = ctx.db.reader().await?;
    let family = store::refresh_family::find(&mut reader.conn(), presented.family()).await?;
    let Some((family, Behind { grant, user, session })) = family else { return Ok(None) };
    let Some(generation) = presented.prove(&ctx.vault.refresh_tokens, &family) else {
        return Ok(None);
    };
    let policy = ctx.policy.refresh_policy(caller.client());
    let epoch = ctx.epoch.get();
    if refresh::judge(&family, generation, caller.id(), policy, epoch, now).is_err() {
        return Ok(None);
    }
    let behalf = Behalf::User { grant: Some(&grant), user: Some(&user), session: session.as_ref() };
    if issue::admit(caller.client(), GrantType::RefreshToken, behalf, now).is_err() {
        return Ok(None);
    }
    Ok(Some(ActiveToken {
        scope: grant.scope.clone(),
        client_id: Some(grant.client_id.to_string()),
        username: Some(user.username.clone()),
        token_type: None,
        exp: family.idle_expires_at,
        iat: family.rotated_at,
        sub: grant.user_id.to_string(),
        aud: Vec::new(),
        iss: ctx.protocol.issuer.as_str().to_owned(),
        jti: None,
        auth_time: Some(grant.authentication.auth_time),
        acr: Some(grant.authentication.acr.clone()),
        roles: None,
        groups: None,
    }))
}
