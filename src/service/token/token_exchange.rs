//! Token exchange: an API key becomes a short access token that APIs check offline. RFC 8693.

use std::time::Duration;

use super::{Context, ServiceError, TokenResponse, mint, scope::Granted};
use crate::{
    protocol::{
        client::{Client, GrantType},
        client_auth::Authenticated,
        error::OAuthError,
        grant::token_exchange::{self as rules, TokenExchange, TokenExchangeError},
        params::Params,
    },
    service::{
        access_model::{self, AccessModel},
        api_keys::{self, LiveKey},
        audit_log,
        issue::{self, Behalf},
    },
    types::{
        ResourceUri, Timestamp, api_key,
        audit::{Action, Actor, Object, Outcome},
        origin::Origin,
    },
};

/// An access token for what an API key is worth to this client: a JWT whatever form the client
/// registered, without a refresh token. RFC 8693 §2.2.1.
pub(super) async fn exchange(
    ctx: &Context,
    client: &Authenticated,
    params: &Params,
    origin: &Origin,
) -> Result<TokenResponse, ServiceError> {
    let now = ctx.now();
    let client = client.client();
    let request = rules::read(params).map_err(OAuthError::from)?;
    let address = api_keys::client_address(params)?;
    // A text with a wrong checksum is no key, and nobody is asked.
    let key = match api_key::parse(request.subject_token) {
        Some(presented) => api_keys::resolve(ctx, &presented, address).await?,
        None => None,
    };
    issue::admit(client, GrantType::TokenExchange, Behalf::ApiKey(key.as_ref()), now)
        .map_err(OAuthError::from)?;
    let key = key.ok_or(TokenExchangeError::SubjectToken).map_err(OAuthError::from)?;
    let model = access_model::current(ctx).await?;
    let granted = grant(&model, client, &key, &request).map_err(OAuthError::from)?;
    let scope = granted.scope.clone();
    let lifetime = lifetime(ctx, client, &key, now);
    let access = mint::AccessToken::for_api_key(ctx, client, &key, granted, lifetime);
    let (access_token, expires_in) = access.finish(ctx, key.owner.user(), &model, origin).await?;
    note(ctx, client, &key, origin).await?;
    Ok(TokenResponse {
        access_token,
        token_type: "Bearer",
        issued_token_type: Some(rules::ACCESS_TOKEN),
        expires_in,
        refresh_token: None,
        id_token: None,
        scope,
    })
}

/// What the token says: of the key, what concerns the APIs that the client answers for, as far as it
/// was asked for.
fn grant(
    model: &AccessModel,
    client: &Client,
    key: &LiveKey,
    request: &TokenExchange<'_>,
) -> Result<Granted, TokenExchangeError> {
    let worth = key.worth_to(client, model).ok_or(TokenExchangeError::SubjectToken)?;
    let audiences: Vec<ResourceUri> = worth.apis.iter().map(|api| api.audience.clone()).collect();
    let scope = request.narrow(&worth.scope, &audiences, |token, named| {
        let of = model.apis.of_permission(token);
        // `roles` and `groups` are of no API: what is told is narrowed by the audience.
        of.is_none_or(|api| named.contains(&api.audience))
    })?;
    let concerned = model.apis.of_scope(&scope);
    if concerned.is_empty() {
        return Err(TokenExchangeError::Scope);
    }
    let audience = concerned.into_iter().map(|api| api.audience.to_string()).collect();
    Ok(Granted { scope, audience })
}

/// As short as the server, the client and what is left of the key say. TEX-08.
fn lifetime(ctx: &Context, client: &Client, key: &LiveKey, now: Timestamp) -> Duration {
    let most = ctx.policy.api_keys.token_lifetime;
    client.access_token_lifetime(most).min(most).min(key.key.expires_at.since(now))
}

async fn note(
    ctx: &Context,
    client: &Client,
    key: &LiveKey,
    origin: &Origin,
) -> Result<(), ServiceError> {
    let (actor, object) = (Actor::Client(client.id.clone()), Object::ApiKey(key.key.id));
    let event = ctx.event(actor, Action::ApiKeyExchanged, object, Outcome::Success, origin);
    audit_log::append(ctx, event).await
}
