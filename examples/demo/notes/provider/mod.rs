//! Notes as a relying party: what it says to the authorization server, and how it checks the answers.
//! OIDC Core, with the `openidconnect` crate.

mod client;
mod person;

use std::{sync::Arc, time::Duration};

use openidconnect::{
    AccessTokenHash, AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret, CsrfToken,
    IssuerUrl, LogoutRequest, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier,
    PostLogoutRedirectUrl, RedirectUrl, Scope, SubjectIdentifier, TokenResponse,
    core::CoreResponseType, reqwest, url::Url,
};
use serde_json::Value;
use tokio::sync::RwLock;

use super::problem::Problem;
use client::{Claims, Discovered, Tokens, user_info_problem};
pub(crate) use person::{SignedIn, now};

/// What Notes asks for: who somebody is, and what they may do at the API. Everybody is granted what
/// their roles permit of it.
const SCOPE: [&str; 8] = [
    "profile",
    "email",
    "roles",
    "offline_access",
    "notes:read",
    "notes:write",
    "notes:delete",
    "notes:admin_access",
];
/// How long the authorization server may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where Notes is registered, and as what.
pub(crate) struct Registration {
    /// The authorization server.
    pub(crate) issuer: IssuerUrl,
    /// Notes' name there.
    pub(crate) client_id: ClientId,
    /// The secret that proves it.
    pub(crate) client_secret: ClientSecret,
}

/// The authorization server, as Notes speaks to it.
pub(crate) struct Provider {
    registration: Registration,
    /// The audience of the API. RFC 8707.
    resource: String,
    redirect_uri: RedirectUrl,
    post_logout_redirect_uri: PostLogoutRedirectUrl,
    http: reqwest::Client,
    discovered: RwLock<Option<Arc<Discovered>>>,
}

/// Where to send the browser, and the `state` that it must come back with.
pub(crate) struct Departure {
    pub(crate) url: Url,
    pub(crate) state: String,
}

/// The start of a sign-in.
pub(crate) struct AuthorizationRequest {
    pub(crate) url: Url,
    pub(crate) state: String,
    pub(crate) proofs: Proofs,
}

/// What ties an answer to its request: the code to the verifier, the ID token to the nonce.
#[derive(Clone)]
pub(crate) struct Proofs {
    nonce: Nonce,
    code_verifier: Arc<PkceCodeVerifier>,
}

impl Provider {
    /// Speaks for the app at the address `own`, whose tokens are for the API `resource`.
    pub(crate) fn new(
        own: &str,
        resource: &str,
        registration: Registration,
    ) -> anyhow::Result<Self> {
        // No redirects: a token request follows nobody elsewhere.
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()?;
        Ok(Self {
            registration,
            resource: resource.to_owned(),
            redirect_uri: RedirectUrl::new(format!("{own}/callback"))?,
            post_logout_redirect_uri: PostLogoutRedirectUrl::new(format!("{own}/signed-out"))?,
            http,
            discovered: RwLock::new(None),
        })
    }

    /// The issuer.
    pub(crate) fn issuer(&self) -> &str {
        self.registration.issuer.as_str()
    }

