//! The `openidconnect` and `oauth2` crates against the server, as apps use them.

use std::convert::Infallible;

use doorward::protocol::{
    client::{ClientMetadata, GrantType, TokenEndpointAuthMethod},
    jose::SigningAlg,
};
use openidconnect::{
    AccessToken, AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IntrospectionUrl, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, RedirectUrl, RefreshToken, RequestTokenError,
    ResourceOwnerPassword, ResourceOwnerUsername, RevocationUrl, Scope, TokenIntrospectionResponse,
    TokenResponse,
    core::{
        CoreAuthenticationFlow, CoreClient, CoreJwsSigningAlgorithm, CoreProviderMetadata,
        CoreRevocableToken, CoreTokenResponse, CoreUserInfoClaims,
    },
};

use crate::actors::{
    Browser, Issuer, RelyingParty,
    issuer::{ISSUER, PASSWORD, Registered},
    relying_party::{CALLBACK, machine, response_parameters, web_app},
};

/// The library's requests, sent to the router in process.
async fn send(issuer: &Issuer, request: HttpRequest) -> Result<HttpResponse, Infallible> {
    let (mut parts, body) = request.into_parts();
    let path = Issuer::path_of(&parts.uri.to_string()).expect("a request to the issuer");
    parts.uri = path.parse().unwrap();
    let body = String::from_utf8(body).unwrap();
    let reply = issuer.send(http::Request::from_parts(parts, body)).await;
    let mut response = http::Response::new(reply.body);
    (*response.status_mut(), *response.headers_mut()) = (reply.status, reply.headers);
    Ok(response)
}

/// The library's client once discovery and the two further endpoints are known.
type Library = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointSet,
    EndpointSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// An app that leaves everything to the library.
struct App<'a> {
    issuer: &'a Issuer,
    library: Library,
}

