//! The refresh token grant. RFC 6749 §6, RFC 9700 §4.14.

use std::sync::Arc;

use super::{Context, ServiceError, TokenResponse, mint};
use crate::{
    identity::user::User,
    protocol::{
        client::{Client, GrantType},
        client_auth::Authenticated,
        error::{ErrorCode, OAuthError},
        grant::{Grant, RevocationReason, refresh_token::RefreshFamily},
        params::Params,
        token::refresh::{self as rules, Presented, RefreshVerdict},
    },
    service::{
        changes,
        issue::{self, Behalf},
    },
    store::{self, StoreError, Tx},
    types::{
        Scope, Timestamp,
        audit::{Action, Actor, Object, Outcome},
        origin::Origin,
    },
};

/// How a refresh ends; refusals are committed as well, since some leave a mark.
enum Ending {
    Issued(Box<Refreshed>),
    Refused(OAuthError),
    /// The family was revoked, which this node's memory has to follow before it answers.
    Revoked(OAuthError),
}

/// A refresh that was granted, and its rows written.
struct Refreshed {
    grant: Grant,
    user: User,
    scope: Scope,
    access: mint::AccessToken,
    refresh_token: String,
}

/// Uses a refresh token: one transaction, and signing after its commit.
pub(super) async fn exchange(
    ctx: &Arc<Context>,
    client: &Authenticated,
    params: &Params,
    origin: &Origin,
) -> Result<TokenResponse, ServiceError> {
    let text = params
        .get("refresh_token")
        .ok_or_else(|| OAuthError::new(ErrorCode::InvalidRequest, "refresh_token is missing"))?;
    let narrowed = params.get("scope").map(Scope::parse).transpose().map_err(|_| beyond_grant())?;
    let presented = Presented::parse(text).ok_or_else(unknown)?;
    let (context, client_, origin) = (Arc::clone(ctx), client.shared(), origin.clone());
    let ending = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                let refresh = Refresh { ctx: &context, client: &client_, origin: &origin };
                refresh.run(tx, &presented, narrowed).await
            })
        })
        .await?;
    match ending {
        Ending::Issued(refreshed) => respond(ctx, client.client(), *refreshed).await,
        Ending::Refused(error) => Err(error.into()),
        Ending::Revoked(error) => {
            changes::follow(ctx).await?;
            Err(error.into())
        }
    }
}

fn unknown() -> OAuthError {
    OAuthError::new(
        ErrorCode::InvalidGrant,
        "the refresh token is unknown, expired, revoked, or was issued to another client",
    )
}

fn beyond_grant() -> OAuthError {
    OAuthError::new(ErrorCode::InvalidScope, "scope goes beyond what was granted")
}

/// One refresh by one client.
struct Refresh<'a> {
    ctx: &'a Context,
    client: &'a Client,
    origin: &'a Origin,
}

