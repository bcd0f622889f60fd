//! The client credentials grant. RFC 6749 §4.4.

use super::{Context, ServiceError, TokenResponse, mint, scope};
use crate::{
    protocol::{
        claims,
        client::GrantType,
        client_auth::Authenticated,
        error::{ErrorCode, OAuthError},
        params::Params,
    },
    service::{
        access_model,
        issue::{self, Behalf},
    },
    types::{Scope, origin::Origin},
};

/// A token for the client itself: no refresh token, no ID token. RFC 6749 §4.4.3.
pub(super) async fn exchange(
    ctx: &Context,
    client: &Authenticated,
    params: &Params,
    origin: &Origin,
) -> Result<TokenResponse, ServiceError> {
    let now = ctx.now();
    let client = client.client();
    issue::admit(client, GrantType::ClientCredentials, Behalf::Client, now)
        .map_err(OAuthError::from)?;
    let asked = asked_scope(params.get("scope"), &client.metadata.scope)?;
    let named = scope::named(params)?;
    let model = access_model::current(ctx).await?;
    let asked = scope::Asked { scope: &asked, authorized: &[], named: &named };
    let granted = scope::grant(ctx, &model, client, access_model::client_subject(client), &asked)
        .map_err(scope::ScopeRefusal::of_client)?;
    let scope = granted.scope.clone();
    let access = mint::AccessToken::for_client(ctx, client, granted, now);
    let (access_token, expires_in) = access.finish(ctx, None, &model, origin).await?;
    Ok(TokenResponse {
        access_token,
        token_type: "Bearer",
        issued_token_type: None,
        expires_in,
        refresh_token: None,
        id_token: None,
        scope,
    })
}

/// What the client asks for must be registered; asking for nothing asks for all that is, less what
/// only a user can grant. RFC 6749 §3.3.
fn asked_scope(asked: Option<&str>, registered: &Scope) -> Result<Scope, OAuthError> {
    let Some(asked) = asked else { return Ok(of_the_client(registered)) };
    let refused = || {
        OAuthError::new(
            ErrorCode::InvalidScope,
            "scope goes beyond what the client may ask for itself",
        )
    };
    let asked = Scope::parse(asked).map_err(|_| refused())?;
    if asked.is_subset(&of_the_client(registered)) { Ok(asked) } else { Err(refused()) }
}

/// The scopes that speak of a user have no meaning for a client alone.
fn of_the_client(registered: &Scope) -> Scope {
    registered.filter(|token| !claims::is_standard_scope(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(text: &str) -> Scope {
        Scope::parse(text).unwrap()
    }

    #[test]
    fn rfc6749_section_3_3_an_omitted_scope_is_the_registered_one() {
        let registered = scope("openid offline_access notes:read notes:write");
        assert_eq!(asked_scope(None, &registered).unwrap(), scope("notes:read notes:write"));
        assert_eq!(asked_scope(Some("notes:read"), &registered).unwrap(), scope("notes:read"));
    }

    #[test]
    fn tok_07_scope_beyond_registration_is_invalid_scope() {
        for asked in ["notes:delete", "notes:read admin", "openid", "a\"b"] {
            let refused = asked_scope(Some(asked), &scope("openid notes:read")).unwrap_err();
            assert_eq!(refused.code, ErrorCode::InvalidScope, "{asked}");
        }
    }
}
