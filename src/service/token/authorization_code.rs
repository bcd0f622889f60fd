//! The authorization code grant at the token endpoint. RFC 6749 §4.1.3, RFC 7636 §4.5.

use std::sync::Arc;

use super::{
    Context, ServiceError, TokenResponse, mint,
    scope::{self, Asked},
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
        grants,
        issue::{self, Behalf},
        recent::{self, LOOKS, Look},
    },
    store::{self, StoreError, behind::Behind},
    types::{
        ResourceUri, Secret, TokenHash,
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

/// What is decided about a redemption, before anything is written.
enum Decision {
    /// The code is to be redeemed for these.
    Redeem(Box<mint::NewTokens>),
    /// Nothing is given; a wrong verifier is counted.
    Refuse(CodeRefusal),
    /// Nothing is given, for another reason.
    RefuseGrant(OAuthError),
}

/// What was redeemed, and for what.
struct Redeemed {
    code: AuthorizationCode,
    grant: Arc<Grant>,
    user: Arc<User>,
    tokens: mint::NewTokens,
}

/// Redeems a code: what is remembered or read is judged, then the code is used up and its refresh token is
/// written by one conditional statement, and the tokens are made after its commit.
pub(super) async fn exchange(
    ctx: &Arc<Context>,
    client: &Authenticated,
    params: &Params,
    origin: &Origin,
) -> Result<TokenResponse, ServiceError> {
    let presented = present(client, params)?;
    let model = access_model::current(ctx).await?;
    // Where the statement declines, something came in between, most likely another redemption, of which
    // this one is then the replay: what is true by now is judged again.
    for look in LOOKS {
        let (code, behind) = match find(ctx, &presented.hash, look).await? {
            Some(found) => found,
            None if look == Look::Memory => continue,
            None => break,
        };
        match (decide(ctx, &model, &presented, &code, &behind), look) {
            (Decision::Redeem(tokens), _) => {
                let epoch = ctx.caches.epoch();
                if redeem(ctx, &code, &tokens).await? {
                    let Behind { grant, user, session: _ } = behind;
                    if let Some((family, _)) = &tokens.refresh {
                        recent::keep_family(ctx, family.clone(), &grant, epoch);
                    }
                    let redeemed = Redeemed { code, grant, user, tokens: *tokens };
                    return respond(ctx, client.client(), redeemed, &model, origin).await;
                }
            }
            (Decision::Refuse(_) | Decision::RefuseGrant(_), Look::Memory) => {}
            (Decision::Refuse(refusal @ CodeRefusal::Reused), Look::Database) => {
                return Err(revoke(ctx, code, refusal, origin).await?.into());
            }
            (Decision::Refuse(refusal), Look::Database) => {
                record(ctx, &code, &refusal).await?;
                return Err(OAuthError::from(refusal).into());
            }
            (Decision::RefuseGrant(error), Look::Database) => return Err(error.into()),
        }
    }
    Err(OAuthError::from(CodeRefusal::Unknown).into())
}

/// The code and what stands behind it.
async fn find(
    ctx: &Context,
    hash: &TokenHash,
    look: Look,
) -> Result<Option<(AuthorizationCode, Behind)>, ServiceError> {
    match look {
        Look::Memory => recent::take_code(ctx, hash).await,
        Look::Database => {
            let mut reader = ctx.db.reader().await?;
            Ok(store::authorization_code::find(&mut reader.conn(), hash).await?)
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

impl Presented {
    fn redemption(&self) -> Redemption<'_> {
        Redemption {
            client_id: &self.client.id,
            registered: &self.client.metadata.redirect_uris,
            redirect_uri: self.redirect_uri.as_deref(),
            code_verifier: self.code_verifier.as_ref().map(|text| text.expose().as_str()),
        }
    }
}

/// What comes of a redemption: the rules of the code, the choke point, and the roles of this moment.
fn decide(
    ctx: &Context,
    model: &AccessModel,
    presented: &Presented,
    code: &AuthorizationCode,
    behind: &Behind,
) -> Decision {
    let (client, now) = (&*presented.client, ctx.now());
    if let Err(refusal) = rules::check(code, &presented.redemption(), now) {
        return Decision::Refuse(refusal);
    }
    let Behind { grant, user, session } = behind;
    let behalf = Behalf::User { grant: Some(grant), user: Some(user), session: session.as_ref() };
    if let Err(refusal) = issue::admit(client, GrantType::AuthorizationCode, behalf, now) {
        return Decision::RefuseGrant(refusal.into());
    }
    // A role can have been taken away since the user said yes.
    let named = &presented.resource;
    let asked = Asked { scope: &grant.scope, authorized: &grant.resource, named };
    let subject = access_model::user_subject(user);
    match scope::grant(ctx, model, client, subject, &asked) {
        Ok(granted) => {
            let tokens = mint::NewTokens::for_grant(ctx, client, grant, granted, now);
            Decision::Redeem(Box::new(tokens))
        }
        Err(refusal) => Decision::RefuseGrant(refusal.of_grant()),
    }
}

/// Uses the code up and writes the family of its refresh token. `false` when the code was used up before.
async fn redeem(
    ctx: &Context,
    code: &AuthorizationCode,
    tokens: &mint::NewTokens,
) -> Result<bool, StoreError> {
    let (hash, now) = (code.hash, ctx.now());
    let family = tokens.family();
    let redeemed = ctx.db.write_plain(move |tx| {
        Box::pin(async move {
            store::authorization_code::exchange(tx, &hash, now, family.as_ref()).await
        })
    });
    Ok(redeemed.await?.is_some())
}

/// A wrong verifier is counted: after a few, the code is dead. RFC 7636 §4.6.
async fn record(
    ctx: &Context,
    code: &AuthorizationCode,
    refusal: &CodeRefusal,
) -> Result<(), StoreError> {
    if matches!(refusal, CodeRefusal::Verifier(VerifierError::Wrong)) {
        let (hash, now) = (code.hash, ctx.now());
        let counted = ctx.db.write_plain(move |tx| {
            Box::pin(async move { store::authorization_code::record_failure(tx, &hash, now).await })
        });
        counted.await?;
    }
    Ok(())
}

/// A valid second redemption ends the whole grant, which this node's memory has to follow before it
/// answers. RFC 6749 §4.1.2, RFC 9700 §4.2.4.
async fn revoke(
    ctx: &Context,
    code: AuthorizationCode,
    refusal: CodeRefusal,
    origin: &Origin,
) -> Result<OAuthError, ServiceError> {
    let (actor, object) = (Actor::Client(code.client_id), Object::Grant(code.grant_id));
    let event = ctx.event(actor, Action::CodeReused, object, Outcome::Refused, origin);
    grants::revoke_for(ctx, code.grant_id, RevocationReason::CodeReuse, event).await?;
    Ok(refusal.into())
}

/// Signs what was granted. Nothing here is reached before the commit.
async fn respond(
    ctx: &Context,
    client: &Client,
    redeemed: Redeemed,
    model: &AccessModel,
    origin: &Origin,
) -> Result<TokenResponse, ServiceError> {
    let Redeemed { code, grant, user, tokens } = redeemed;
    let mint::NewTokens { scope, access, refresh } = tokens;
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
        issued_token_type: None,
        expires_in,
        refresh_token: refresh.map(|(_, text)| text.expose().clone()),
        id_token,
        scope,
    })
}
