//! Tokens in the making: decided and written inside a transaction, signed after its commit.

use std::time::Duration;

use super::scope::Granted;
use crate::{
    identity::{api_key::Owner, user::User},
    protocol::{
        authorize::claims_param::ClaimsRequest,
        client::{AccessTokenFormat, Client, GrantType},
        grant::{Access, Grant, refresh_token::RefreshFamily},
        jose::SigningAlg,
        token::{
            access::{AccessTokenClaims, AccessTokenId, TokenSource},
            id_token::{IdTokenClaims, UserClaims, at_hash},
            opaque::OpaqueToken,
            refresh,
        },
    },
    service::{
        Context, ServiceError, access_model::AccessModel, api_keys::LiveKey, token_size, user_facts,
    },
    types::{
        ApiKeyId, Authentication, ClientId, FamilyId, GrantId, Scope, Secret, Timestamp, UserId,
        origin::Origin,
    },
};

/// An access token that was decided on.
pub(super) struct AccessToken {
    format: AccessTokenFormat,
    id: AccessTokenId,
    alg: SigningAlg,
    client_id: ClientId,
    behalf: MintedFor,
    scope: Scope,
    audience: Vec<String>,
    issued_at: Timestamp,
    expires_at: Timestamp,
}

/// For whom.
enum MintedFor {
    /// The client itself.
    Client,
    /// The user who gave a grant.
    Grant(GrantId, UserId, Authentication),
    /// The owner of an API key.
    ApiKey(ApiKeyId, Owner),
}

impl AccessToken {
    /// A token for the client itself.
    pub(super) fn for_client(
        ctx: &Context,
        client: &Client,
        granted: Granted,
        now: Timestamp,
    ) -> Self {
        let format = client.metadata.access_token_format;
        let lifetime = client.access_token_lifetime(ctx.protocol.lifetimes.access_token);
        Self::new(ctx, client, MintedFor::Client, granted, (format, lifetime), now)
    }

    /// A token on behalf of the user who gave `grant`.
    pub(super) fn for_grant(
        ctx: &Context,
        client: &Client,
        grant: &Grant,
        granted: Granted,
        now: Timestamp,
    ) -> Self {
        let behalf = MintedFor::Grant(grant.id, grant.user_id, grant.authentication.clone());
        let format = client.metadata.access_token_format;
        let lifetime = client.access_token_lifetime(ctx.protocol.lifetimes.access_token);
        Self::new(ctx, client, behalf, granted, (format, lifetime), now)
    }

    /// A token for the owner of an API key: always a JWT, since it is there to be checked offline.
    pub(super) fn for_api_key(
        ctx: &Context,
        client: &Client,
        key: &LiveKey,
        granted: Granted,
        lifetime: Duration,
    ) -> Self {
        let behalf = MintedFor::ApiKey(key.key.id, key.key.owner.clone());
        Self::new(ctx, client, behalf, granted, (AccessTokenFormat::Jwt, lifetime), ctx.now())
    }

    fn new(
        ctx: &Context,
        client: &Client,
        behalf: MintedFor,
        granted: Granted,
        (format, lifetime): (AccessTokenFormat, Duration),
        now: Timestamp,
    ) -> Self {
        Self {
            format,
            id: AccessTokenId { source: behalf.source(), random: ctx.random() },
            alg: client.metadata.access_token_signed_response_alg,
            client_id: client.id.clone(),
            audience: granted.audience,
            behalf,
            scope: granted.scope,
            issued_at: now,
            expires_at: now.plus(lifetime),
        }
    }

    /// The text of the token and the seconds that it lives.
    pub(super) async fn finish(
        self,
        ctx: &Context,
        user: Option<&User>,
        model: &AccessModel,
        origin: &Origin,
    ) -> Result<(String, u64), ServiceError> {
        let expires_in = self.expires_at.since(self.issued_at).as_secs();
        let client_id = self.client_id.clone();
        let token = match self.format {
            AccessTokenFormat::Jwt => self.sign(ctx, user, model).await?,
            AccessTokenFormat::Opaque => self.seal(ctx)?,
        };
        let subject = user.map(|user| user.id);
        token_size::check(ctx, &token, &client_id, subject, origin).await?;
        Ok((token, expires_in))
    }

    /// A JWT. RFC 9068.
    async fn sign(
        &self,
        ctx: &Context,
        user: Option<&User>,
        model: &AccessModel,
    ) -> Result<String, ServiceError> {
        let (sub, authentication) = match &self.behalf {
            MintedFor::Client => (self.client_id.to_string(), None),
            MintedFor::Grant(_, user, authentication) => (user.to_string(), Some(authentication)),
            MintedFor::ApiKey(_, Owner::User(user)) => (user.to_string(), None),
            MintedFor::ApiKey(_, Owner::Client(client)) => (client.to_string(), None),
        };
        let apis = || model.apis.of_audience(&self.audience);
        let (roles, groups) = model.told_in_scope(user, &self.scope, apis);
        let claims = AccessTokenClaims {
            iss: ctx.protocol.issuer.as_str(),
            sub: &sub,
            aud: &self.audience,
            client_id: self.client_id.as_str(),
            scope: &self.scope,
            iat: self.issued_at,
            nbf: self.issued_at,
            exp: self.expires_at,
            jti: &self.id.encode(),
            auth_time: authentication.map(|authentication| authentication.auth_time),
            acr: authentication.map(|authentication| authentication.acr.as_str()),
            amr: authentication.map_or(&[], |authentication| authentication.amr.as_slice()),
            roles: roles.as_deref(),
            groups: groups.as_deref(),
        };
        ctx.keys.sign(self.alg, AccessTokenClaims::TYPE, &claims).await
    }

