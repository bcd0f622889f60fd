//! The authorization code grant at the token endpoint. RFC 6749 §4.1.3, RFC 7636 §4.5.

use std::sync::Arc;

use super::{
    Context, ServiceError, TokenResponse, mint,
    scope::{self, Asked, Granted, ScopeRefusal},
};
use crate::{
    identity::user::User,
    protocol::{
        authorize::pkce::VerifierError,
        client::{Client, GrantType},
        client_auth::Authenticated,
        error::{ErrorCode, OAuthError},
        grant::{
            Grant, RevocationReason,
            authorization_code::{self as rules, AuthorizationCode, CodeRefusal, Redemption},
        },
        params::Params,
    },
    service::{
        access_model::{self, AccessModel},
        changes,
        issue::{self, Behalf},
    },
    store::{self, StoreError, Tx},
    types::{
        ResourceUri, Scope, Secret, TokenHash,
        audit::{Action, Actor, Object, Outcome},
        origin::Origin,
        token::TokenKind,
    },
};

/// What a client presents, with everything in it that can be checked without the database.
struct Presented {
    client: Arc<Client>,
    hash: TokenHash,
    redirect_uri: Option<String>,
    code_verifier: Option<Secret<String>>,
    resource: Vec<ResourceUri>,
}

/// How a redemption ends: both ends are committed, since a refusal can leave a mark.
enum Ending {
    Issued(Box<Redeemed>),
    Refused(OAuthError),
    /// The grant was revoked as well, which this node's memory has to follow before it answers.
    Revoked(OAuthError),
}

/// What was redeemed, and the tokens' rows that were written with it.
struct Redeemed {
    code: AuthorizationCode,
    grant: Grant,
    user: User,
    scope: Scope,
    access: mint::AccessToken,
    refresh_token: Option<Secret<String>>,
}

/// Redeems a code: one transaction, and signing after its commit.
pub(super) async fn exchange(
    ctx: &Arc<Context>,
    client: &Authenticated,
    params: &Params,
    origin: &Origin,
) -> Result<TokenResponse, ServiceError> {
    let presented = present(client, params)?;
    let model = access_model::current(ctx).await?;
    let (context, origin_, model_) = (Arc::clone(ctx), origin.clone(), Arc::clone(&model));
    let ending = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                let exchange = Exchange { ctx: &context, model: &model_, origin: &origin_ };
                exchange.redeem(tx, presented).await
            })
        })
        .await?;
    match ending {
        Ending::Issued(redeemed) => respond(ctx, client.client(), *redeemed, &model, origin).await,
        Ending::Refused(error) => Err(error.into()),
        Ending::Revoked(error) => {
            changes::follow(ctx).await?;
            Err(error.into())
        }
    }
}

/// The parameters of RFC 6749 §4.1.3 and RFC 7636 §4.5.
fn present(client: &Authenticated, params: &Params) -> Result<Presented, OAuthError> {
    let code = params
        .get("code")
        .ok_or_else(|| OAuthError::new(ErrorCode::InvalidRequest, "code is missing"))?;
    // What cannot be a code is not even looked up.
    let hash = TokenKind::AuthorizationCode
        .recognise(code)
        .ok_or(CodeRefusal::Unknown)
        .map_err(OAuthError::from)?;
    Ok(Presented {
        client: Arc::clone(client.client()),
        hash,
        redirect_uri: params.get("redirect_uri").map(str::to_owned),
        code_verifier: params.get("code_verifier").map(|text| Secret::new(text.to_owned())),
        resource: scope::named(params)?,
    })
}

/// One exchange of a code.
struct Exchange<'a> {
    ctx: &'a Context,
    model: &'a AccessModel,
    origin: &'a Origin,
}

