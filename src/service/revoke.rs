//! Token revocation. RFC 7009.

use std::sync::Arc;

use super::{Context, ServiceError, access_token, changes, grants};
use crate::{
    protocol::{
        client_auth::Authenticated,
        error::{ErrorCode, OAuthError},
        grant::RevocationReason,
        params::Params,
        token::refresh::PresentedRefreshToken,
    },
    store::{self, StoreError},
    types::{
        ClientId, GrantId, api_key,
        audit::{Action, Actor, Object, Outcome},
        origin::Origin,
    },
};

/// Revokes a token of the caller's. A refresh token takes its grant with it, and so every access token
/// of that grant (RFC 7009 §2.1); an access token goes alone. What is unknown or dead already is a
/// success as well (§2.2), and a wrong `token_type_hint` changes nothing.
///
/// # Errors
/// `invalid_request` without a token, `unauthorized_client` for another client's token,
/// `unsupported_token_type` for an API key.
pub async fn revoke(
    ctx: &Arc<Context>,
    caller: &Authenticated,
    params: &Params,
    origin: &Origin,
) -> Result<(), ServiceError> {
    let token = params
        .get("token")
        .ok_or_else(|| OAuthError::new(ErrorCode::InvalidRequest, "token is missing"))?;
    match PresentedRefreshToken::parse(token) {
        Some(presented) => refresh_token(ctx, caller, &presented, origin).await,
        // Not a success: whoever found a key would believe that it is dead. RFC 7009 §2.2.1.
        None if api_key::is_well_formed(token) => Err(OAuthError::new(
            ErrorCode::UnsupportedTokenType,
            "an API key is revoked by its owner or an administrator, not here",
        )
        .into()),
        None => one_access_token(ctx, caller, token, origin).await,
    }
}

fn belongs_to(owner: &ClientId, caller: &Authenticated) -> Result<(), OAuthError> {
    if owner == caller.id() {
        return Ok(());
    }
    Err(OAuthError::new(ErrorCode::UnauthorizedClient, "the token was issued to another client"))
}

async fn refresh_token(
    ctx: &Arc<Context>,
    caller: &Authenticated,
    presented: &PresentedRefreshToken,
    origin: &Origin,
) -> Result<(), ServiceError> {
    let mut reader = ctx.db.reader().await?;
    let found = store::refresh_family::find(&mut reader.conn(), presented.family()).await?;
    drop(reader);
    let Some((family, behind)) = found else { return Ok(()) };
    if presented.prove(&ctx.vault.refresh_tokens, &family).is_none() {
        return Ok(());
    }
    belongs_to(&family.client_id, caller)?;
    grant_by_client(ctx, caller, behind.grant.id, origin).await
}

async fn grant_by_client(
    ctx: &Arc<Context>,
    caller: &Authenticated,
    grant: GrantId,
    origin: &Origin,
) -> Result<(), ServiceError> {
    let actor = Actor::Client(caller.id().clone());
    let event =
        ctx.event(actor, Action::TokenRevoked, Object::Grant(grant), Outcome::Success, origin);
    grants::revoke_for(ctx, grant, RevocationReason::Client, event).await.map(|_| ())
}

async fn one_access_token(
    ctx: &Arc<Context>,
    caller: &Authenticated,
    token: &str,
    origin: &Origin,
) -> Result<(), ServiceError> {
    let Some(live) = access_token::resolve(ctx, token).await? else { return Ok(()) };
    belongs_to(&live.facts.client_id, caller)?;
    let (facts, now) = (live.facts, ctx.now());
    let actor = Actor::Client(caller.id().clone());
    let object = match (facts.grant_id, facts.api_key) {
        (Some(grant), _) => Object::Grant(grant),
        (None, Some(key)) => Object::ApiKey(key),
        (None, None) => Object::Client(caller.id().clone()),
    };
    let event = ctx.event(actor, Action::TokenRevoked, object, Outcome::Success, origin);
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                let key = &facts.revocation_key;
                if store::revoked_token::insert(tx, key, facts.expires_at, now).await? {
                    store::audit_event::append(tx, event);
                }
                Ok::<(), StoreError>(())
            })
        })
        .await?;
    changes::follow(ctx).await
}