impl App<'_> {
    /// Discovery, and what the app was registered with.
    async fn discover(issuer: &Issuer, registered: Registered) -> App<'_> {
        let issuer_url = IssuerUrl::new(ISSUER.to_owned()).unwrap();
        let http = |request: HttpRequest| send(issuer, request);
        let provider = CoreProviderMetadata::discover_async(issuer_url, &http).await.unwrap();
        let auth_type = match registered.client.metadata.token_endpoint_auth_method {
            TokenEndpointAuthMethod::ClientSecretPost | TokenEndpointAuthMethod::None => {
                AuthType::RequestBody
            }
            TokenEndpointAuthMethod::ClientSecretBasic
            | TokenEndpointAuthMethod::PrivateKeyJwt
            | TokenEndpointAuthMethod::ClientSecretJwt => AuthType::BasicAuth,
        };
        let id = ClientId::new(registered.client.id.as_str().to_owned());
        let secret = registered.secret.map(ClientSecret::new);
        let library = CoreClient::from_provider_metadata(provider, id, secret)
            .set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned()).unwrap())
            .set_introspection_url(IntrospectionUrl::new(at("/introspect")).unwrap())
            .set_revocation_url(RevocationUrl::new(at("/revoke")).unwrap())
            .set_auth_type(auth_type);
        App { issuer, library }
    }

    /// Code with PKCE: the tokens, and the nonce that the ID token must repeat.
    async fn sign_in(&self) -> (CoreTokenResponse, Nonce) {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let (url, state, nonce) = self
            .library
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            .add_scope(Scope::new("email".to_owned()))
            .add_scope(Scope::new("offline_access".to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        let address = Issuer::path_of(url.as_str()).unwrap();
        let mut browser = Browser::new(self.issuer);
        let away = RelyingParty::sign_in_at(&mut browser, &address, "alice").await;
        let answer = response_parameters(&away);
        assert_eq!((&answer["state"], answer["iss"].as_str()), (state.secret(), ISSUER));
        let http = |request: HttpRequest| send(self.issuer, request);
        let code = AuthorizationCode::new(answer["code"].clone());
        let exchange = self.library.exchange_code(code).unwrap().set_pkce_verifier(verifier);
        (exchange.request_async(&http).await.unwrap(), nonce)
    }

    /// The ID token is verified by the library, and UserInfo is of the same user.
    async fn learn_who(
        &self,
        tokens: &CoreTokenResponse,
        nonce: &Nonce,
        alg: SigningAlg,
    ) -> String {
        let expected = match alg {
            SigningAlg::RS256 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
            SigningAlg::PS256 => CoreJwsSigningAlgorithm::RsaSsaPssSha256,
            SigningAlg::ES256 => CoreJwsSigningAlgorithm::EcdsaP256Sha256,
            SigningAlg::EdDSA => CoreJwsSigningAlgorithm::EdDsa,
        };
        let verifier = self
            .library
            .id_token_verifier()
            .set_time_fn(|| "2026-01-01T00:00:00Z".parse().unwrap())
            .set_allowed_algs([expected]);
        let id_token = tokens.id_token().unwrap();
        assert!(id_token.claims(&verifier, &Nonce::new("another".to_owned())).is_err());
        let subject = id_token.claims(&verifier, nonce).unwrap().subject().clone();
        let http = |request: HttpRequest| send(self.issuer, request);
        let token = tokens.access_token().clone();
        let request = self.library.user_info(token, Some(subject.clone())).unwrap();
        let told: CoreUserInfoClaims = request.request_async(&http).await.unwrap();
        assert_eq!(told.email().unwrap().as_str(), "alice@example.com");
        subject.to_string()
    }

    async fn refresh(&self, token: &RefreshToken) -> Option<CoreTokenResponse> {
        let http = |request: HttpRequest| send(self.issuer, request);
        self.library.exchange_refresh_token(token).unwrap().request_async(&http).await.ok()
    }

    async fn is_active(&self, token: &AccessToken) -> bool {
        let http = |request: HttpRequest| send(self.issuer, request);
        self.library.introspect(token).request_async(&http).await.unwrap().active()
    }

    async fn revoke(&self, token: CoreRevocableToken) {
        let http = |request: HttpRequest| send(self.issuer, request);
        self.library.revoke_token(token).unwrap().request_async(&http).await.unwrap();
    }
}

/// An app with a password form of its own, where that is switched on. RFC 6749 §4.3.
#[tokio::test]
async fn an_app_that_sends_passwords() {
    let issuer = Issuer::start_with_password_grant().await;
    issuer.user("alice").await;
    let grant_types = [GrantType::Password, GrantType::RefreshToken].into();
    let registered = issuer.client("legacy", ClientMetadata { grant_types, ..web_app() }).await;
    let app = App::discover(&issuer, registered).await;
    let http = |request: HttpRequest| send(&issuer, request);
    let name = ResourceOwnerUsername::new("alice".to_owned());
    let wrong = ResourceOwnerPassword::new("wrong".to_owned());
    let refused = app.library.exchange_password(&name, &wrong).unwrap().request_async(&http).await;
    let Err(RequestTokenError::ServerResponse(refused)) = refused else { panic!("{refused:?}") };
    assert_eq!(refused.error().as_ref(), "invalid_grant");
    let right = ResourceOwnerPassword::new(PASSWORD.to_owned());
    let request = app.library.exchange_password(&name, &right).unwrap();
    let request = request.add_scope(Scope::new("offline_access".to_owned()));
    let tokens = request.request_async(&http).await.unwrap();
    assert!(app.is_active(tokens.access_token()).await);
    assert!(app.refresh(tokens.refresh_token().unwrap()).await.is_some());
}

fn at(path: &str) -> String {
    format!("{ISSUER}{path}")
}

/// Discovery, code with PKCE, ID token, UserInfo, refresh, introspection, revocation.
async fn whole_life(alg: SigningAlg, method: TokenEndpointAuthMethod) {
    let issuer = Issuer::start().await;
    let alice = issuer.full_user("alice").await;
    let metadata = ClientMetadata {
        id_token_signed_response_alg: alg,
        token_endpoint_auth_method: method,
        ..web_app()
    };
    let registered = issuer.client("notes", metadata).await;
    let app = App::discover(&issuer, registered).await;
    let (tokens, nonce) = app.sign_in().await;
    assert_eq!(app.learn_who(&tokens, &nonce, alg).await, alice.id.to_string());

    let again = app.refresh(tokens.refresh_token().unwrap()).await.unwrap();
    assert_ne!(again.access_token().secret(), tokens.access_token().secret());
    if method != TokenEndpointAuthMethod::None {
        assert!(app.is_active(again.access_token()).await);
        app.revoke(again.access_token().clone().into()).await;
        assert!(!app.is_active(again.access_token()).await);
    }
    let latest = again.refresh_token().unwrap();
    app.revoke(latest.clone().into()).await;
    assert!(app.refresh(latest).await.is_none());
}

#[tokio::test]
async fn a_whole_life_with_rs256() {
    whole_life(SigningAlg::RS256, TokenEndpointAuthMethod::ClientSecretBasic).await;
}

#[tokio::test]
async fn a_whole_life_with_es256() {
    whole_life(SigningAlg::ES256, TokenEndpointAuthMethod::ClientSecretPost).await;
}

#[tokio::test]
async fn a_whole_life_with_ps256() {
    whole_life(SigningAlg::PS256, TokenEndpointAuthMethod::ClientSecretBasic).await;
}

#[tokio::test]
async fn a_whole_life_with_eddsa() {
    whole_life(SigningAlg::EdDSA, TokenEndpointAuthMethod::ClientSecretBasic).await;
}

#[tokio::test]
async fn a_whole_life_of_a_public_client() {
    whole_life(SigningAlg::RS256, TokenEndpointAuthMethod::None).await;
}

/// The `oauth2` crate alone: a machine gets a token, asks about it, and gives it back.
#[tokio::test]
async fn a_machine_with_the_oauth2_crate() {
    use oauth2::TokenResponse as _;
    let issuer = Issuer::start().await;
    let app = RelyingParty::register(&issuer, "batch", machine()).await;
    let http = |request: HttpRequest| send(&issuer, request);
    let client = oauth2::basic::BasicClient::new(ClientId::new("batch".to_owned()))
        .set_client_secret(ClientSecret::new(app.registered.secret.clone().unwrap()))
        .set_token_uri(oauth2::TokenUrl::new(at("/token")).unwrap())
        .set_introspection_url(IntrospectionUrl::new(at("/introspect")).unwrap())
        .set_revocation_url(RevocationUrl::new(at("/revoke")).unwrap());
    let tokens = client
        .exchange_client_credentials()
        .add_scope(Scope::new("notes:read".to_owned()))
        .request_async(&http)
        .await
        .unwrap();
    assert_eq!(tokens.scopes().unwrap(), &[Scope::new("notes:read".to_owned())]);
    let told = client.introspect(tokens.access_token()).request_async(&http).await.unwrap();
    assert!(told.active());
    assert_eq!(told.client_id().unwrap().as_str(), "batch");
    let revocation = client.revoke_token(tokens.access_token().clone().into()).unwrap();
    revocation.request_async(&http).await.unwrap();
    let told = client.introspect(tokens.access_token()).request_async(&http).await.unwrap();
    assert!(!told.active());

    let beyond = Scope::new("notes:delete".to_owned());
    let refused = client.exchange_client_credentials().add_scope(beyond).request_async(&http).await;
    let oauth2::RequestTokenError::ServerResponse(refused) = refused.unwrap_err() else {
        panic!("an error of the server")
    };
    assert_eq!(refused.error(), &oauth2::basic::BasicErrorResponseType::InvalidScope);
}
