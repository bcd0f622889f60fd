//! Access tokens as JWTs. RFC 9068.

use doorward::protocol::{
    client::{AccessTokenFormat, ClientMetadata},
    jose::SigningAlg,
};
use serde_json::{Value, json};

use super::oidc_core_id_token::verifies;
use crate::actors::{
    Issuer, RelyingParty,
    clock::START,
    issuer::ISSUER,
    relying_party::{claims, jose_header, machine, web_app},
};

const API: &str = "https://notes.example/api";

fn access(tokens: &Value) -> &str {
    tokens["access_token"].as_str().unwrap()
}

/// RFC 9068 §2.2: the claims of a user's token.
#[tokio::test]
async fn section_2_2_the_claims_of_a_user_s_token() {
    let issuer = Issuer::start().await;
    let alice = issuer.full_user("alice").await;
    let metadata = ClientMetadata { access_token_audience: vec![API.to_owned()], ..web_app() };
    let app = RelyingParty::register(&issuer, "notes", metadata).await;
    let tokens = app.asking("openid roles email").tokens("alice").await;
    let token = claims(access(&tokens));
    let expected = json!({
        "iss": ISSUER, "sub": alice.id.to_string(), "aud": [ISSUER, API], "client_id": "notes",
        "scope": "email openid roles", "iat": START, "nbf": START, "exp": START + 600,
        "jti": token["jti"], "auth_time": START, "acr": token["acr"], "amr": ["pwd"],
        "roles": ["moderator", "user"],
    });
    assert_eq!(token, expected);
}

/// RFC 9068 §2.2, §2.2.1: a machine's token: `sub` is the client, and nobody signed in.
#[tokio::test]
async fn section_2_2_the_claims_of_a_machine_s_token() {
    let issuer = Issuer::start().await;
    let metadata = ClientMetadata { access_token_audience: vec![API.to_owned()], ..machine() };
    let app = RelyingParty::register(&issuer, "batch", metadata).await;
    let tokens = app.token(&[("grant_type", "client_credentials")]).await.granted();
    let token = claims(access(&tokens));
    let expected = json!({
        "iss": ISSUER, "sub": "batch", "aud": API, "client_id": "batch",
        "scope": "notes:read notes:write", "iat": START, "nbf": START, "exp": START + 600,
        "jti": token["jti"],
    });
    assert_eq!(token, expected);
}

/// RFC 9068 §2.1: `typ` is `at+jwt`, `alg` the registered one (ES256 by default) and never `none`, and
/// the key is in the JWKS.
#[tokio::test]
async fn section_2_1_the_header_names_type_algorithm_and_key() {
    let issuer = Issuer::start().await;
    let plain = RelyingParty::register(&issuer, "plain", machine()).await;
    let tokens = plain.token(&[("grant_type", "client_credentials")]).await.granted();
    assert_eq!(jose_header(access(&tokens))["alg"], "ES256");
    for alg in SigningAlg::ALL {
        let metadata = ClientMetadata { access_token_signed_response_alg: alg, ..machine() };
        let app = RelyingParty::register(&issuer, &alg.name().to_lowercase(), metadata).await;
        let tokens = app.token(&[("grant_type", "client_credentials")]).await.granted();
        let header = jose_header(access(&tokens));
        assert_eq!((&header["typ"], &header["alg"]), (&json!("at+jwt"), &json!(alg.name())));
        assert!(verifies(&issuer, access(&tokens), alg).await, "{alg}");
    }
}

/// RFC 9068 §2.2: `jti` is of this token alone.
#[tokio::test]
async fn section_2_2_every_token_has_its_own_jti() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::register(&issuer, "batch", machine()).await;
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let tokens = app.token(&[("grant_type", "client_credentials")]).await.granted();
        assert!(seen.insert(claims(access(&tokens))["jti"].as_str().unwrap().to_owned()));
    }
}

/// RFC 9068 §2.2: the lifetime is the client's own, where it registered one.
#[tokio::test]
async fn section_2_2_the_lifetime_is_the_registered_one() {
    for access_token_format in [AccessTokenFormat::Jwt, AccessTokenFormat::Opaque] {
        let issuer = Issuer::start().await;
        let metadata =
            ClientMetadata { access_token_lifetime: Some(30), access_token_format, ..machine() };
        let app = RelyingParty::register(&issuer, "batch", metadata).await;
        let tokens = app.token(&[("grant_type", "client_credentials")]).await.granted();
        assert_eq!(tokens["expires_in"], 30);
        issuer.wait(29).await;
        assert_eq!(app.introspect(access(&tokens)).await["exp"], START + 30);
        issuer.wait(1).await;
        assert_eq!(app.introspect(access(&tokens)).await["active"], false);
    }
}

/// RFC 9068 §2.2.3.1: roles come with their scope alone.
#[tokio::test]
async fn section_2_2_3_1_roles_come_with_their_scope() {
    let issuer = Issuer::start().await;
    issuer.full_user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let tokens = app.tokens("alice").await;
    assert!(claims(access(&tokens)).get("roles").is_none());
}

/// CLK-03: a token that one node issues counts on another whose clock is behind.
#[tokio::test]
async fn clk_03_a_clock_that_is_behind_accepts_young_tokens() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = crate::actors::Browser::new(&issuer);
    issuer.wait(100).await;
    let code = app.code(&mut browser, "alice").await;
    let tokens = app.redeem(&code).await.granted();
    issuer.clock.advance(-5);
    assert_eq!(app.userinfo(access(&tokens)).await.status, 200);
}
