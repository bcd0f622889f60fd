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
        audit_log, grants,
        issue::{self, Behalf},
        recent::{self, LOOKS, Look},
    },
    store::{self, StoreError, behind::Behind, refresh_family::FamilyUse},
    types::{
        FamilyId, ResourceUri, Scope, Secret, Timestamp,
        audit::{Action, Actor, AuditEvent, Object, Outcome},
        origin::Origin,
    },
};

/// What is decided about a refresh, before anything is written.
enum Decision {
    /// The family is to be used like this, and gives these.
    Use(FamilyUse, Box<Refreshed>),
    /// The family is not to be used; some refusals leave a mark.
    Refuse(RefreshRefusal),
    /// Nothing is given, for another reason.
    RefuseGrant(OAuthError),
}

/// What a refresh gives.
struct Refreshed {
    grant: Arc<Grant>,
    user: Arc<User>,
    scope: Scope,
    access: mint::AccessToken,
    refresh_token: Secret<String>,
}

/// Uses a refresh token: what is remembered or read is judged, then one conditional statement uses the family,
/// and the tokens are made after its commit.
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
    let client = client.client();
    let narrowed = narrowed.as_ref();
    let refresh = Refresh { ctx, client, model: &model, named: &named, narrowed, origin };
    let refreshed = refresh.run(&presented).await?;
    respond(ctx, client, refreshed, &model, origin).await
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
    model: &'a AccessModel,
    named: &'a [ResourceUri],
    narrowed: Option<&'a Scope>,
    origin: &'a Origin,
}

