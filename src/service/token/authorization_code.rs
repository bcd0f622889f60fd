//! The authorization code grant at the token endpoint. RFC 6749 §4.1.3, RFC 7636 §4.5.

use std::sync::Arc;

use super::{Context, ServiceError, TokenResponse, mint};
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
        changes,
        issue::{self, Behalf},
    },
    store::{self, StoreError, Tx},
    types::{
        Secret, Timestamp, TokenHash,
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
    let (context, origin) = (Arc::clone(ctx), origin.clone());
    let ending = ctx
        .db
        .write(move |tx| Box::pin(async move { redeem(&context, tx, presented, &origin).await }))
        .await?;
    match ending {
        Ending::Issued(redeemed) => respond(ctx, client.client(), *redeemed).await,
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
    })
}

/// Loads, decides, persists; the code itself is used up by one conditional statement.
async fn redeem(
    ctx: &Context,
    tx: &mut Tx<'_>,
    presented: Presented,
    origin: &Origin,
) -> Result<Ending, StoreError> {
    let now = ctx.now();
    let Some((code, grant)) = store::authorization_code::find(tx, &presented.hash).await? else {
        return Ok(Ending::Refused(CodeRefusal::Unknown.into()));
    };
    let redemption = Redemption {
        client_id: &presented.client.id,
        redirect_uri: presented.redirect_uri.as_deref(),
        code_verifier: presented.code_verifier.as_ref().map(|text| text.expose().as_str()),
    };
    match rules::check(&code, &redemption, now) {
        Ok(()) => {}
        Err(refusal @ CodeRefusal::Reused) => return revoke(ctx, tx, &code, refusal, origin).await,
        Err(refusal @ CodeRefusal::Verifier(VerifierError::Wrong)) => {
            store::authorization_code::record_failure(tx, &code.hash, now).await?;
            return Ok(Ending::Refused(refusal.into()));
        }
        Err(refusal) => return Ok(Ending::Refused(refusal.into())),
    }
    let user = store::user::find(tx, grant.user_id).await?;
    let session = store::session::find(tx, grant.session_id).await?;
    let behalf =
        Behalf::User { grant: Some(&grant), user: user.as_ref(), session: session.as_ref() };
    if let Err(refusal) = issue::admit(&presented.client, GrantType::AuthorizationCode, behalf, now)
    {
        return Ok(Ending::Refused(refusal.into()));
    }
    let Some(user) = user else { return Ok(Ending::Refused(CodeRefusal::Unknown.into())) };
    // Another redemption can have come in between on another node: this one is then the replay.
    let Some(redeemed) = store::authorization_code::redeem(tx, &code.hash, now).await? else {
        return revoke(ctx, tx, &code, CodeRefusal::Reused, origin).await;
    };
    let code = redeemed.into_taken();
    let (access, refresh_token) = write_tokens(ctx, tx, &presented.client, &grant, now).await?;
    Ok(Ending::Issued(Box::new(Redeemed { code, grant, user, access, refresh_token })))
}

/// The rows of the tokens: none for an access token that is a JWT, one for a refresh token family.
async fn write_tokens(
    ctx: &Context,
    tx: &mut Tx<'_>,
    client: &Client,
    grant: &Grant,
    now: Timestamp,
) -> Result<(mint::AccessToken, Option<Secret<String>>), StoreError> {
    let access = mint::AccessToken::for_grant(ctx, client, grant, grant.scope.clone(), now);
    if let Some(record) = access.record() {
        store::access_token::insert(tx, &record).await?;
    }
    let Some((family, text)) = mint::refresh_family(ctx, client, grant, now) else {
        return Ok((access, None));
    };
    store::refresh_family::insert(tx, &family).await?;
    Ok((access, Some(text)))
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
) -> Result<TokenResponse, ServiceError> {
    let Redeemed { code, grant, user, access, refresh_token } = redeemed;
    let (access_token, expires_in) = access.finish(ctx, Some(&user)).await?;
    let nonce = code.nonce.as_deref();
    let subject =
        mint::IdTokenSubject { client, grant: &grant, user: &user, nonce, scope: &grant.scope };
    let id_token = subject.id_token(ctx, &access_token).await?;
    Ok(TokenResponse {
        access_token,
        token_type: "Bearer",
        expires_in,
        refresh_token: refresh_token.map(|text| text.expose().clone()),
        id_token,
        scope: grant.scope,
    })
}
