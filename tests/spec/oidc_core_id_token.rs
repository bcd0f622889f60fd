//! ID tokens. OIDC Core §2, §3.1.3.

use doorward::protocol::{client::ClientMetadata, jose::SigningAlg};
use serde_json::{Value, json};

use crate::actors::{
    Browser, Issuer, RelyingParty,
    clock::START,
    issuer::ISSUER,
    relying_party::{claims, jose_header, response_parameters, web_app},
};

fn id_token(tokens: &Value) -> &str {
    tokens["id_token"].as_str().unwrap()
}

/// Core §2: what a plain ID token says, and nothing else. §5.4: claims of a scope belong to UserInfo.
#[tokio::test]
async fn section_2_the_claims_of_a_plain_id_token() {
    let issuer = Issuer::start().await;
    let alice = issuer.full_user("alice").await;
    let app = RelyingParty::web(&issuer).await.asking("openid profile email address phone");
    let mut browser = Browser::new(&issuer);
    let code = app.code(&mut browser, "alice").await;
    issuer.wait(7).await;
    let tokens = app.redeem(&code).await.granted();
    let token = claims(id_token(&tokens));
    let expected = json!({
        "iss": ISSUER, "sub": alice.id.to_string(), "aud": "notes", "azp": "notes",
        "iat": START + 7, "exp": START + 607, "auth_time": START, "nonce": "the nonce",
        "acr": token["acr"], "amr": ["pwd"], "at_hash": token["at_hash"], "sid": token["sid"],
    });
    assert_eq!(token, expected);
    assert!(token["acr"].is_string() && token["sid"].is_string());
}

/// Core §2: `sub` has at most 255 ASCII characters, and is the same at every sign-in and everywhere.
#[tokio::test]
async fn section_2_sub_is_the_same_everywhere() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let (one, other) = (app.tokens("alice").await, app.tokens("alice").await);
    let sub = claims(id_token(&one))["sub"].as_str().unwrap().to_owned();
    assert!(sub.is_ascii() && (1..=255).contains(&sub.len()));
    assert_eq!(claims(id_token(&other))["sub"], sub.as_str());
    let access = one["access_token"].as_str().unwrap();
    assert_eq!(app.userinfo(access).await.json()["sub"], sub.as_str());
    assert_eq!(app.introspect(access).await["sub"], sub.as_str());
    assert_eq!(claims(access)["sub"], sub.as_str());
}

/// Core §2, §3.1.3.7, Registration §2: signed with the registered algorithm, RS256 by default, by a key
/// of the JWKS that `kid` names.
#[tokio::test]
async fn section_2_signed_with_the_registered_algorithm() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let default = RelyingParty::web(&issuer).await.tokens("alice").await;
    assert_eq!(jose_header(id_token(&default))["alg"], "RS256");
    for alg in SigningAlg::ALL {
        let metadata = ClientMetadata { id_token_signed_response_alg: alg, ..web_app() };
        let app = RelyingParty::register(&issuer, &alg.name().to_lowercase(), metadata).await;
        let tokens = app.tokens("alice").await;
        let header = jose_header(id_token(&tokens));
        assert_eq!((&header["alg"], &header["typ"]), (&json!(alg.name()), &json!("JWT")));
        assert!(verifies(&issuer, id_token(&tokens), alg).await, "{alg}");
    }
}

/// Whether the key of the JWKS that the token names has signed it, in the eyes of another library.
pub(crate) async fn verifies(issuer: &Issuer, token: &str, alg: SigningAlg) -> bool {
    let keys: jsonwebtoken::jwk::JwkSet =
        serde_json::from_str(&issuer.fetch("/jwks").await.text()).unwrap();
    let header = jsonwebtoken::decode_header(token).unwrap();
    let Some(jwk) = keys.find(&header.kid.unwrap()) else { return false };
    let key = jsonwebtoken::DecodingKey::from_jwk(jwk).unwrap();
    // The test's clock is not the machine's.
    let mut validation = jsonwebtoken::Validation::new(alg.name().parse().unwrap());
    (validation.validate_exp, validation.validate_aud) = (false, false);
    validation.required_spec_claims.clear();
    jsonwebtoken::decode::<Value>(token, &key, &validation).is_ok()
}

/// Core §3.1.3.6: `at_hash` is the left half of the access token's hash by the hash of `alg`.
#[tokio::test]
async fn section_3_1_3_6_at_hash_is_of_the_access_token() {
    use base64ct::{Base64UrlUnpadded, Encoding};
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    for alg in SigningAlg::ALL {
        let metadata = ClientMetadata { id_token_signed_response_alg: alg, ..web_app() };
        let app = RelyingParty::register(&issuer, &alg.name().to_lowercase(), metadata).await;
        let tokens = app.tokens("alice").await;
        let algorithm = match alg {
            SigningAlg::RS256 | SigningAlg::PS256 | SigningAlg::ES256 => &aws_lc_rs::digest::SHA256,
            SigningAlg::EdDSA => &aws_lc_rs::digest::SHA512,
        };
        let access = tokens["access_token"].as_str().unwrap();
        let hash = aws_lc_rs::digest::digest(algorithm, access.as_bytes());
        let half = &hash.as_ref()[..hash.as_ref().len() / 2];
        let expected = Base64UrlUnpadded::encode_string(half);
        assert_eq!(claims(id_token(&tokens))["at_hash"], expected.as_str(), "{alg}");
    }
}