impl Refresh<'_> {
    /// Loads, decides, persists. What another client presents, or what fails the MAC, changes nothing.
    async fn run(
        &self,
        tx: &mut Tx<'_>,
        presented: &Presented,
        narrowed: Option<Scope>,
    ) -> Result<Ending, StoreError> {
        let now = self.ctx.now();
        let Some((family, grant)) = store::refresh_family::find(tx, presented.family_id()).await?
        else {
            return Ok(Ending::Refused(unknown()));
        };
        let is_ours = family.client_id == self.client.id
            && presented.is_genuine(&self.ctx.vault.refresh_tokens, &family);
        if !is_ours {
            return Ok(Ending::Refused(unknown()));
        }
        let user = store::user::find(tx, grant.user_id).await?;
        let session = store::session::find(tx, grant.session_id).await?;
        let behalf =
            Behalf::User { grant: Some(&grant), user: user.as_ref(), session: session.as_ref() };
        if let Err(refusal) = issue::admit(self.client, GrantType::RefreshToken, behalf, now) {
            return Ok(Ending::Refused(refusal.into()));
        }
        let Some(user) = user else { return Ok(Ending::Refused(unknown())) };
        let scope = narrowed.unwrap_or_else(|| grant.scope.clone());
        if !scope.is_subset(&grant.scope) {
            return Ok(Ending::Refused(beyond_grant()));
        }
        match self.advance(tx, presented, &family, now).await? {
            Ok(generation) => {
                let refresh_token =
                    rules::mint(&self.ctx.vault.refresh_tokens, &family, generation);
                let access =
                    mint::AccessToken::for_grant(self.ctx, self.client, &grant, scope.clone(), now);
                if let Some(record) = access.record() {
                    store::access_token::insert(tx, &record).await?;
                }
                Ok(Ending::Issued(Box::new(Refreshed { grant, user, scope, access, refresh_token })))
            }
            Err(ending) => Ok(ending),
        }
    }

    /// Which generation the client gets next: the table of refresh rules, carried out.
    async fn advance(
        &self,
        tx: &mut Tx<'_>,
        presented: &Presented,
        family: &RefreshFamily,
        now: Timestamp,
    ) -> Result<Result<u64, Ending>, StoreError> {
        let policy = self.ctx.policy.refresh_policy(self.client);
        let generation = presented.generation();
        let idle_expires_at = now.plus(policy.idle_lifetime).min(family.absolute_expires_at);
        match rules::judge(generation, family, &policy, now) {
            RefreshVerdict::NoRotation => {
                let touched = store::refresh_family::touch(tx, family.id, now, idle_expires_at);
                Ok(if touched.await? { Ok(generation) } else { Err(Ending::Refused(unknown())) })
            }
            RefreshVerdict::Rotate => {
                let rotated =
                    store::refresh_family::rotate(tx, family.id, generation, now, idle_expires_at);
                if let Some(rotated) = rotated.await? {
                    return Ok(Ok(rotated.taken().generation));
                }
                // Another node rotated it in between: this is then a retry within the window.
                self.retry(tx, family, generation, policy.retry_limit, now).await
            }
            RefreshVerdict::Reissue => {
                self.retry(tx, family, generation, policy.retry_limit, now).await
            }
            RefreshVerdict::RetriesSpent => {
                self.note(tx, family, Action::RefreshRetriesSpent);
                Ok(Err(Ending::Refused(unknown())))
            }
            RefreshVerdict::FromFuture => {
                self.note(tx, family, Action::RefreshFromFuture);
                Ok(Err(Ending::Refused(unknown())))
            }
            RefreshVerdict::Reuse => {
                if store::grant::revoke(tx, family.grant_id, RevocationReason::RefreshReuse, now)
                    .await?
                {
                    self.note(tx, family, Action::RefreshReused);
                }
                Ok(Err(Ending::Revoked(unknown())))
            }
            RefreshVerdict::Expired | RefreshVerdict::Revoked => {
                Ok(Err(Ending::Refused(unknown())))
            }
        }
    }

    /// The predecessor within the window yields the same successor again, a bounded number of times.
    async fn retry(
        &self,
        tx: &mut Tx<'_>,
        family: &RefreshFamily,
        presented: u64,
        limit: u32,
        now: Timestamp,
    ) -> Result<Result<u64, Ending>, StoreError> {
        let successor = presented.saturating_add(1);
        if store::refresh_family::count_retry(tx, family.id, successor, limit, now).await? {
            return Ok(Ok(successor));
        }
        self.note(tx, family, Action::RefreshRetriesSpent);
        Ok(Err(Ending::Refused(unknown())))
    }

    fn note(&self, tx: &mut Tx<'_>, family: &RefreshFamily, action: Action) {
        let actor = Actor::Client(family.client_id.clone());
        let object = Object::Grant(family.grant_id);
        let event = self.ctx.event(actor, action, object, Outcome::Refused, self.origin);
        store::audit_event::append(tx, event);
    }
}

/// Signs what was granted. An ID token comes only with `openid`, and repeats the authentication it
/// began with (OIDC Core §12.2).
async fn respond(
    ctx: &Context,
    client: &Client,
    refreshed: Refreshed,
) -> Result<TokenResponse, ServiceError> {
    let Refreshed { grant, user, scope, access, refresh_token } = refreshed;
    let (access_token, expires_in) = access.finish_for(ctx, &user).await?;
    let id_token = if scope.contains("openid") {
        Some(mint::id_token(ctx, client, &grant, &user, None, &access_token).await?)
    } else {
        None
    };
    Ok(TokenResponse {
        access_token,
        token_type: "Bearer",
        expires_in,
        refresh_token: Some(refresh_token),
        id_token,
        scope,
    })
}
