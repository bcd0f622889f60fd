//! Attack group 6, and section H of the protocol checklist.

use base64ct::{Base64, Encoding};
use serde_json::{Value, json};

use super::*;
use crate::{
    protocol::{
        client::ClientMetadata,
        error::{ErrorCode, OAuthError},
        jose::{Alg, JwkSet, JwtError, JwtType, SigningAlg, test_key},
    },
    types::{Redeemed, epoch::DatabaseEpoch, id::ClientSecretId},
};

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
const SECRET: &str = "correct horse battery staple, long enough for HS256";
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn issuer() -> Issuer {
    Issuer::parse("https://id.example").unwrap()
}

/// At the first epoch of the database.
fn authenticate_now(
    client: &Arc<Client>,
    presented: &PresentedCredentials,
    secrets: &[Zeroizing<Vec<u8>>],
) -> Result<Proof, ClientAuthError> {
    let policy = AuthPolicy { issuer: &issuer(), epoch: DatabaseEpoch::FIRST };
    authenticate(client, presented, secrets, &policy, NOW)
}

fn secret(text: &str, expires_at: Option<i64>) -> ClientSecret {
    ClientSecret {
        id: ClientSecretId::new(NOW, [0; 10]),
        hash: TokenHash::of(TokenKind::ClientSecret, text),
        sealed: None,
        created_at: NOW,
        expires_at: expires_at.map(Timestamp::from_unix),
    }
}

fn client(method: TokenEndpointAuthMethod) -> Client {
    Client {
        id: ClientId::parse("notes").unwrap(),
        status: Status::Enabled,
        created_at: NOW,
        updated_at: NOW,
        metadata: ClientMetadata {
            token_endpoint_auth_method: method,
            jwks: Some(JwkSet::of([test_key(SigningAlg::ES256).public_jwk().clone()])),
            ..ClientMetadata::default()
        },
        secrets: vec![secret(SECRET, None)],
        roles: std::collections::BTreeSet::new(),
    }
}

fn basic(id: &str, secret: &str) -> PresentedCredentials {
    let header = format!("Basic {}", Base64::encode_string(format!("{id}:{secret}").as_bytes()));
    PresentedCredentials::read(Some(&header), &AuthParameters::default()).unwrap()
}

fn post(secret: &str) -> PresentedCredentials {
    let parameters = AuthParameters {
        client_id: Some("notes"),
        client_secret: Some(secret),
        ..AuthParameters::default()
    };
    PresentedCredentials::read(None, &parameters).unwrap()
}

fn nothing() -> PresentedCredentials {
    let parameters = AuthParameters { client_id: Some("notes"), ..AuthParameters::default() };
    PresentedCredentials::read(None, &parameters).unwrap()
}

fn asserted(assertion: &str) -> PresentedCredentials {
    let parameters = AuthParameters {
        client_id: Some("notes"),
        client_assertion_type: Some(JWT_BEARER),
        client_assertion: Some(assertion),
        ..AuthParameters::default()
    };
    PresentedCredentials::read(None, &parameters).unwrap()
}

fn run(client: Client, presented: &PresentedCredentials) -> Result<Proof, ClientAuthError> {
    let secrets = [Zeroizing::new(SECRET.as_bytes().to_vec())];
    authenticate_now(&Arc::new(client), presented, &secrets)
}

fn claims() -> Value {
    json!({
        "iss": "notes", "sub": "notes", "aud": "https://id.example", "jti": "1",
        "iat": 1_800_000_000, "exp": 1_800_000_060,
    })
}

fn signed(claims: &Value) -> String {
    test_key(SigningAlg::ES256).sign(JwtType::Jwt, claims).unwrap()
}

