//! The `openidconnect` and `oauth2` crates against the server, as apps use them.

use std::convert::Infallible;

use doorward::protocol::{
    client::{ClientMetadata, TokenEndpointAuthMethod},
    jose::SigningAlg,
};
use openidconnect::{
    AccessToken, AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest,
    HttpResponse, IntrospectionUrl, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    RedirectUrl, RevocationUrl, Scope, TokenIntrospectionResponse, TokenResponse,
    core::{
        CoreAuthenticationFlow, CoreClient, CoreJwsSigningAlgorithm, CoreProviderMetadata,
        CoreUserInfoClaims,
    },
};

use crate::actors::{
    Browser, Issuer, RelyingParty,
    issuer::ISSUER,
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

/// A whole life with the library: discovery, code with PKCE, ID token, UserInfo, refresh,
/// introspection, revocation.
#[expect(clippy::too_many_lines, reason = "one life from its beginning to its end")]
async fn whole_life(alg: SigningAlg, method: TokenEndpointAuthMethod) {
    let issuer = Issuer::start().await;
    let alice = issuer.full_user("alice").await;
    let metadata = ClientMetadata {
        id_token_signed_response_alg: alg,
        token_endpoint_auth_method: method,
        ..web_app()
    };
    let app = RelyingParty::register(&issuer, "notes", metadata).await;
    let http = |request: HttpRequest| send(&issuer, request);

    let issuer_url = IssuerUrl::new(ISSUER.to_owned()).unwrap();
    let provider = CoreProviderMetadata::discover_async(issuer_url, &http).await.unwrap();
    let auth_type = match method {
        TokenEndpointAuthMethod::ClientSecretPost | TokenEndpointAuthMethod::None => {
            AuthType::RequestBody
        }
        TokenEndpointAuthMethod::ClientSecretBasic
        | TokenEndpointAuthMethod::PrivateKeyJwt
        | TokenEndpointAuthMethod::ClientSecretJwt => AuthType::BasicAuth,
    };
    let at = |path: &str| format!("{ISSUER}{path}");
    let client = CoreClient::from_provider_metadata(
        provider,
        ClientId::new("notes".to_owned()),
        app.registered.secret.clone().map(ClientSecret::new),
    )
    .set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned()).unwrap())
    .set_introspection_url(IntrospectionUrl::new(at("/introspect")).unwrap())
    .set_revocation_url(RevocationUrl::new(at("/revoke")).unwrap())
    .set_auth_type(auth_type);

    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state, nonce) = client
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        )
        .add_scope(Scope::new("email".to_owned()))
        .add_scope(Scope::new("offline_access".to_owned()))
        .set_pkce_challenge(challenge)
        .url();
    let address = Issuer::path_of(url.as_str()).unwrap();
    let away = RelyingParty::sign_in_at(&mut Browser::new(&issuer), &address, "alice").await;
    let answer = response_parameters(&away);
    assert_eq!(&answer["state"], state.secret());
    assert_eq!(answer["iss"], ISSUER);

    let code = AuthorizationCode::new(answer["code"].clone());
    let tokens = client
        .exchange_code(code)
        .unwrap()
        .set_pkce_verifier(verifier)
        .request_async(&http)
        .await
        .unwrap();
    let expected = match alg {
        SigningAlg::RS256 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        SigningAlg::PS256 => CoreJwsSigningAlgorithm::RsaSsaPssSha256,
        SigningAlg::ES256 => CoreJwsSigningAlgorithm::EcdsaP256Sha256,
        SigningAlg::EdDSA => CoreJwsSigningAlgorithm::EdDsa,
    };
    let verifier = client
        .id_token_verifier()
        .set_time_fn(|| "2026-01-01T00:00:00Z".parse().unwrap())
        .set_allowed_algs([expected]);
    let id_token = tokens.id_token().unwrap();
    let claims = id_token.claims(&verifier, &nonce).unwrap();
    assert_eq!(claims.subject().as_str(), alice.id.to_string());
    assert!(id_token.claims(&verifier, &Nonce::new("another".to_owned())).is_err());

    let subject = Some(claims.subject().clone());
    let request = client.user_info(tokens.access_token().clone(), subject).unwrap();
    let told: CoreUserInfoClaims = request.request_async(&http).await.unwrap();
    assert_eq!(told.email().unwrap().as_str(), "alice@example.com");

    let refresh_token = tokens.refresh_token().unwrap();
    let again =
        client.exchange_refresh_token(refresh_token).unwrap().request_async(&http).await.unwrap();
    assert_ne!(again.access_token().secret(), tokens.access_token().secret());

    if method != TokenEndpointAuthMethod::None {
        let active = async |token: &AccessToken| {
            client.introspect(token).request_async(&http).await.unwrap().active()
        };
        assert!(active(again.access_token()).await);
        let revocation = client.revoke_token(again.access_token().clone().into()).unwrap();
        revocation.request_async(&http).await.unwrap();
        assert!(!active(again.access_token()).await);
    }
    let latest = again.refresh_token().unwrap();
    let revocation = client.revoke_token(latest.clone().into()).unwrap();
    revocation.request_async(&http).await.unwrap();
    let refused = client.exchange_refresh_token(latest).unwrap().request_async(&http).await;
    assert!(refused.unwrap_err().to_string().contains("Server returned error"));
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
    let at = |path: &str| format!("{ISSUER}{path}");
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
