//! Client authentication at the token, introspection and revocation endpoints. RFC 6749 §2.3.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::{Context, ServiceError, audit_log, client_registry::secret_cell, clients};
use crate::{
    protocol::{
        client::{Client, TokenEndpointAuthMethod},
        client_auth::{
            self, AssertionError, AuthParameters, AuthPolicy, Authenticated, ClientAuthError,
            PendingAssertion, PresentedCredentials, Proof,
        },
        error::{ErrorCode, OAuthError},
        params::Params,
    },
    store,
    types::{Timestamp, audit::Action, origin::Origin},
};

/// Who sends this request, proven by the method that the client registered.
///
/// Failures count against the network that they come from, and never against the client: a stranger
/// cannot lock it out.
///
/// # Errors
/// `invalid_client` for every failed proof, `invalid_request` for contradictory ones,
/// [`ServiceError::Wait`] for a network that failed too often.
pub async fn authenticate(
    ctx: &Arc<Context>,
    authorization: Option<&str>,
    params: &Params,
    origin: &Origin,
) -> Result<Authenticated, ServiceError> {
    let (policy, now) = (&ctx.policy.lockout, ctx.now());
    if let Err(limited) = ctx.rates.check_clients(origin, policy, now) {
        audit_log::tell_of_limit(ctx, Action::ClientsLimited, &limited, origin).await;
        return Err(ServiceError::Wait(limited.wait));
    }
    let proven = prove(ctx, authorization, params).await;
    if let Err(ServiceError::Refused(refusal)) = &proven
        && refusal.code == ErrorCode::InvalidClient
    {
        ctx.rates.count_client_failure(origin, policy, now);
    }
    proven
}

async fn prove(
    ctx: &Arc<Context>,
    authorization: Option<&str>,
    params: &Params,
) -> Result<Authenticated, ServiceError> {
    let parameters = AuthParameters {
        client_id: params.get("client_id"),
        client_secret: params.get("client_secret"),
        client_assertion_type: params.get("client_assertion_type"),
        client_assertion: params.get("client_assertion"),
    };
    let presented =
        PresentedCredentials::read(authorization, &parameters).map_err(OAuthError::from)?;
    let client = clients::find(ctx, presented.client_id()).await?;
    let client = client.ok_or(ClientAuthError::UnknownClient).map_err(OAuthError::from)?;
    let now = ctx.now();
    let secrets = hmac_secrets(ctx, &client, now)?;
    let policy = AuthPolicy { issuer: &ctx.protocol.issuer, epoch: ctx.epoch.get() };
    let proof = client_auth::authenticate(&client, &presented, &secrets, &policy, now);
    match proof.map_err(OAuthError::from)? {
        Proof::Complete(authenticated) => Ok(authenticated),
        Proof::Assertion(pending) => redeem(ctx, pending, now).await,
    }
}

/// An assertion works once: its `jti` is taken by one conditional statement. RFC 7523 §3.
async fn redeem(
    ctx: &Context,
    pending: PendingAssertion,
    now: Timestamp,
) -> Result<Authenticated, ServiceError> {
    let single_use = *pending.single_use();
    let receipt = ctx
        .db
        .write_plain(move |tx| {
            Box::pin(async move { store::client_assertion::consume(tx, single_use, now).await })
        })
        .await?;
    let replayed = || ClientAuthError::from(AssertionError::Replayed);
    let receipt = receipt.ok_or_else(replayed).map_err(OAuthError::from)?;
    Ok(pending.complete(&receipt).map_err(OAuthError::from)?)
}

/// The live secrets of a client that signs its assertions with them: nobody else's are unsealed.
fn hmac_secrets(
    ctx: &Context,
    client: &Client,
    now: Timestamp,
) -> Result<Vec<Zeroizing<Vec<u8>>>, ServiceError> {
    match client.metadata.token_endpoint_auth_method {
        TokenEndpointAuthMethod::ClientSecretJwt => {}
        TokenEndpointAuthMethod::None
        | TokenEndpointAuthMethod::ClientSecretBasic
        | TokenEndpointAuthMethod::ClientSecretPost
        | TokenEndpointAuthMethod::PrivateKeyJwt => return Ok(Vec::new()),
    }
    let sealed = client_auth::live_secrets(client, now)
        .filter_map(|secret| Some((secret.id, secret.sealed.as_deref()?)));
    sealed
        .map(|(id, sealed)| {
            let aad = secret_cell(id.uuid().as_bytes()).aad();
            ctx.vault.client_secrets.open(&aad, sealed).map_err(ServiceError::internal)
        })
        .collect()
}