fn hs256(claims: &Value, secret: &[u8]) -> String {
    let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    let key = jsonwebtoken::EncodingKey::from_secret(secret);
    jsonwebtoken::encode(&header, claims, &key).unwrap()
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

fn assertion_error(claims: &Value) -> AssertionError {
    match run(client(TokenEndpointAuthMethod::PrivateKeyJwt), &asserted(&signed(claims))) {
        Err(ClientAuthError::Assertion(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// CAUTH-07, CAUTH-12: of all methods only the registered one passes.
#[test]
fn only_the_registered_method_passes() {
    let presented = [
        (TokenEndpointAuthMethod::None, nothing()),
        (TokenEndpointAuthMethod::ClientSecretBasic, basic("notes", SECRET)),
        (TokenEndpointAuthMethod::ClientSecretPost, post(SECRET)),
        (TokenEndpointAuthMethod::PrivateKeyJwt, asserted(&signed(&claims()))),
        (TokenEndpointAuthMethod::ClientSecretJwt, asserted(&hs256(&claims(), SECRET.as_bytes()))),
    ];
    for registered in TokenEndpointAuthMethod::ALL {
        for (used, presented) in &presented {
            let result = run(client(*registered), presented);
            assert_eq!(result.is_ok(), registered == used, "{registered:?} {used:?}");
        }
    }
}

/// CAUTH-01, CAUTH-02.
#[test]
fn wrong_missing_and_empty_secrets_fail() {
    let method = TokenEndpointAuthMethod::ClientSecretBasic;
    for wrong in ["", "wrong", &SECRET[1..], &format!("{SECRET} ")] {
        let result = run(client(method), &basic("notes", wrong));
        assert_eq!(result.unwrap_err(), ClientAuthError::WrongSecret, "{wrong}");
    }
    let registered = TokenEndpointAuthMethod::ClientSecretPost;
    let result = run(client(registered), &post(""));
    assert_eq!(result.unwrap_err(), ClientAuthError::MethodNotRegistered { registered });
    let none = PresentedCredentials::read(None, &AuthParameters::default());
    assert_eq!(none.unwrap_err(), ClientAuthError::NoCredentials);
}

#[test]
fn a_client_without_live_secrets_cannot_authenticate() {
    let mut bare = client(TokenEndpointAuthMethod::ClientSecretBasic);
    bare.secrets.clear();
    assert_eq!(run(bare, &basic("notes", "")).unwrap_err(), ClientAuthError::WrongSecret);
}

#[test]
fn two_secrets_live_while_they_are_rotated() {
    let mut rotated = client(TokenEndpointAuthMethod::ClientSecretBasic);
    rotated.secrets = vec![secret("old", Some(NOW.unix() + 1)), secret("new", None)];
    for good in ["old", "new"] {
        assert!(run(rotated.clone(), &basic("notes", good)).is_ok(), "{good}");
    }
    rotated.secrets = vec![secret("old", Some(NOW.unix())), secret("new", None)];
    assert_eq!(run(rotated, &basic("notes", "old")).unwrap_err(), ClientAuthError::WrongSecret);
}

#[test]
fn disabled_and_other_clients_fail() {
    let method = TokenEndpointAuthMethod::ClientSecretBasic;
    let disabled = Client { status: Status::Disabled, ..client(method) };
    let result = run(disabled, &basic("notes", SECRET));
    assert_eq!(result.unwrap_err(), ClientAuthError::ClientDisabled);
    let result = run(client(method), &basic("other", SECRET));
    assert_eq!(result.unwrap_err(), ClientAuthError::UnknownClient);
}

/// CAUTH-03: two methods at once, or two clients.
#[test]
fn methods_do_not_mix() {
    let header = format!("Basic {}", Base64::encode_string(b"notes:secret"));
    let read = |authorization: Option<&str>, parameters: AuthParameters<'_>| {
        PresentedCredentials::read(authorization, &parameters).unwrap_err()
    };
    let base = AuthParameters { client_id: Some("notes"), ..AuthParameters::default() };
    let with_secret = AuthParameters { client_secret: Some("secret"), ..base };
    let with_assertion = AuthParameters {
        client_assertion_type: Some(JWT_BEARER),
        client_assertion: Some("a.b.c"),
        ..base
    };
    let both = AuthParameters { client_secret: Some("secret"), ..with_assertion };
    assert_eq!(read(Some(&header), with_secret), ClientAuthError::MoreThanOneMethod);
    assert_eq!(read(Some(&header), with_assertion), ClientAuthError::MoreThanOneMethod);
    assert_eq!(read(None, both), ClientAuthError::MoreThanOneMethod);
    assert_eq!(read(Some(&header), both), ClientAuthError::MoreThanOneMethod);
    let other = AuthParameters { client_id: Some("other"), ..base };
    assert_eq!(read(Some(&header), other), ClientAuthError::ClientIdMismatch);
    assert!(PresentedCredentials::read(Some(&header), &base).is_ok());
}

#[test]
fn assertions_come_with_their_type() {
    let read = |kind, assertion| {
        let parameters = AuthParameters {
            client_id: Some("notes"),
            client_assertion_type: kind,
            client_assertion: assertion,
            ..AuthParameters::default()
        };
        PresentedCredentials::read(None, &parameters).unwrap_err()
    };
    assert_eq!(read(None, Some("a.b.c")), ClientAuthError::IncompleteAssertion);
    assert_eq!(read(Some(JWT_BEARER), Some("")), ClientAuthError::IncompleteAssertion);
    let saml = Some("urn:ietf:params:oauth:client-assertion-type:saml2-bearer");
    assert_eq!(read(saml, Some("a.b.c")), ClientAuthError::UnsupportedAssertionType);
}

/// CAUTH-13: id and secret are form-urlencoded before Base64.
#[test]
fn basic_credentials_are_form_urlencoded() {
    let text = "a:b%c+d é&=";
    let mut odd = client(TokenEndpointAuthMethod::ClientSecretBasic);
    odd.secrets = vec![secret(text, None)];
    let encoded: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    assert!(run(odd.clone(), &basic("notes", &encoded)).is_ok());
    assert_eq!(run(odd, &basic("notes", text)).unwrap_err(), ClientAuthError::WrongSecret);
}

#[test]
fn unreadable_authorization_fails() {
    let valid = Base64::encode_string(b"notes:secret");
    let no_colon = format!("Basic {}", Base64::encode_string(b"notes"));
    let not_utf8 = format!("Basic {}", Base64::encode_string(&[0xff, b':', 0xff]));
    let hidden = format!("Basic {}", Base64::encode_string(b"notes:%ff"));
    let long = format!("Basic {}", "A".repeat(5_000));
    let bearer = format!("Bearer {valid}");
    for header in ["", "Basic", "Basic ", "Basic !", &no_colon, &not_utf8, &hidden, &long, &bearer]
    {
        let read = PresentedCredentials::read(Some(header), &AuthParameters::default());
        assert_eq!(read.unwrap_err(), ClientAuthError::MalformedAuthorization, "{header}");
    }
    let lower = format!("basic {valid}");
    assert!(PresentedCredentials::read(Some(&lower), &AuthParameters::default()).is_ok());
    let nameless = format!("Basic {}", Base64::encode_string(b":secret"));
    let read = PresentedCredentials::read(Some(&nameless), &AuthParameters::default());
    assert_eq!(read.unwrap_err(), ClientAuthError::MalformedClientId);
}

/// CAUTH-04: an assertion is complete only with the receipt of its own first use.
#[test]
fn an_assertion_is_used_once() {
    let pending = |jti: &str| {
        let presented = asserted(&signed(&with("jti", json!(jti))));
        match run(client(TokenEndpointAuthMethod::PrivateKeyJwt), &presented) {
            Ok(Proof::Assertion(pending)) => pending,
            other => panic!("{other:?}"),
        }
    };
    let (one, two) = (pending("1"), pending("2"));
    assert_ne!(one.single_use().hash, two.single_use().hash);
    assert_eq!(one.single_use().expires_at, Timestamp::from_unix(1_800_000_060));
    let receipt = Redeemed::by_store(*one.single_use());
    assert_eq!(two.complete(&receipt).unwrap_err(), AssertionError::Replayed.into());
    let authenticated = one.complete(&receipt).unwrap();
    assert_eq!(authenticated.method(), TokenEndpointAuthMethod::PrivateKeyJwt);
    assert!(authenticated.require_confidential().is_ok());
}

#[test]
fn without_a_client_id_the_subject_names_the_client() {
    let read = |assertion: &str| {
        let parameters = AuthParameters {
            client_assertion_type: Some(JWT_BEARER),
            client_assertion: Some(assertion),
            ..AuthParameters::default()
        };
        PresentedCredentials::read(None, &parameters)
    };
    assert_eq!(read(&signed(&claims())).unwrap().client_id().as_str(), "notes");
    assert_eq!(read(&signed(&without("sub"))).unwrap_err(), ClientAuthError::NoCredentials);
    assert_eq!(read("a.b").unwrap_err(), JwtError::Segments.into());
}

/// CAUTH-06: the issuer or the token endpoint, and nobody beside it.
#[test]
fn the_audience_is_this_server_alone() {
    let method = TokenEndpointAuthMethod::PrivateKeyJwt;
    for aud in [
        json!("https://id.example"),
        json!("https://id.example/token"),
        json!(["https://id.example"]),
    ] {
        let presented = asserted(&signed(&with("aud", aud.clone())));
        assert!(run(client(method), &presented).is_ok(), "{aud}");
    }
    for aud in [
        json!("https://id.example/"),
        json!("https://id.example/par"),
        json!("https://other.example"),
        json!(["https://id.example", "https://other.example"]),
        json!(["https://id.example", "https://id.example/token"]),
        json!([]),
        json!(""),
    ] {
        assert_eq!(assertion_error(&with("aud", aud.clone())), AssertionError::Audience, "{aud}");
    }
    let missing = AssertionError::Jwt(JwtError::Missing("aud"));
    assert_eq!(assertion_error(&without("aud")), missing);
}

/// CAUTH-09, CAUTH-10.
#[test]
fn assertions_are_of_now_and_short() {
    let method = TokenEndpointAuthMethod::PrivateKeyJwt;
    let now = NOW.unix();
    for (name, ahead) in [("iat", 5), ("nbf", 5), ("exp", 1), ("exp", 600), ("exp", 660)] {
        let presented = asserted(&signed(&with(name, json!(now + ahead))));
        assert!(run(client(method), &presented).is_ok(), "{name} {ahead}");
    }
    for name in ["iat", "nbf"] {
        let error = assertion_error(&with(name, json!(now + 61)));
        assert_eq!(error, AssertionError::Jwt(JwtError::InFuture(name)));
    }
    for far in [661, 3_600, 31_536_000] {
        let error = assertion_error(&with("exp", json!(now + far)));
        assert_eq!(error, AssertionError::TooLongLived, "{far}");
    }
    assert_eq!(assertion_error(&with("exp", json!(now))), JwtError::Expired.into());
    assert_eq!(assertion_error(&without("exp")), JwtError::Missing("exp").into());
}

/// CAUTH-10: issuer and subject are both the client.
#[test]
fn issuer_and_subject_are_the_client() {
    assert_eq!(assertion_error(&with("iss", json!("other"))), JwtError::Issuer.into());
    assert_eq!(assertion_error(&without("iss")), JwtError::Missing("iss").into());
    assert_eq!(assertion_error(&with("sub", json!("other"))), AssertionError::Subject);
    assert_eq!(assertion_error(&without("sub")), JwtError::Missing("sub").into());
}

#[test]
fn a_jti_is_there_and_bounded() {
    assert_eq!(assertion_error(&without("jti")), JwtError::Missing("jti").into());
    for jti in [String::new(), "j".repeat(257)] {
        assert_eq!(assertion_error(&with("jti", json!(jti))), AssertionError::Jti);
    }
}

/// CAUTH-07: the registered algorithm, and no confusion of keys.
#[test]
fn the_registered_algorithm_is_pinned() {
    let mut pinned = client(TokenEndpointAuthMethod::PrivateKeyJwt);
    pinned.metadata.token_endpoint_auth_signing_alg = Some(Alg::PS256);
    let error = run(pinned.clone(), &asserted(&signed(&claims()))).unwrap_err();
    assert_eq!(error, JwtError::Alg.into());
    pinned.metadata.token_endpoint_auth_signing_alg = Some(Alg::ES256);
    assert!(run(pinned.clone(), &asserted(&signed(&claims()))).is_ok());
    pinned.metadata.token_endpoint_auth_signing_alg = Some(Alg::HS256);
    let forged = hs256(&claims(), SECRET.as_bytes());
    assert_eq!(run(pinned, &asserted(&forged)).unwrap_err(), JwtError::Alg.into());
}

#[test]
fn a_client_without_keys_cannot_sign() {
    let mut keyless = client(TokenEndpointAuthMethod::PrivateKeyJwt);
    keyless.metadata.jwks = None;
    let error = run(keyless, &asserted(&signed(&claims()))).unwrap_err();
    assert_eq!(error, AssertionError::NoKeys.into());
}

/// OIDC Core §10.1: the secret is at least as long as the hash.
#[test]
fn a_short_secret_is_no_hmac_key() {
    let short = [Zeroizing::new(b"too short".to_vec())];
    let presented = asserted(&hs256(&claims(), b"too short"));
    let client = Arc::new(client(TokenEndpointAuthMethod::ClientSecretJwt));
    let result = authenticate_now(&client, &presented, &short);
    assert_eq!(result.unwrap_err(), JwtError::SecretTooShort.into());
    let result = authenticate_now(&client, &presented, &[]);
    assert_eq!(result.unwrap_err(), JwtError::UnknownKey.into());
}

#[test]
fn a_public_client_is_told_from_a_confidential_one() {
    let Ok(Proof::Complete(public)) = run(client(TokenEndpointAuthMethod::None), &nothing()) else {
        panic!("a public client needs no proof")
    };
    assert_eq!(public.require_confidential(), Err(ClientAuthError::PublicClient));
}

/// CAUTH-02: the client cannot tell which part of its proof failed.
#[test]
fn failed_proofs_sound_alike() {
    let answer = |error: ClientAuthError| {
        let error = OAuthError::from(error);
        (error.code, error.description)
    };
    let same = answer(ClientAuthError::WrongSecret);
    assert_eq!(same.0, ErrorCode::InvalidClient);
    for error in [
        ClientAuthError::UnknownClient,
        ClientAuthError::ClientDisabled,
        ClientAuthError::NoCredentials,
        AssertionError::Replayed.into(),
        JwtError::Signature.into(),
    ] {
        assert_eq!(answer(error), same);
    }
    for error in [
        ClientAuthError::MoreThanOneMethod,
        ClientAuthError::ClientIdMismatch,
        ClientAuthError::IncompleteAssertion,
    ] {
        assert_eq!(answer(error).0, ErrorCode::InvalidRequest);
    }
}
