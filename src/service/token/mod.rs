//! The token endpoint. RFC 6749 §3.2.

mod authorization_code;
mod client_credentials;
mod mint;
mod password;
mod refresh_token;
mod scope;
mod token_exchange;

use std::sync::Arc;

use serde::Serialize;

use super::{Context, ServiceError, issue::Refusal};
use crate::{
    protocol::{
        client::{Client, GrantType},
        client_auth::Authenticated,
        error::{ErrorCode, OAuthError},
        params::Params,
    },
    types::{Scope, origin::Origin},
};

/// A successful answer of the token endpoint (RFC 6749 §5.1, OIDC Core §3.1.3.3).
#[derive(Debug, Serialize)]
pub struct TokenResponse {
    /// The access token.
    pub access_token: String,
    /// How it is presented: `Bearer` (RFC 6750).
    pub token_type: &'static str,
    /// What kind of token it is, for a token that was exchanged (RFC 8693 §2.2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_token_type: Option<&'static str>,
    /// How many seconds it lives.
    pub expires_in: u64,
    /// The refresh token, where one was granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// The ID token, where `openid` was granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// What was granted.
    pub scope: Scope,
}

/// Exchanges a grant for tokens: the one entry for every `grant_type`.
///
/// # Errors
/// `invalid_request` without `grant_type`, `unsupported_grant_type` for an unknown one,
/// `unauthorized_client` for one that the client did not register, and what the grant's own rules
/// refuse.
pub async fn exchange(
    ctx: &Arc<Context>,
    client: &Authenticated,
    params: &Params,
    origin: &Origin,
) -> Result<TokenResponse, ServiceError> {
    let grant_type = grant_type(ctx, params)?;
    is_registered(client.client(), grant_type)?;
    match grant_type {
        GrantType::AuthorizationCode => {
            authorization_code::exchange(ctx, client, params, origin).await
        }
        GrantType::RefreshToken => refresh_token::exchange(ctx, client, params, origin).await,
        GrantType::ClientCredentials => {
            client_credentials::exchange(ctx, client, params, origin).await
        }
        GrantType::TokenExchange => token_exchange::exchange(ctx, client, params, origin).await,
        GrantType::Password => password::exchange(ctx, client, params, origin).await,
    }
}

/// The grants that the endpoint knows. RFC 6749 §5.2.
fn grant_type(ctx: &Context, params: &Params) -> Result<GrantType, OAuthError> {
    let name = params
        .get("grant_type")
        .ok_or_else(|| OAuthError::new(ErrorCode::InvalidRequest, "grant_type is missing"))?;
    ctx.protocol.grant_types().find(|grant| grant.as_str() == name).ok_or_else(unsupported)
}

/// The client may use the grant, which is asked before anything that it presents is looked at.
/// RFC 6749 §5.2.
fn is_registered(client: &Client, grant_type: GrantType) -> Result<(), OAuthError> {
    if client.may_use(grant_type) {
        return Ok(());
    }
    match grant_type {
        // Whoever was not marked for it learns no more than where it is switched off.
        GrantType::Password => Err(unsupported()),
        GrantType::AuthorizationCode
        | GrantType::RefreshToken
        | GrantType::ClientCredentials
        | GrantType::TokenExchange => Err(Refusal::GrantNotRegistered.into()),
    }
}

fn unsupported() -> OAuthError {
    OAuthError::new(ErrorCode::UnsupportedGrantType, "this grant_type is not supported")
}
