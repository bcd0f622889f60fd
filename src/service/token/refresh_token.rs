//! The refresh token grant. RFC 6749 §6, RFC 9700 §4.14.

use std::sync::Arc;

use super::{
    Context, ServiceError, TokenResponse, mint,
    scope::{self, Asked},
};
use crate::{
    identity::user::User,
    protocol::{
        client::{Client, GrantType},
        client_auth::Authenticated,
        error::{ErrorCode, OAuthError},
        grant::{Grant, RevocationReason, refresh_token::RefreshFamily},
        params::Params,
        token::refresh::{
            self as rules, PresentedRefreshToken, ProvenGeneration, RefreshRefusal, RefreshUse,
        },
    },
    service::{
        access_model::{self, AccessModel},
        changes,
        issue::{self, Behalf},
    },
    store::{self, StoreError, Tx},
    types::{
        ResourceUri, Scope, Secret, Timestamp,
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
    refresh_token: Secret<String>,
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
    let named = scope::named(params)?;
    let presented = PresentedRefreshToken::parse(text).ok_or_else(unknown)?;
    let model = access_model::current(ctx).await?;
    let (context, client_) = (Arc::clone(ctx), Arc::clone(client.client()));
    let (model_, origin_) = (Arc::clone(&model), origin.clone());
    let ending = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                let (ctx, client, origin) = (&*context, &*client_, &origin_);
                let refresh = Refresh { ctx, client, model: &model_, named: &named, origin };
                refresh.run(tx, &presented, narrowed).await
            })
        })
        .await?;
    match ending {
        Ending::Issued(refreshed) => {
            respond(ctx, client.client(), *refreshed, &model, origin).await
        }
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

/// Tries at the conditional statement: only another rotation in between makes a second one necessary.
const TRIES: usize = 4;

/// One refresh by one client.
struct Refresh<'a> {
    ctx: &'a Context,
    client: &'a Client,
    model: &'a AccessModel,
    named: &'a [ResourceUri],
    origin: &'a Origin,
}

impl Refresh<'_> {
    /// Loads, decides, persists. What another client presents, or what fails the MAC, changes nothing.
    async fn run(
        &self,
        tx: &mut Tx<'_>,
        presented: &PresentedRefreshToken,
        narrowed: Option<Scope>,
    ) -> Result<Ending, StoreError> {
        let now = self.ctx.now();
        let Some((mut family, grant)) = store::refresh_family::find(tx, presented.family()).await?
        else {
            return Ok(Ending::Refused(unknown()));
        };
        let Some(generation) = presented.prove(&self.ctx.vault.refresh_tokens, &family) else {
            return Ok(Ending::Refused(unknown()));
        };
        if family.client_id != self.client.id {
            return Ok(Ending::Refused(RefreshRefusal::OtherClient.into()));
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
        // A role that was taken away is gone from this token; one that was given since adds nothing
        // to what the user allowed.
        let asked = Asked { scope: &scope, authorized: &grant.resource, named: self.named };
        let subject = access_model::user_subject(&user);
        let granted = match scope::grant(self.ctx, self.model, self.client, subject, &asked) {
            Ok(granted) => granted,
            Err(refusal) => return Ok(Ending::Refused(refusal.of_grant())),
        };
        let scope = granted.scope.clone();
        match self.advance(tx, generation, &mut family, now).await? {
            Ok(generation) => {
                let refresh_token =
                    rules::mint(&self.ctx.vault.refresh_tokens, &family, generation);
                let access =
                    mint::AccessToken::for_grant(self.ctx, self.client, &grant, granted, now);
                if let Some(record) = access.record() {
                    store::access_token::insert(tx, &record).await?;
                }
                Ok(Ending::Issued(Box::new(Refreshed {
                    grant,
                    user,
                    scope,
                    access,
                    refresh_token,
                })))
            }
            Err(ending) => Ok(ending),
        }
    }

    /// Which generation the client gets next: the table of refresh rules, carried out. Where the
    /// conditional statement declines, another node was faster: what is true by now is judged again.
    async fn advance(
        &self,
        tx: &mut Tx<'_>,
        presented: ProvenGeneration,
        family: &mut RefreshFamily,
        now: Timestamp,
    ) -> Result<Result<u64, Ending>, StoreError> {
        let policy = self.ctx.policy.refresh_policy(self.client);
        for _ in 0..TRIES {
            let idle_expires_at = policy.idle_until(family.absolute_expires_at, now);
            let (id, limit) = (family.id, policy.max_retries);
            let epoch = self.ctx.epoch.get();
            let (taken, generation) =
                match rules::judge(family, presented, &self.client.id, policy, epoch, now) {
                    Ok(RefreshUse::Keep) => {
                        let kept = store::refresh_family::touch(tx, id, now, idle_expires_at);
                        (kept.await?, family.generation)
                    }
                    Ok(RefreshUse::Rotate { from, to }) => {
                        let rotated =
                            store::refresh_family::rotate(tx, id, from, now, idle_expires_at);
                        (rotated.await?.is_some(), to)
                    }
                    Ok(RefreshUse::Reissue { current }) => {
                        let counted =
                            store::refresh_family::count_retry(tx, id, current, limit, now);
                        (counted.await?, current)
                    }
                    Err(refusal) => {
                        return self.refuse(tx, family, refusal, now).await.map(Err);
                    }
                };
            if taken {
                return Ok(Ok(generation));
            }
            match store::refresh_family::find(tx, id).await? {
                Some((fresh, _)) => *family = fresh,
                None => break,
            }
        }
        Ok(Err(Ending::Refused(unknown())))
    }

    /// Leaves the mark that a refusal leaves: most leave none.
    async fn refuse(
        &self,
        tx: &mut Tx<'_>,
        family: &RefreshFamily,
        refusal: RefreshRefusal,
        now: Timestamp,
    ) -> Result<Ending, StoreError> {
        match refusal {
            RefreshRefusal::OtherClient
            | RefreshRefusal::Revoked
            | RefreshRefusal::Expired
            | RefreshRefusal::BeforeEpoch => {}
            RefreshRefusal::RetriesSpent => self.note(tx, family, Action::RefreshRetriesSpent),
            RefreshRefusal::FromFuture => self.note(tx, family, Action::RefreshFromFuture),
            RefreshRefusal::Reuse => {
                let reason = RevocationReason::RefreshReuse;
                if store::grant::revoke(tx, family.grant_id, reason, now).await? {
                    self.note(tx, family, Action::RefreshReused);
                }
                return Ok(Ending::Revoked(refusal.into()));
            }
        }
        Ok(Ending::Refused(refusal.into()))
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
    model: &AccessModel,
    origin: &Origin,
) -> Result<TokenResponse, ServiceError> {
    let Refreshed { grant, user, scope, access, refresh_token } = refreshed;
    let (access_token, expires_in) = access.finish(ctx, Some(&user), model, origin).await?;
    let subject = mint::IdTokenSubject {
        client,
        grant: &grant,
        user: &user,
        nonce: None,
        scope: &scope,
        model,
        origin,
    };
    let id_token = subject.id_token(ctx, &access_token).await?;
    Ok(TokenResponse {
        access_token,
        token_type: "Bearer",
        issued_token_type: None,
        expires_in,
        refresh_token: Some(refresh_token.expose().clone()),
        id_token,
        scope,
    })
}
