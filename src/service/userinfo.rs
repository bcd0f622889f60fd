//! UserInfo. OIDC Core §5.3.

use serde::Serialize;

use super::{
    Context, ServiceError, access_model,
    access_token::{self, LiveBehalf},
    user_facts,
};
use crate::protocol::{
    authorize::claims_param::ClaimsRequest,
    error::{ErrorCode, OAuthError},
    jose::JwtType,
    userinfo as rules,
};

/// A UserInfo answer, in the form that the client registered.
#[derive(Debug)]
pub enum UserInfo {
    /// Plain JSON.
    Json(rules::UserInfo),
    /// A signed JWT (`userinfo_signed_response_alg`).
    Jwt(String),
}

/// The claims about the user whom `token` speaks for.
///
/// # Errors
/// `invalid_token` when it does not count, `insufficient_scope` without `openid`: RFC 6750 §3.1.
pub async fn userinfo(ctx: &Context, token: &str) -> Result<UserInfo, ServiceError> {
    let invalid = || {
        OAuthError::new(ErrorCode::InvalidToken, "the access token is expired, revoked or unknown")
    };
    let live = access_token::resolve(ctx, token).await?.ok_or_else(invalid)?;
    let facts = &live.facts;
    if !facts.audience.iter().any(|audience| audience == ctx.protocol.issuer.as_str()) {
        return Err(invalid().into());
    }
    let (grant, user) = match &live.behalf {
        LiveBehalf::Grant(grant, user) => (grant, user),
        LiveBehalf::Client | LiveBehalf::ApiKey(_) => return Err(invalid().into()),
    };
    // What was accepted and stored as a claims parameter is one.
    let requested = grant.claims.as_deref().and_then(|text| ClaimsRequest::parse(text).ok());
    let requested = requested.unwrap_or_default();
    let model = access_model::current(ctx).await?;
    let known = user_facts::facts(user, model.told_to_client(user, &facts.scope));
    let claims = rules::UserInfo::of(user.id, &known, &facts.scope, &requested)?;
    let Some(alg) = live.client.metadata.userinfo_signed_response_alg else {
        return Ok(UserInfo::Json(claims));
    };
    let signed = SignedUserInfo {
        iss: ctx.protocol.issuer.as_str(),
        aud: live.client.id.as_str(),
        claims: &claims,
    };
    Ok(UserInfo::Jwt(ctx.keys.sign(alg, JwtType::Jwt, &signed).await?))
}

/// Signed answers name their issuer and their audience. OIDC Core §5.3.2.
#[derive(Serialize)]
struct SignedUserInfo<'a> {
    iss: &'a str,
    aud: &'a str,
    #[serde(flatten)]
    claims: &'a rules::UserInfo,
}
