//! Client assertions: `private_key_jwt` and `client_secret_jwt`. RFC 7523 §3, OIDC Core §9.

use doorward::{
    protocol::{
        client::{ClientMetadata, TokenEndpointAuthMethod},
        jose::{Alg, JwkSet, SigningAlg},
    },
    service::client_registry::{self, NewSecret},
    types::{ClientId, Secret, audit::Actor},
};
use serde_json::{Value, json};

use crate::actors::{
    Issuer, RelyingParty, Signer,
    access::ROBOT,
    clock::START,
    issuer::{ISSUER, Reply, origin},
    relying_party::machine,
    request::form,
    signer::hmac_jwt,
};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn signing(signer: &Signer) -> ClientMetadata {
    ClientMetadata {
        token_endpoint_auth_method: TokenEndpointAuthMethod::PrivateKeyJwt,
        jwks: Some(signer.jwks()),
        ..machine()
    }
}

fn sharing() -> ClientMetadata {
    let token_endpoint_auth_method = TokenEndpointAuthMethod::ClientSecretJwt;
    ClientMetadata { token_endpoint_auth_method, ..machine() }
}

/// The claims of a right assertion, with a `jti` of its own.
fn claims(jti: &str) -> Value {
    json!({
        "iss": "batch", "sub": "batch", "aud": ISSUER, "jti": jti,
        "iat": START, "exp": START + 60,
    })
}

/// The same with one claim replaced, or taken away by null.
fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims(&format!("{name}={value}"));
    if value.is_null() {
        claims.as_object_mut().unwrap().remove(name);
    } else {
        claims[name] = value;
    }
    claims
}

async fn present(issuer: &Issuer, assertion: &str) -> Reply {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", TYPE),
        ("client_assertion", assertion),
    ];
    issuer.post("/token", &[], &form(&fields)).await
}

async fn with_key(issuer: &Issuer, alg: SigningAlg) -> Signer {
    let signer = Signer::new(alg);
    RelyingParty::register(issuer, "batch", signing(&signer)).await;
    signer
}

/// RFC 7523 §2.2: a right assertion authenticates, with each algorithm, with and without `client_id`.
#[tokio::test]
async fn section_2_2_a_right_assertion_authenticates() {
    for alg in SigningAlg::ALL {
        let issuer = Issuer::start().await;
        let signer = with_key(&issuer, alg).await;
        present(&issuer, &signer.sign(&claims("1"))).await.granted();
        let assertion = signer.sign(&claims("2"));
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", "batch"),
            ("client_assertion_type", TYPE),
            ("client_assertion", &assertion),
        ];
        issuer.post("/token", &[], &form(&fields)).await.granted();
    }
}

/// OIDC Core §9: `client_secret_jwt` is an HMAC with the client's secret.
#[tokio::test]
async fn core_section_9_client_secret_jwt_authenticates() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::register(&issuer, "batch", sharing()).await;
    let secret = app.registered.secret.clone().unwrap();
    let header = json!({ "alg": "HS256" });
    present(&issuer, &hmac_jwt(secret.as_bytes(), &header, &claims("1"))).await.granted();
    let wrong = hmac_jwt(b"another secret of at least 32 bytes", &header, &claims("2"));
    present(&issuer, &wrong).await.is_invalid_client();
    // The secret itself is not the registered method.
    let header = crate::actors::relying_party::basic("batch", &secret);
    let body = "grant_type=client_credentials";
    issuer.post("/token", &[("authorization", &header)], body).await.is_invalid_client();
}

/// OIDC Core §10.1: the secret of an HMAC is at least as long as its hash: 43 characters and a prefix
/// serve HS256, and not HS512.
#[tokio::test]
async fn core_section_10_1_a_short_secret_does_not_serve_a_long_hash() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::register(&issuer, "batch", sharing()).await;
    let secret = app.registered.secret.clone().unwrap();
    assert!(secret.len() < 64, "{}", secret.len());
    let assertion = hmac_jwt(secret.as_bytes(), &json!({ "alg": "HS512" }), &claims("1"));
    present(&issuer, &assertion).await.is_invalid_client();
}