    /// Facts that nobody else can read.
    fn seal(self, ctx: &Context) -> Result<String, ServiceError> {
        let user_id = match self.behalf {
            MintedFor::Grant(_, user, _) => Some(user),
            MintedFor::Client | MintedFor::ApiKey(..) => None,
        };
        let token = OpaqueToken {
            id: self.id,
            user_id,
            client_id: self.client_id,
            audience: self.audience,
            scope: self.scope,
            issued_at: self.issued_at,
            expires_at: self.expires_at,
        };
        token.seal(&ctx.vault.access_tokens, ctx.random()).map_err(ServiceError::internal)
    }
}

impl MintedFor {
    /// What the `jti` names.
    const fn source(&self) -> TokenSource {
        match self {
            Self::Client => TokenSource::Client,
            Self::Grant(grant, _, _) => TokenSource::Grant(*grant),
            Self::ApiKey(key, _) => TokenSource::ApiKey(*key),
        }
    }
}

/// The family of a grant that outlives its session, with its first token; `None` when the grant does
/// not, or the client did not register refresh tokens. OIDC Core §11.
fn refresh_family(
    ctx: &Context,
    client: &Client,
    grant: &Grant,
    now: Timestamp,
) -> Option<(RefreshFamily, Secret<String>)> {
    match grant.access {
        Access::Offline
            if client.may_use(GrantType::RefreshToken)
                && grant.scope.contains("offline_access") => {}
        Access::Offline | Access::Online => return None,
    }
    let policy = ctx.policy.refresh_policy(client);
    let absolute_expires_at = now.plus(policy.absolute);
    let family = RefreshFamily {
        id: FamilyId::new(now, ctx.random()),
        grant_id: grant.id,
        client_id: client.id.clone(),
        seed: ctx.random(),
        generation: 0,
        rotated_at: now,
        retries: 0,
        idle_expires_at: policy.idle_until(absolute_expires_at, now),
        absolute_expires_at,
        revoked: None,
    };
    let text = refresh::mint(&ctx.vault.refresh_tokens, &family, 0);
    Some((family, text))
}

/// The tokens that are given for a new grant.
pub(super) struct NewTokens {
    /// What they allow.
    pub(super) scope: Scope,
    /// The access token.
    pub(super) access: AccessToken,
    /// The refresh token and its family, where there is to be one.
    pub(super) refresh: Option<(RefreshFamily, Secret<String>)>,
}

impl NewTokens {
    /// What comes of `grant`; nothing is written yet.
    pub(super) fn for_grant(
        ctx: &Context,
        client: &Client,
        grant: &Grant,
        granted: Granted,
        now: Timestamp,
    ) -> Self {
        Self {
            scope: granted.scope.clone(),
            access: AccessToken::for_grant(ctx, client, grant, granted, now),
            refresh: refresh_family(ctx, client, grant, now),
        }
    }

    /// The row that is written for them: none for an access token, which says itself what it is.
    pub(super) fn family(&self) -> Option<RefreshFamily> {
        self.refresh.as_ref().map(|(family, _)| family.clone())
    }
}

/// What an ID token speaks of.
pub(super) struct IdTokenSubject<'a> {
    /// The client it is for.
    pub(super) client: &'a Client,
    /// The grant it comes from.
    pub(super) grant: &'a Grant,
    /// The user it is about.
    pub(super) user: &'a User,
    /// The `nonce` of the authorization request; none on refresh (OIDC Core §12.2).
    pub(super) nonce: Option<&'a str>,
    /// The scope that is granted with it.
    pub(super) scope: &'a Scope,
    /// What roles and groups amount to.
    pub(super) model: &'a AccessModel,
    /// Where the request comes from.
    pub(super) origin: &'a Origin,
}

impl IdTokenSubject<'_> {
    /// An ID token to go with `access_token`, if there is to be one: only with `openid`.
    /// OIDC Core §2, §3.1.2.1, §3.1.3.3.
    pub(super) async fn id_token(
        &self,
        ctx: &Context,
        access_token: &str,
    ) -> Result<Option<String>, ServiceError> {
        if !self.scope.contains("openid") {
            return Ok(None);
        }
        let Self { client, grant, user, nonce, scope, model, origin } = self;
        let now = ctx.now();
        let alg = client.metadata.id_token_signed_response_alg;
        // What was accepted and stored as a claims parameter is one.
        let requested = grant.claims.as_deref().and_then(|text| ClaimsRequest::parse(text).ok());
        let told = user_facts::facts(user, model.told_to_client(user, scope))
            .for_id_token(scope, &requested.unwrap_or_default());
        let (sub, sid) = (user.id.to_string(), grant.session_id.to_string());
        let claims = IdTokenClaims {
            iss: ctx.protocol.issuer.as_str(),
            sub: &sub,
            aud: client.id.as_str(),
            azp: Some(client.id.as_str()),
            exp: now.plus(ctx.protocol.lifetimes.id_token),
            iat: now,
            auth_time: Some(grant.authentication.auth_time),
            nonce: *nonce,
            acr: Some(&grant.authentication.acr),
            amr: &grant.authentication.amr,
            at_hash: Some(&at_hash(alg, access_token)),
            sid: Some(&sid),
            user: UserClaims::of(told),
        };
        let token = ctx.keys.sign(alg, IdTokenClaims::TYPE, &claims).await?;
        token_size::check(ctx, &token, &client.id, Some(user.id), origin).await?;
        Ok(Some(token))
    }
}
