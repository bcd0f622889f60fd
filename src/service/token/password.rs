//! The resource owner password credentials grant. RFC 6749 §4.3.
//!
//! An app that uses it sees the passwords of its users, which RFC 9700 §2.4 forbids. It is here for apps
//! that were built around a password form and move over one after another: behind a switch of the
//! whole server, for clients that an operator registered for it, with everything that protects the
//! sign-in page. It yields tokens of OAuth alone: nobody signed in at this server, so there is no ID
//! token, and `openid` is not granted.

use std::sync::Arc;

use super::{Context, ServiceError, TokenResponse, mint, scope};
use crate::{
    identity::{session_policy, user::User},
    protocol::{
        client::{Client, ConsentPolicy, GrantType},
        client_auth::Authenticated,
        error::{ErrorCode, OAuthError},
        grant::{Access, Grant, refresh_token::RefreshFamily},
        params::Params,
    },
    service::{
        access_model,
        issue::{self, Behalf},
        sign_in::{self, Attempt, Proven, SignInError},
    },
    store::{self, StoreError, Tx},
    types::{
        GrantId, ResourceUri, Scope, Secret, SessionId, TokenHash,
        audit::{Action, Actor, AuditEvent, Object, Outcome},
        origin::Origin,
    },
};

/// What only has a meaning where the user signed in at this server.
const SIGN_IN_SCOPE: &str = "openid";

/// Tokens for the user whose name and password the client sends.
pub(super) async fn exchange(
    ctx: &Arc<Context>,
    client: &Authenticated,
    params: &Params,
    origin: &Origin,
) -> Result<TokenResponse, ServiceError> {
    let client = client.client();
    let attempt = attempt(params)?;
    let asked = asked_scope(params.get("scope"), &client.metadata.scope)?;
    let named = scope::named(params)?;
    let proven = sign_in::by_password(ctx, attempt, origin).await.map_err(refusal)?;
    let Proven { user, clears, device: _, turn, rehash } = proven;
    if let Some(password) = rehash {
        sign_in::renew_hash(ctx, &user, password);
    }
    let model = access_model::current(ctx).await?;
    let wanted = scope::Asked { scope: &asked, authorized: &[], named: &named };
    let granted = scope::grant(ctx, &model, client, access_model::user_subject(&user), &wanted);
    let granted = match granted {
        Ok(granted) => granted,
        Err(refusal) => {
            // The password was right all the same.
            settle(ctx, user, clears).await?;
            return Err(refusal.of_user().into());
        }
    };
    let grant = grant(ctx, client, &user, granted.scope.clone(), named);
    let behalf = Behalf::User { grant: Some(&grant), user: Some(&user), session: None };
    issue::admit(client, GrantType::Password, behalf, ctx.now()).map_err(OAuthError::from)?;
    let (actor, object) = (Actor::User(user.id), Object::Client(client.id.clone()));
    let event = ctx.event(actor, Action::PasswordGranted, object, Outcome::Success, origin);
    let tokens = mint::NewTokens::for_grant(ctx, client, &grant, granted, ctx.now());
    let family = tokens.family();
    let consent = client.metadata.consent;
    let granting = Granting { user: user.clone(), clears, grant, consent, family, event };
    let is_written =
        ctx.db.write(move |tx| Box::pin(async move { granting.write(tx).await })).await?;
    drop(turn);
    if !is_written {
        return Err(wrong().into());
    }
    let mint::NewTokens { scope, access, refresh } = tokens;
    let (access_token, expires_in) = access.finish(ctx, Some(&user), &model, origin).await?;
    Ok(TokenResponse {
        access_token,
        token_type: "Bearer",
        issued_token_type: None,
        expires_in,
        refresh_token: refresh.map(|(_, text)| text.expose().clone()),
        id_token: None,
        scope,
    })
}

async fn settle(ctx: &Context, user: User, clears: Vec<TokenHash>) -> Result<bool, StoreError> {
    let settled =
        ctx.db.write(move |tx| Box::pin(async move { sign_in::settle(tx, &user, &clears).await }));
    settled.await
}