/// OIDC Core §10.1, RFC 7518 §3.2: 32, 48 and 64 bytes are enough for HS256, HS384 and HS512, and one less is
/// not.
#[tokio::test]
async fn core_section_10_1_a_secret_is_as_long_as_the_hash() {
    let issuer = Issuer::start().await;
    for (alg, bytes) in [("HS256", 32), ("HS384", 48), ("HS512", 64)] {
        for (length, serves) in [(bytes - 1, false), (bytes, true), (bytes + 1, true)] {
            // No client has a secret of less than 32 characters.
            let Some(length) = Some(length).filter(|length| *length >= 32) else { continue };
            let (id, secret) = (format!("{}-{length}", alg.to_lowercase()), "s".repeat(length));
            let own = NewSecret::Own(Secret::new(secret.clone()));
            let named = Some(ClientId::parse(&id).unwrap());
            let (ctx, actor) = (&issuer.ctx, Actor::Operator);
            client_registry::create(ctx, named, sharing(), own, actor, &origin()).await.unwrap();
            issuer.give_client(&id, ROBOT).await;
            let mut claims = claims("1");
            (claims["iss"], claims["sub"]) = (json!(id), json!(id));
            let assertion = hmac_jwt(secret.as_bytes(), &json!({ "alg": alg }), &claims);
            let reply = present(&issuer, &assertion).await;
            if serves { drop(reply.granted()) } else { reply.is_invalid_client() }
        }
    }
}

/// CAUTH-04, RFC 7523 §3 item 7: an assertion works once, on whatever node and after a restart, and
/// even when the rest of the request is refused.
#[tokio::test]
async fn cauth_04_a_jti_works_once() {
    let issuer = Issuer::start().await;
    let signer = with_key(&issuer, SigningAlg::ES256).await;
    let assertion = signer.sign(&claims("1"));
    present(&issuer, &assertion).await.granted();
    present(&issuer, &assertion).await.is_invalid_client();
    present(&issuer.another_node().await, &assertion).await.is_invalid_client();
    let again = signer.sign(&claims("1"));
    present(&issuer, &again).await.is_invalid_client();
    let mut later = claims("1");
    later["exp"] = json!(START + 500);
    present(&issuer, &signer.sign(&later)).await.is_invalid_client();

    let refused = signer.sign(&claims("2"));
    let fields = [("client_assertion_type", TYPE), ("client_assertion", refused.as_str())];
    issuer.post("/token", &[], &form(&fields)).await.is_invalid_request();
    present(&issuer, &refused).await.is_invalid_client();
}

/// CAUTH-04: the `jti` of one client is nothing to another.
#[tokio::test]
async fn cauth_04_clients_do_not_share_jtis() {
    let issuer = Issuer::start().await;
    let signer = with_key(&issuer, SigningAlg::ES256).await;
    let other = Signer::new(SigningAlg::ES256);
    RelyingParty::register(&issuer, "other", signing(&other)).await;
    present(&issuer, &signer.sign(&claims("1"))).await.granted();
    let mut theirs = claims("1");
    (theirs["iss"], theirs["sub"]) = (json!("other"), json!("other"));
    present(&issuer, &other.sign(&theirs)).await.granted();
}

/// CAUTH-06, RFC 7523 §3 item 3: the assertion is for this server, alone.
#[tokio::test]
async fn cauth_06_the_audience_is_this_server_alone() {
    let issuer = Issuer::start().await;
    let signer = with_key(&issuer, SigningAlg::ES256).await;
    let token_endpoint = format!("{ISSUER}/token");
    for right in [json!(ISSUER), json!([ISSUER]), json!(token_endpoint)] {
        present(&issuer, &signer.sign(&claims_with("aud", right))).await.granted();
    }
    for wrong in [
        Value::Null,
        json!(""),
        json!([]),
        json!("https://other.example"),
        json!([ISSUER, "https://other.example"]),
        json!([ISSUER, token_endpoint]),
        json!(format!("{ISSUER}/")),
        json!(ISSUER.to_uppercase()),
        json!(format!("{ISSUER}/introspect")),
        json!(format!("{ISSUER}/authorize")),
        json!("id.example"),
        json!({ "a": ISSUER }),
        json!(1),
    ] {
        let assertion = signer.sign(&claims_with("aud", wrong.clone()));
        let reply = present(&issuer, &assertion).await;
        assert_eq!(reply.status, 401, "{wrong}");
        reply.is_invalid_client();
    }
}

/// CAUTH-09 and CLK-01: a client's clock may run up to a minute ahead.
#[tokio::test]
async fn cauth_09_a_clock_may_run_a_minute_ahead() {
    let issuer = Issuer::start().await;
    let signer = with_key(&issuer, SigningAlg::ES256).await;
    for name in ["iat", "nbf"] {
        for ahead in [-100_000, 0, 5, 10, 59, 60] {
            let claims = claims_with(name, json!(START + ahead));
            present(&issuer, &signer.sign(&claims)).await.granted();
        }
        for ahead in [61, 3_600, 1 << 40] {
            let claims = claims_with(name, json!(START + ahead));
            present(&issuer, &signer.sign(&claims)).await.is_invalid_client();
        }
    }
    // Neither is required (RFC 7523 §3 items 5 and 6).
    present(&issuer, &signer.sign(&claims_with("iat", Value::Null))).await.granted();
}