/// Core §2: `nonce` is that of the request, byte for byte, and absent when none was sent.
#[tokio::test]
async fn section_2_nonce_is_the_one_of_the_request() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let long = "n".repeat(256);
    for nonce in ["n-0S6_WzA2Mj", "a b+c%20&=#\"<é>", long.as_str()] {
        let tokens = app.clone().with("nonce", nonce).tokens("alice").await;
        assert_eq!(claims(id_token(&tokens))["nonce"], nonce);
    }
    let tokens = app.with("nonce", "").tokens("alice").await;
    assert!(claims(id_token(&tokens)).get("nonce").is_none());
}

/// Core §2: `auth_time` is when the user signed in, not when the token was issued.
#[tokio::test]
async fn section_2_auth_time_is_that_of_the_sign_in() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.with("max_age", "10000");
    let mut browser = Browser::new(&issuer);
    app.code(&mut browser, "alice").await;
    issuer.wait(1_000).await;
    let code = app.code(&mut browser, "alice").await;
    let token = claims(id_token(&app.redeem(&code).await.granted()));
    assert_eq!((&token["auth_time"], &token["iat"]), (&json!(START), &json!(START + 1_000)));
}

/// Core §5.4, §5.5: claims stand in the ID token when the `claims` parameter asks for them there.
#[tokio::test]
async fn section_5_5_the_claims_parameter_puts_claims_into_the_id_token() {
    let issuer = Issuer::start().await;
    issuer.full_user("alice").await;
    let asked = r#"{"id_token": {"email": null, "given_name": {"essential": true}, "x": null}}"#;
    let app = RelyingParty::web(&issuer).await.with("claims", asked);
    let token = claims(id_token(&app.tokens("alice").await));
    assert_eq!(token["email"], "alice@example.com");
    assert_eq!(token["given_name"], "Alice");
    for absent in ["x", "family_name", "email_verified"] {
        assert!(token.get(absent).is_none(), "{absent}");
    }
}

/// The `roles` scope puts the names of the roles into the ID token; without it they are nobody's
/// business.
#[tokio::test]
async fn roles_come_with_their_scope() {
    let issuer = Issuer::start().await;
    issuer.full_user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let with = claims(id_token(&app.clone().asking("openid roles").tokens("alice").await));
    assert_eq!(with["roles"], json!(["moderator", "user"]));
    assert!(claims(id_token(&app.tokens("alice").await)).get("roles").is_none());
}

/// Core §5.3.2: no claim is null or empty.
#[tokio::test]
async fn section_5_3_2_nothing_is_null_or_empty() {
    let issuer = Issuer::start().await;
    issuer.user("bob").await;
    let asked = r#"{"id_token": {"email": null, "name": null, "address": null}}"#;
    let app = RelyingParty::web(&issuer).await.asking("openid roles").with("claims", asked);
    let token = claims(id_token(&app.tokens("bob").await));
    for (name, value) in token.as_object().unwrap() {
        let empty = [json!(null), json!(""), json!([]), json!({}), json!("null")].contains(value);
        assert!(!empty, "{name}: {value}");
    }
}

/// Core §8: subject identifiers are public: every client is told the same `sub`.
#[tokio::test]
async fn section_8_every_client_is_told_the_same_sub() {
    let issuer = Issuer::start().await;
    let alice = issuer.user("alice").await;
    for app in [RelyingParty::web(&issuer).await, RelyingParty::public(&issuer).await] {
        let tokens = app.tokens("alice").await;
        assert_eq!(claims(id_token(&tokens))["sub"], alice.id.to_string());
        let access = tokens["access_token"].as_str().unwrap();
        assert_eq!(app.userinfo(access).await.json()["sub"], alice.id.to_string());
    }
}

/// Core §3.1.2.1, §2: of the `acr_values` that are asked for, by the request or by the registration, the
/// one that was met is in the ID token; when none was, what was reached is.
#[tokio::test]
async fn section_3_1_2_1_acr_is_what_was_reached() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let pwd = "urn:doorward:acr:pwd";
    let app = RelyingParty::web(&issuer).await;
    for asked in [pwd, "phrh phr urn:doorward:acr:pwd", "urn:mace:x"] {
        let tokens = app.clone().with("acr_values", asked).tokens("alice").await;
        assert_eq!(claims(id_token(&tokens))["acr"], pwd, "{asked}");
    }
    let default_acr_values = vec!["phr".to_owned(), pwd.to_owned()];
    let metadata = ClientMetadata { default_acr_values, ..web_app() };
    let app = RelyingParty::register(&issuer, "careful", metadata).await;
    assert_eq!(claims(id_token(&app.tokens("alice").await))["acr"], pwd);
}

/// Registration §2, Core §2: with `require_auth_time` or `default_max_age`, every ID token has `auth_time`, a
/// number; and a sign-in that is older than `default_max_age` does not do.
#[tokio::test]
async fn registration_section_2_auth_time_and_default_max_age_are_honoured() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    for (id, require_auth_time, default_max_age) in
        [("required", true, None), ("aged", false, Some(60))]
    {
        let metadata = ClientMetadata { require_auth_time, default_max_age, ..web_app() };
        let app = RelyingParty::register(&issuer, id, metadata).await;
        let mut browser = Browser::new(&issuer);
        let code = app.code(&mut browser, "alice").await;
        let token = claims(id_token(&app.redeem(&code).await.granted()));
        assert!(token["auth_time"].is_i64(), "{token}");
        issuer.wait(61).await;
        let silent = app.clone().with("prompt", "none");
        let answer = response_parameters(&browser.open(&silent.authorize_url()).await.away());
        let error = answer.get("error").map(String::as_str);
        assert_eq!(error, default_max_age.map(|_| "login_required"), "{id}");
        // What the request says counts instead.
        let silent = silent.with("max_age", "3600");
        let answer = response_parameters(&browser.open(&silent.authorize_url()).await.away());
        assert!(answer.contains_key("code"), "{id}");
    }
}