    /// Begins a sign-in: code flow with PKCE, nonce and state.
    pub(crate) async fn begin(&self) -> Result<AuthorizationRequest, Problem> {
        let server = self.discovered().await?;
        let (challenge, code_verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = server
            .client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scopes(SCOPE.map(|scope| Scope::new(scope.to_owned())))
            .set_pkce_challenge(challenge)
            .add_extra_param("resource", self.resource.clone())
            .url();
        let proofs = Proofs { nonce, code_verifier: Arc::new(code_verifier) };
        Ok(AuthorizationRequest { url, state: state.into_secret(), proofs })
    }

    /// The answer must name the server that was asked, if that server always says who it is.
    /// RFC 9207 §2.4.
    pub(crate) async fn check_issuer(&self, iss: Option<&str>) -> Result<(), Problem> {
        let server = self.discovered().await?;
        match iss {
            Some(iss) if iss == self.issuer() => Ok(()),
            None if !server.says_who_it_is => Ok(()),
            Some(_) | None => {
                Err(Problem::NotTrusted("The answer is from another issuer.".to_owned()))
            }
        }
    }

    /// Exchanges the code for tokens and checks the ID token. OIDC Core §3.1.3.
    pub(crate) async fn redeem(
        &self,
        code: AuthorizationCode,
        proofs: Proofs,
    ) -> Result<SignedIn, Problem> {
        let server = self.discovered().await?;
        let code_verifier = PkceCodeVerifier::new(proofs.code_verifier.secret().clone());
        let tokens = server
            .client
            .exchange_code(code)
            .map_err(misconfigured)?
            .set_pkce_verifier(code_verifier)
            .request_async(&self.http)
            .await?;
        let claims = self.checked_claims(&tokens, NonceRule::Exactly(&proofs.nonce)).await?;
        let mut person = SignedIn::new(&tokens, claims)?;
        person.learn_name(&self.ask_user_info(&person).await?);
        Ok(person)
    }

    /// Uses the refresh token, and replaces what `person` holds by what comes back. RFC 6749 §6.
    ///
    /// A new ID token must be about the same person. OIDC Core §12.2.
    pub(crate) async fn refresh(&self, person: &mut SignedIn) -> Result<(), Problem> {
        let server = self.discovered().await?;
        let refresh_token = person
            .refresh_token
            .as_ref()
            .ok_or(Problem::BadRequest("There is no refresh token."))?;
        let tokens = server
            .client
            .exchange_refresh_token(refresh_token)
            .map_err(misconfigured)?
            .request_async(&self.http)
            .await?;
        let claims = match tokens.id_token() {
            Some(_) => Some(self.checked_claims(&tokens, NonceRule::AsItMayBe).await?),
            None => None,
        };
        person.renew(&tokens, claims)
    }

    /// Asks the UserInfo endpoint; the answer must be about the same person. OIDC Core §5.3.
    pub(crate) async fn user_info(&self, person: &SignedIn) -> Result<Value, Problem> {
        let claims = self.ask_user_info(person).await?;
        serde_json::to_value(&claims).map_err(|error| Problem::NotTrusted(error.to_string()))
    }

    async fn ask_user_info(&self, person: &SignedIn) -> Result<client::UserInfo, Problem> {
        let server = self.discovered().await?;
        let subject = SubjectIdentifier::new(person.subject().to_owned());
        server
            .client
            .user_info(person.access_token.clone(), Some(subject))
            .map_err(misconfigured)?
            .request_async(&self.http)
            .await
            .map_err(user_info_problem)
    }

    /// Where to send the browser to end the session that all apps share. OIDC RP-Initiated Logout §2.
    pub(crate) async fn end_session(&self, person: &SignedIn) -> Result<Departure, Problem> {
        let server = self.discovered().await?;
        let endpoint = server
            .end_session_endpoint
            .clone()
            .ok_or(Problem::BadRequest("The server has no end_session_endpoint."))?;
        let state = CsrfToken::new_random();
        let url = LogoutRequest::from(endpoint)
            .set_id_token_hint(&person.id_token)
            .set_client_id(self.registration.client_id.clone())
            .set_post_logout_redirect_uri(self.post_logout_redirect_uri.clone())
            .set_state(state.clone())
            .http_get_url();
        Ok(Departure { url, state: state.into_secret() })
    }

    /// Checks the ID token: signature, issuer, audience, time, nonce, and that the access token beside
    /// it is the one it was issued with (`at_hash`). OIDC Core §3.1.3.7, §3.1.3.8.
    async fn checked_claims(
        &self,
        tokens: &Tokens,
        nonce: NonceRule<'_>,
    ) -> Result<Claims, Problem> {
        let id_token = tokens
            .id_token()
            .ok_or_else(|| Problem::NotTrusted("There is no ID token.".to_owned()))?;
        let check_nonce = |found: Option<&Nonce>| nonce.check(found);
        let mut server = self.discovered().await?;
        let verified = id_token.claims(&server.client.id_token_verifier(), check_nonce);
        let claims = match verified {
            // Signed with a key that is newer than what Notes knows: look again, once.
            Err(error) if client::is_unknown_key(&error) => {
                server = self.discover().await?;
                id_token.claims(&server.client.id_token_verifier(), check_nonce)
            }
            known => known,
        }
        .map_err(not_trusted)?;
        if let Some(expected) = claims.access_token_hash() {
            let algorithm = id_token.signing_alg().map_err(not_trusted)?;
            let keys = server.client.id_token_verifier();
            let key = id_token.signing_key(&keys).map_err(not_trusted)?;
            let found = AccessTokenHash::from_token(tokens.access_token(), algorithm, key);
            if found.map_err(not_trusted)? != *expected {
                return Err(Problem::NotTrusted("The access token is another one.".to_owned()));
            }
        }
        Ok(claims.clone())
    }

    /// What the server says about itself, asked once and kept. OIDC Discovery §4.
    async fn discovered(&self) -> Result<Arc<Discovered>, Problem> {
        if let Some(server) = self.discovered.read().await.as_ref() {
            return Ok(Arc::clone(server));
        }
        self.discover().await
    }

    async fn discover(&self) -> Result<Arc<Discovered>, Problem> {
        let server = Discovered::ask(&self.registration, &self.redirect_uri, &self.http).await?;
        let server = Arc::new(server);
        *self.discovered.write().await = Some(Arc::clone(&server));
        Ok(server)
    }
}

/// What the `nonce` of an ID token must be.
#[derive(Clone, Copy)]
enum NonceRule<'a> {
    /// That of the request. OIDC Core §3.1.3.7, rule 11.
    Exactly(&'a Nonce),
    /// After a refresh it may be missing. OIDC Core §12.2.
    AsItMayBe,
}

impl NonceRule<'_> {
    fn check(self, found: Option<&Nonce>) -> Result<(), String> {
        match self {
            Self::Exactly(expected) => match found {
                Some(found) if found.secret() == expected.secret() => Ok(()),
                Some(_) | None => Err("the nonce is another one".to_owned()),
            },
            Self::AsItMayBe => Ok(()),
        }
    }
}

fn not_trusted(error: impl std::fmt::Display) -> Problem {
    Problem::NotTrusted(error.to_string())
}

/// The server's metadata lacks an endpoint that Notes needs.
fn misconfigured(error: impl std::fmt::Display) -> Problem {
    Problem::Unreachable(error.to_string())
}