/// CAUTH-10, RFC 7523 §3: `exp` is required, ahead, and near; `iss` and `sub` are the client; `jti` is
/// required and of a sensible length.
#[tokio::test]
async fn cauth_10_claims_are_as_section_3_says() {
    let issuer = Issuer::start().await;
    let signer = with_key(&issuer, SigningAlg::ES256).await;
    RelyingParty::register(&issuer, "other", signing(&Signer::new(SigningAlg::ES256))).await;
    for (name, value) in [
        ("exp", Value::Null),
        ("exp", json!(START)),
        ("exp", json!(START - 1)),
        ("exp", json!(START + 661)),
        ("exp", json!(START + 31_536_000)),
        ("iss", Value::Null),
        ("iss", json!("other")),
        ("iss", json!(ISSUER)),
        ("sub", Value::Null),
        ("sub", json!("other")),
        ("sub", json!("")),
        ("sub", json!("BATCH")),
        ("jti", Value::Null),
        ("jti", json!("")),
        ("jti", json!("j".repeat(257))),
    ] {
        let assertion = signer.sign(&claims_with(name, value.clone()));
        let reply = present(&issuer, &assertion).await;
        assert_eq!(reply.status, 401, "{name}: {value}");
        reply.is_invalid_client();
    }
    present(&issuer, &signer.sign(&claims_with("exp", json!(START + 1)))).await.granted();
    present(&issuer, &signer.sign(&claims_with("exp", json!(START + 660)))).await.granted();
    present(&issuer, &signer.sign(&claims_with("jti", json!("j".repeat(256))))).await.granted();
}

/// JOSE-09 and JOSE-11: a claim of another type is refused, never taken for absent.
#[tokio::test]
async fn jose_09_claims_of_another_type_are_refused() {
    let issuer = Issuer::start().await;
    let signer = with_key(&issuer, SigningAlg::EdDSA).await;
    let texts = [json!([]), json!({}), json!(1), json!(true), json!(["batch"])];
    for name in ["iss", "sub", "jti"] {
        for value in &texts {
            let reply = present(&issuer, &signer.sign(&claims_with(name, value.clone()))).await;
            assert_eq!(reply.status, 401, "{name}: {value}");
        }
    }
    for name in ["exp", "nbf", "iat"] {
        for value in ["\"1\"", "[]", "{}", "true", "null", "-1e308", "1e308", "1e400", "NaN"] {
            let mut claims = claims(&format!("{name}{value}"));
            claims[name] = json!("@");
            let text = claims.to_string().replace("\"@\"", value);
            let assertion = signer.sign_text(&signer.header().to_string(), &text);
            let reply = present(&issuer, &assertion).await;
            assert_eq!(reply.status, 401, "{name}: {value}");
        }
    }
    for value in [i64::MIN.to_string(), i64::MAX.to_string(), u64::MAX.to_string(), "-1".to_owned()]
    {
        let text = claims(&value).to_string().replace(&(START + 60).to_string(), &value);
        let reply = present(&issuer, &signer.sign_text(&signer.header().to_string(), &text)).await;
        assert_eq!(reply.status, 401, "exp: {value}");
    }
}

/// CAUTH-07 and JOSE-02: an HMAC with the public key as its secret, in whatever form, is no signature.
#[tokio::test]
async fn jose_02_a_public_key_is_no_secret() {
    for alg in SigningAlg::ALL {
        let issuer = Issuer::start().await;
        let signer = with_key(&issuer, alg).await;
        let jwk = signer.jwk();
        for (number, secret) in [jwk.to_string(), jwk["n"].to_string(), jwk["x"].to_string()]
            .into_iter()
            .chain([String::new(), "batch".to_owned()])
            .enumerate()
        {
            for name in ["HS256", "HS384", "HS512"] {
                let header = json!({ "alg": name, "kid": jwk["kid"] });
                let claims = claims(&format!("{name} {number}"));
                let assertion = hmac_jwt(secret.as_bytes(), &header, &claims);
                present(&issuer, &assertion).await.is_invalid_client();
            }
        }
    }
}