impl Exchange<'_> {
    /// Loads, decides, persists; the code itself is used up by one conditional statement.
    async fn redeem(&self, tx: &mut Tx<'_>, presented: Presented) -> Result<Ending, StoreError> {
        let (ctx, now) = (self.ctx, self.ctx.now());
        let Some((code, grant)) = store::authorization_code::find(tx, &presented.hash).await?
        else {
            return Ok(Ending::Refused(CodeRefusal::Unknown.into()));
        };
        match rules::check(&code, &presented.redemption(), now) {
            Ok(()) => {}
            Err(refusal @ CodeRefusal::Reused) => {
                return revoke(ctx, tx, &code, refusal, self.origin).await;
            }
            Err(refusal @ CodeRefusal::Verifier(VerifierError::Wrong)) => {
                store::authorization_code::record_failure(tx, &code.hash, now).await?;
                return Ok(Ending::Refused(refusal.into()));
            }
            Err(refusal) => return Ok(Ending::Refused(refusal.into())),
        }
        let client = &presented.client;
        let user = store::user::find(tx, grant.user_id).await?;
        let session = store::session::find(tx, grant.session_id).await?;
        let behalf =
            Behalf::User { grant: Some(&grant), user: user.as_ref(), session: session.as_ref() };
        if let Err(refusal) = issue::admit(client, GrantType::AuthorizationCode, behalf, now) {
            return Ok(Ending::Refused(refusal.into()));
        }
        let Some(user) = user else { return Ok(Ending::Refused(CodeRefusal::Unknown.into())) };
        // A role can have been taken away since the user said yes.
        let granted = match self.granted(client, &grant, &user, &presented.resource) {
            Ok(granted) => granted,
            Err(refusal) => return Ok(Ending::Refused(refusal.of_grant())),
        };
        // Another redemption can have come in between on another node: this one is then the replay.
        let Some(redeemed) = store::authorization_code::redeem(tx, &code.hash, now).await? else {
            return revoke(ctx, tx, &code, CodeRefusal::Reused, self.origin).await;
        };
        let (code, scope) = (redeemed.into_taken(), granted.scope.clone());
        let (access, refresh_token) = mint::write(ctx, tx, client, &grant, granted).await?;
        let redeemed = Redeemed { code, grant, user, scope, access, refresh_token };
        Ok(Ending::Issued(Box::new(redeemed)))
    }

    fn granted(
        &self,
        client: &Client,
        grant: &Grant,
        user: &User,
        named: &[ResourceUri],
    ) -> Result<Granted, ScopeRefusal> {
        let asked = Asked { scope: &grant.scope, authorized: &grant.resource, named };
        scope::grant(self.ctx, self.model, client, access_model::user_subject(user), &asked)
    }
}

impl Presented {
    fn redemption(&self) -> Redemption<'_> {
        Redemption {
            client_id: &self.client.id,
            redirect_uri: self.redirect_uri.as_deref(),
            code_verifier: self.code_verifier.as_ref().map(|text| text.expose().as_str()),
        }
    }
}

/// A valid second redemption ends the whole grant. RFC 6749 §4.1.2, RFC 9700 §4.2.4.
async fn revoke(
    ctx: &Context,
    tx: &mut Tx<'_>,
    code: &AuthorizationCode,
    refusal: CodeRefusal,
    origin: &Origin,
) -> Result<Ending, StoreError> {
    let reason = RevocationReason::CodeReuse;
    if store::grant::revoke(tx, code.grant_id, reason, ctx.now()).await? {
        let actor = Actor::Client(code.client_id.clone());
        let object = Object::Grant(code.grant_id);
        let event = ctx.event(actor, Action::CodeReused, object, Outcome::Refused, origin);
        store::audit_event::append(tx, event);
    }
    Ok(Ending::Revoked(refusal.into()))
}

/// Signs what was granted. Nothing here is reached before the commit.
async fn respond(
    ctx: &Context,
    client: &Client,
    redeemed: Redeemed,
    model: &AccessModel,
    origin: &Origin,
) -> Result<TokenResponse, ServiceError> {
    let Redeemed { code, grant, user, scope, access, refresh_token } = redeemed;
    let (access_token, expires_in) = access.finish(ctx, Some(&user), model, origin).await?;
    let subject = mint::IdTokenSubject {
        client,
        grant: &grant,
        user: &user,
        nonce: code.nonce.as_deref(),
        scope: &scope,
        model,
        origin,
    };
    let id_token = subject.id_token(ctx, &access_token).await?;
    Ok(TokenResponse {
        access_token,
        token_type: "Bearer",
        expires_in,
        refresh_token: refresh_token.map(|text| text.expose().clone()),
        id_token,
        scope,
    })
}