impl Refresh<'_> {
    /// Loads, decides, persists. What another client presents, or what fails the MAC, changes nothing.
    /// Where the conditional statement declines, another node was faster: what is true by now is judged
    /// again.
    async fn run(&self, presented: &PresentedRefreshToken) -> Result<Refreshed, ServiceError> {
        for look in LOOKS {
            let (family, behind) = match self.find(presented.family(), look).await? {
                Some(found) => found,
                None if look == Look::Memory => continue,
                None => break,
            };
            match (self.decide(presented, &family, behind), look) {
                // A retry within the grace is for the database to count.
                (
                    Decision::Refuse(_)
                    | Decision::RefuseGrant(_)
                    | Decision::Use(FamilyUse::CountRetry { .. }, _),
                    Look::Memory,
                ) => {}
                (Decision::Use(how, refreshed), _) => {
                    let epoch = self.ctx.caches.epoch();
                    let now = self.ctx.now();
                    if self.write(family.id, how, now).await? {
                        if let Some(family) = rotated(family, how, now) {
                            recent::keep_family(self.ctx, family, &refreshed.grant, epoch);
                        }
                        return Ok(*refreshed);
                    }
                }
                (Decision::Refuse(refusal), Look::Database) => {
                    self.mark(&family, refusal).await?;
                    return Err(OAuthError::from(refusal).into());
                }
                (Decision::RefuseGrant(error), Look::Database) => return Err(error.into()),
            }
        }
        Err(unknown().into())
    }

    /// The family and what stands behind it.
    async fn find(
        &self,
        id: FamilyId,
        look: Look,
    ) -> Result<Option<(RefreshFamily, Behind)>, ServiceError> {
        match look {
            Look::Memory => recent::take_family(self.ctx, id).await,
            Look::Database => {
                let mut reader = self.ctx.db.reader().await?;
                Ok(store::refresh_family::find(&mut reader.conn(), id).await?)
            }
        }
    }

    /// What comes of a refresh: the MAC, the choke point, the roles of this moment, and the table of
    /// refresh rules.
    fn decide(
        &self,
        presented: &PresentedRefreshToken,
        family: &RefreshFamily,
        behind: Behind,
    ) -> Decision {
        let (ctx, client, now) = (self.ctx, self.client, self.ctx.now());
        let Some(proven) = presented.prove(&ctx.vault.refresh_tokens, family) else {
            return Decision::RefuseGrant(unknown());
        };
        if family.client_id != client.id {
            return Decision::Refuse(RefreshRefusal::OtherClient);
        }
        let Behind { grant, user, session } = behind;
        let behalf =
            Behalf::User { grant: Some(&grant), user: Some(&user), session: session.as_ref() };
        if let Err(refusal) = issue::admit(client, GrantType::RefreshToken, behalf, now) {
            return Decision::RefuseGrant(refusal.into());
        }
        let scope = self.narrowed.unwrap_or(&grant.scope);
        if !scope.is_subset(&grant.scope) {
            return Decision::RefuseGrant(beyond_grant());
        }
        // A role that was taken away is gone from this token; one that was given since adds nothing
        // to what the user allowed.
        let asked = Asked { scope, authorized: &grant.resource, named: self.named };
        let subject = access_model::user_subject(&user);
        let granted = match scope::grant(ctx, self.model, client, subject, &asked) {
            Ok(granted) => granted,
            Err(refusal) => return Decision::RefuseGrant(refusal.of_grant()),
        };
        let (how, generation) = match self.judge(family, proven, now) {
            Ok(judged) => judged,
            Err(refusal) => return Decision::Refuse(refusal),
        };
        let refresh_token = rules::mint(&ctx.vault.refresh_tokens, family, generation);
        let scope = granted.scope.clone();
        let access = mint::AccessToken::for_grant(ctx, client, &grant, granted, now);
        Decision::Use(how, Box::new(Refreshed { grant, user, scope, access, refresh_token }))
    }

    /// How the family is used, and which generation the client gets next.
    fn judge(
        &self,
        family: &RefreshFamily,
        presented: ProvenGeneration,
        now: Timestamp,
    ) -> Result<(FamilyUse, u64), RefreshRefusal> {
        let policy = self.ctx.policy.refresh_policy(self.client);
        let idle_expires_at = policy.idle_until(family.absolute_expires_at, now);
        let epoch = self.ctx.epoch.get();
        let judged = rules::judge(family, presented, &self.client.id, policy, epoch, now)?;
        Ok(match judged {
            RefreshUse::Keep => (FamilyUse::Touch { idle_expires_at }, family.generation),
            RefreshUse::Rotate { from, to } => (FamilyUse::Rotate { from, idle_expires_at }, to),
            RefreshUse::Reissue { current } => {
                let limit = policy.max_retries;
                (FamilyUse::CountRetry { generation: current, limit }, current)
            }
        })
    }

    /// Uses the family; `false` when it is not any more what was judged.
    async fn write(
        &self,
        id: FamilyId,
        how: FamilyUse,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let used = self.ctx.db.write_plain(move |tx| {
            Box::pin(async move { store::refresh_family::carry_out(tx, id, how, now).await })
        });
        used.await
    }

    /// Leaves the mark that a refusal leaves: most leave none.
    async fn mark(
        &self,
        family: &RefreshFamily,
        refusal: RefreshRefusal,
    ) -> Result<(), ServiceError> {
        match refusal {
            RefreshRefusal::OtherClient
            | RefreshRefusal::Revoked
            | RefreshRefusal::Expired
            | RefreshRefusal::BeforeEpoch => Ok(()),
            RefreshRefusal::RetriesSpent => {
                audit_log::append(self.ctx, self.event(family, Action::RefreshRetriesSpent)).await
            }
            RefreshRefusal::FromFuture => {
                audit_log::append(self.ctx, self.event(family, Action::RefreshFromFuture)).await
            }
            RefreshRefusal::Reuse => {
                let event = self.event(family, Action::RefreshReused);
                let reason = RevocationReason::RefreshReuse;
                grants::revoke_for(self.ctx, family.grant_id, reason, event).await.map(|_| ())
            }
        }
    }

    fn event(&self, family: &RefreshFamily, action: Action) -> AuditEvent {
        let actor = Actor::Client(family.client_id.clone());
        let object = Object::Grant(family.grant_id);
        self.ctx.event(actor, action, object, Outcome::Refused, self.origin)
    }
}

/// The family as a use leaves it; a retry is for the database alone to count.
fn rotated(family: RefreshFamily, how: FamilyUse, now: Timestamp) -> Option<RefreshFamily> {
    match how {
        FamilyUse::Touch { idle_expires_at } => Some(RefreshFamily { idle_expires_at, ..family }),
        FamilyUse::Rotate { from, idle_expires_at } => Some(RefreshFamily {
            generation: from.saturating_add(1),
            rotated_at: now,
            retries: 0,
            idle_expires_at,
            ..family
        }),
        FamilyUse::CountRetry { .. } => None,
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