/// CAUTH-07: the registered algorithm is the only one, also among those of the same key.
#[tokio::test]
async fn cauth_07_the_registered_algorithm_is_pinned() {
    let issuer = Issuer::start().await;
    let pss = Signer::new(SigningAlg::PS256);
    let metadata = ClientMetadata {
        token_endpoint_auth_signing_alg: Some(Alg::PS256),
        jwks: Some(
            JwkSet::parse(&json!({ "keys": [without_alg(&pss.jwk())] }).to_string()).unwrap(),
        ),
        ..signing(&pss)
    };
    RelyingParty::register(&issuer, "batch", metadata).await;
    present(&issuer, &pss.sign(&claims("1"))).await.granted();
    let pkcs1 = pss.using(SigningAlg::RS256);
    present(&issuer, &pkcs1.sign(&claims("2"))).await.is_invalid_client();
}

fn without_alg(jwk: &Value) -> Value {
    let mut jwk = jwk.clone();
    jwk.as_object_mut().unwrap().remove("alg");
    jwk
}

/// CAUTH-11: a `kid` only chooses among the client's own keys, whatever it looks like.
#[tokio::test]
async fn cauth_11_a_kid_points_nowhere() {
    let issuer = Issuer::start().await;
    let signer = with_key(&issuer, SigningAlg::ES256).await;
    let other = Signer::new(SigningAlg::ES256);
    RelyingParty::register(&issuer, "other", signing(&other)).await;
    let long = "k".repeat(8_000);
    let kids = [
        json!("../../../dev/null"),
        json!("' OR '1'='1"),
        json!(""),
        json!(long),
        json!(1),
        json!({}),
        json!(["a"]),
        json!("k\0"),
        other.jwk()["kid"].clone(),
    ];
    for (number, kid) in kids.iter().enumerate() {
        let mut header = signer.header();
        header["kid"] = kid.clone();
        for key in [&signer, &other] {
            let assertion = key.sign_as(&header, &claims(&number.to_string()));
            present(&issuer, &assertion).await.is_invalid_client();
        }
    }
    // Without a kid the only key that fits is tried.
    let header = json!({ "alg": "ES256" });
    present(&issuer, &signer.sign_as(&header, &claims("none"))).await.granted();
    present(&issuer, &other.sign_as(&header, &claims("none2"))).await.is_invalid_client();
}

/// RFC 7521 §4.2: type and assertion come together, and only the type of JWTs is known.
#[tokio::test]
async fn rfc7521_section_4_2_type_and_assertion_belong_together() {
    let issuer = Issuer::start().await;
    let signer = with_key(&issuer, SigningAlg::ES256).await;
    let assertion = signer.sign(&claims("1"));
    let grant = ("grant_type", "client_credentials");
    for fields in [
        vec![grant, ("client_assertion", assertion.as_str())],
        vec![grant, ("client_assertion_type", TYPE)],
        vec![grant, ("client_id", "batch"), ("client_assertion_type", TYPE)],
    ] {
        issuer.post("/token", &[], &form(&fields)).await.is_invalid_request();
    }
    let saml = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer";
    let fields = [grant, ("client_assertion_type", saml), ("client_assertion", &assertion)];
    issuer.post("/token", &[], &form(&fields)).await.is_invalid_client();
    let fields = [
        grant,
        ("client_id", "other"),
        ("client_assertion_type", TYPE),
        ("client_assertion", &assertion),
    ];
    issuer.post("/token", &[], &form(&fields)).await.is_invalid_client();
    present(&issuer, &assertion).await.granted();
}

/// Keys that the client replaced stop working at once.
#[tokio::test]
async fn core_section_10_1_1_a_removed_key_is_refused() {
    let issuer = Issuer::start().await;
    let old = with_key(&issuer, SigningAlg::ES256).await;
    present(&issuer, &old.sign(&claims("1"))).await.granted();
    let new = Signer::new(SigningAlg::ES256);
    issuer.change_client("batch", signing(&new)).await;
    present(&issuer, &old.sign(&claims("2"))).await.is_invalid_client();
    present(&issuer, &new.sign(&claims("3"))).await.granted();
}

/// TOK-12: an assertion is no access token, and an access token is no assertion.
#[tokio::test]
async fn tok_12_assertions_and_access_tokens_are_not_exchanged() {
    let issuer = Issuer::start().await;
    let signer = with_key(&issuer, SigningAlg::ES256).await;
    let assertion = signer.sign(&claims("1"));
    let bearer = format!("Bearer {assertion}");
    let reply = issuer.fetch_with("/userinfo", "authorization", &bearer).await;
    assert_eq!(reply.status, 401);
    let tokens = present(&issuer, &assertion).await.granted();
    let access = tokens["access_token"].as_str().unwrap();
    present(&issuer, access).await.is_invalid_client();
}