/// The parameters of RFC 6749 §4.3.2.
fn attempt(params: &Params) -> Result<Attempt, OAuthError> {
    let missing = |description| move || OAuthError::new(ErrorCode::InvalidRequest, description);
    let username = params.get("username").ok_or_else(missing("username is missing"))?;
    let password = params.get("password").ok_or_else(missing("password is missing"))?;
    Ok(Attempt {
        username: username.to_owned(),
        password: Secret::new(password.to_owned()),
        // No browser, so none that is known.
        device: None,
    })
}

/// What the client asks for must be registered; asking for nothing asks for all that is, less refresh
/// tokens, which are asked for by name. RFC 6749 §3.3.
fn asked_scope(asked: Option<&str>, registered: &Scope) -> Result<Scope, OAuthError> {
    let Some(asked) = asked else {
        return Ok(registered.filter(|token| token != SIGN_IN_SCOPE && token != "offline_access"));
    };
    let beyond = || {
        OAuthError::new(ErrorCode::InvalidScope, "scope goes beyond what the client may ask for")
    };
    let asked = Scope::parse(asked).map_err(|_| beyond())?;
    if !asked.is_subset(registered) {
        return Err(beyond());
    }
    Ok(asked.filter(|token| token != SIGN_IN_SCOPE))
}

/// One answer for every way in which a name and a password can be wrong. RFC 6749 §5.2.
fn wrong() -> OAuthError {
    OAuthError::new(ErrorCode::InvalidGrant, "the name or the password is wrong")
}

fn refusal(error: SignInError) -> ServiceError {
    match error {
        SignInError::Failed | SignInError::TooLong => wrong().into(),
        SignInError::Wait(wait) => ServiceError::Wait(wait),
        SignInError::Service(error) => error,
    }
}

/// A grant that hangs from no browser session: the id that stands in its place is nobody's.
fn grant(
    ctx: &Context,
    client: &Client,
    user: &User,
    scope: Scope,
    resource: Vec<ResourceUri>,
) -> Grant {
    let now = ctx.now();
    Grant {
        id: GrantId::new(now, ctx.random()),
        user_id: user.id,
        client_id: client.id.clone(),
        session_id: SessionId::new(now, ctx.random()),
        scope,
        resource,
        claims: None,
        authentication: session_policy::by_password(now),
        access: Access::Offline,
        created_at: now,
        revoked: None,
    }
}

/// Everything that a grant by password writes.
struct Granting {
    user: User,
    clears: Vec<TokenHash>,
    grant: Grant,
    consent: ConsentPolicy,
    family: Option<RefreshFamily>,
    event: AuditEvent,
}

impl Granting {
    /// `false`, and nothing is written, when the password was changed while it was checked.
    async fn write(self, tx: &mut Tx<'_>) -> Result<bool, StoreError> {
        if !sign_in::settle(tx, &self.user, &self.clears).await? {
            return Ok(false);
        }
        let grant = &self.grant;
        match self.consent {
            // Who types the password into an app allows it what it asks for; it stands on the account page,
            // where it can be taken back.
            ConsentPolicy::Ask => {
                let (user, client) = (grant.user_id, &grant.client_id);
                store::consent::widen(tx, user, client, &grant.scope, &[], grant.created_at)
                    .await?;
            }
            ConsentPolicy::Implied => {}
        }
        store::grant::insert(tx, grant).await?;
        if let Some(family) = &self.family {
            store::refresh_family::insert(tx, family).await?;
        }
        store::audit_event::append(tx, self.event);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(text: &str) -> Scope {
        Scope::parse(text).unwrap()
    }

    #[test]
    fn rfc6749_section_3_3_an_omitted_scope_is_the_registered_one_without_refresh_tokens() {
        let registered = scope("openid profile offline_access notes:read");
        assert_eq!(asked_scope(None, &registered).unwrap(), scope("profile notes:read"));
    }

    #[test]
    fn nobody_signed_in_here_so_openid_is_not_granted() {
        let registered = scope("openid offline_access notes:read");
        let asked = asked_scope(Some("openid offline_access"), &registered).unwrap();
        assert_eq!(asked, scope("offline_access"));
    }

    #[test]
    fn tok_07_scope_beyond_registration_is_invalid_scope() {
        for asked in ["notes:delete", "notes:read admin", "openid", "a\"b"] {
            let refused = asked_scope(Some(asked), &scope("notes:read")).unwrap_err();
            assert_eq!(refused.code, ErrorCode::InvalidScope, "{asked}");
        }
    }
}
