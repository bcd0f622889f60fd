//! JWT access tokens at an API: every rule of the offline check. RFC 9068 §4; and where its keys come from.

use std::{sync::Arc, time::Duration};

use doorward::{
    protocol::{
        client::ClientMetadata,
        jose::{Alg, SigningAlg},
    },
    resource_server::Builder,
    service::key_rotation,
    types::audit::Actor,
};
use serde_json::{Value, json};

use crate::actors::{
    Api, Issuer, RelyingParty, Signer,
    api::{AUDIENCE, Line},
    clock::{MockClock, START},
    issuer::{ISSUER, origin},
    relying_party::{jose_header, machine, web_app},
    signer::hmac_jwt,
};

const METADATA: &str = "/.well-known/oauth-authorization-server";

/// An API whose issuer is a key of the test's own.
struct Scene {
    clock: Arc<MockClock>,
    signer: Signer,
    api: Api,
}

impl Scene {
    fn new() -> Self {
        Self::with(|builder| builder)
    }

    fn with(adjust: impl FnOnce(Builder) -> Builder) -> Self {
        let (clock, signer) = (Arc::new(MockClock::default()), Signer::new(SigningAlg::ES256));
        let api = Api::with(Line::to_foreign(&signer), &clock, adjust);
        Self { clock, signer, api }
    }

    fn header(&self) -> Value {
        let mut header = self.signer.header();
        header["typ"] = json!("at+jwt");
        header
    }

    fn token(&self) -> String {
        self.signer.sign_as(&self.header(), &claims())
    }

    #[track_caller]
    fn signed(&self, claims: &Value) -> String {
        self.signer.sign_as(&self.header(), claims)
    }

    /// The status for `token`, which is 200 or a well-formed 401 `invalid_token`.
    async fn status(&self, token: &str) -> u16 {
        let reply = self.api.me(token).await;
        if reply.status != 200 {
            reply.refused_by_api(401, "invalid_token");
        }
        reply.status.as_u16()
    }
}

/// The claims of a good token. RFC 9068 §2.2.
fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "alice", "aud": AUDIENCE, "client_id": "notes", "jti": "1",
        "iat": START, "exp": START + 600, "scope": "notes:read",
    })
}

/// A good token's claims with `name` set to `value`, or left out for null.
fn altered(name: &str, value: Value) -> Value {
    let mut claims = claims();
    if value.is_null() {
        claims.as_object_mut().unwrap().remove(name);
    } else {
        claims[name] = value;
    }
    claims
}

async fn machine_token(issuer: &Issuer) -> String {
    let metadata = ClientMetadata { access_token_audience: vec![AUDIENCE.to_owned()], ..machine() };
    let app = RelyingParty::register(issuer, "batch", metadata).await;
    token_of(&app).await
}

async fn token_of(app: &RelyingParty<'_>) -> String {
    let tokens = app.token(&[("grant_type", "client_credentials")]).await.granted();
    tokens["access_token"].as_str().unwrap().to_owned()
}

/// RFC 9068 §4: what is as it should be passes, with either spelling of the type.
#[tokio::test]
async fn section_4_a_good_token_passes() {
    let scene = Scene::new();
    assert_eq!(scene.status(&scene.token()).await, 200);
    let mut header = scene.header();
    header["typ"] = json!("application/at+jwt");
    assert_eq!(scene.status(&scene.signer.sign_as(&header, &claims())).await, 200);
    let many = scene.signed(&altered("aud", json!(["https://other.example", AUDIENCE])));
    assert_eq!(scene.status(&many).await, 200);
}

/// RFC 9068 §4: `typ` must be there and be `at+jwt`.
#[tokio::test]
async fn section_4_the_type_is_at_jwt() {
    let scene = Scene::new();
    for typ in [json!("JWT"), json!("at+jwt2"), json!("logout+jwt"), json!("dpop+jwt"), json!(1)] {
        let mut header = scene.header();
        header["typ"] = typ;
        assert_eq!(scene.status(&scene.signer.sign_as(&header, &claims())).await, 401, "{header}");
    }
    let mut header = scene.header();
    header.as_object_mut().unwrap().remove("typ");
    assert_eq!(scene.status(&scene.signer.sign_as(&header, &claims())).await, 401);
}

/// RFC 9068 §4: `iss` is the issuer exactly.
#[tokio::test]
async fn section_4_the_issuer_is_exact() {
    let scene = Scene::new();
    for iss in ["https://id.example/", "https://ID.example", "https://evil.example", ""] {
        let token = scene.signed(&altered("iss", json!(iss)));
        assert_eq!(scene.status(&token).await, 401, "{iss}");
    }
}

/// RFC 9068 §4: `aud` contains this API.
#[tokio::test]
async fn section_4_the_audience_is_this_api() {
    let scene = Scene::new();
    for aud in
        [json!(ISSUER), json!([]), json!(format!("{AUDIENCE}/")), json!(["a", "b"]), json!(1)]
    {
        let token = scene.signed(&altered("aud", aud.clone()));
        assert_eq!(scene.status(&token).await, 401, "{aud}");
    }
}

/// RFC 9068 §2.2: what is required must be there, and be of its type.
#[tokio::test]
async fn section_2_2_required_claims() {
    let scene = Scene::new();
    for name in ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"] {
        for value in [json!(null), json!({}), json!([1]), json!(true)] {
            let token = scene.signed(&altered(name, value.clone()));
            assert_eq!(scene.status(&token).await, 401, "{name} {value}");
        }
    }
    for (name, value) in [("scope", json!(["a"])), ("roles", json!("admin")), ("scope", json!("ä"))]
    {
        let token = scene.signed(&altered(name, value.clone()));
        assert_eq!(scene.status(&token).await, 401, "{name} {value}");
    }
}

/// RFC 9068 §4: dead from the second of `exp` on, also after it was seen alive.
#[tokio::test]
async fn section_4_a_token_ends_with_its_exp() {
    for entries in [0, 100] {
        let scene = Scene::with(|builder| builder.verified_tokens(entries));
        let token = scene.token();
        assert_eq!(scene.status(&token).await, 200);
        scene.clock.advance(599);
        assert_eq!(scene.status(&token).await, 200);
        scene.clock.advance(1);
        assert_eq!(scene.status(&token).await, 401);
        let reply = scene.api.me(&token).await;
        assert_eq!(reply.json()["error_description"], "the access token has expired");
    }
}

/// RFC 9068 §4: leeway is what was set, to the second.
#[tokio::test]
async fn section_4_leeway_is_bounded() {
    let scene = Scene::with(|builder| builder.leeway(Duration::from_secs(30)));
    let token = scene.token();
    scene.clock.advance(629);
    assert_eq!(scene.status(&token).await, 200);
    scene.clock.advance(1);
    assert_eq!(scene.status(&token).await, 401);
}

/// RFC 7519 §4.1.5, §4.1.6: `nbf` and `iat` lie at most a minute ahead.
#[tokio::test]
async fn section_4_a_token_of_the_future_is_refused() {
    let scene = Scene::new();
    for name in ["iat", "nbf"] {
        for (ahead, status) in [(60, 200), (61, 401)] {
            let token = scene.signed(&altered(name, json!(START + ahead)));
            assert_eq!(scene.status(&token).await, status, "{name} {ahead}");
        }
    }
}

/// RFC 9068 §4, RFC 8725 §3.1: `none` is refused, and so is every algorithm that was not allowed, a
/// public key used as the secret of an HMAC among them.
#[tokio::test]
async fn section_4_algorithms_are_a_closed_list() {
    let scene = Scene::new();
    let mut header = scene.header();
    for alg in ["none", "None", "HS256", "ES384", "es256"] {
        header["alg"] = json!(alg);
        let token = hmac_jwt(scene.signer.jwk().to_string().as_bytes(), &header, &claims());
        assert_eq!(scene.status(&token).await, 401, "{alg}");
    }
    let narrow = Scene::with(|builder| builder.algorithms(&[Alg::PS256]));
    assert_eq!(narrow.status(&narrow.token()).await, 401);
}

/// RFC 9068 §4: the signature is of a key that the issuer publishes; a key in the header is none.
#[tokio::test]
async fn section_4_only_published_keys_count() {
    let scene = Scene::new();
    let stranger = Signer::new(SigningAlg::ES256);
    assert_eq!(scene.status(&stranger.sign_as(&scene.header(), &claims())).await, 401);
    for (name, value) in [("jwk", stranger.jwk()), ("jku", json!("https://evil.example/jwks"))] {
        let mut header = scene.header();
        header[name] = value;
        assert_eq!(scene.status(&stranger.sign_as(&header, &claims())).await, 401, "{name}");
    }
    let mut header = scene.header();
    header.as_object_mut().unwrap().remove("kid");
    assert_eq!(scene.status(&scene.signer.sign_as(&header, &claims())).await, 401);
}

/// RFC 9449 §7.2, RFC 8705 §3; K.150: a bound token is not good as a bearer token.
#[tokio::test]
async fn k_150_a_bound_token_is_refused() {
    let scene = Scene::new();
    for cnf in [json!({ "jkt": "x" }), json!({ "x5t#S256": "x" }), json!({})] {
        assert_eq!(scene.status(&scene.signed(&altered("cnf", cnf))).await, 401);
    }
}

/// RFC 9068 §5, §2.1: an ID token of the same issuer is no access token, nor is one for another API.
#[tokio::test]
async fn section_5_an_id_token_is_no_access_token() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let metadata = ClientMetadata { access_token_audience: vec![AUDIENCE.to_owned()], ..web_app() };
    let app = RelyingParty::register(&issuer, "notes", metadata).await;
    let tokens = app.tokens("alice").await;
    let api = Api::of(&issuer);
    let token = |name: &str| tokens[name].as_str().unwrap().to_owned();
    assert_eq!(api.me(&token("access_token")).await.status, 200);
    api.me(&token("id_token")).await.refused_by_api(401, "invalid_token");
    let other = RelyingParty::register(&issuer, "other", web_app()).await.tokens("alice").await;
    let reply = api.me(other["access_token"].as_str().unwrap()).await;
    reply.refused_by_api(401, "invalid_token");
}

/// RFC 8414 §3.3: metadata of another issuer may not be used, to the byte.
#[tokio::test]
async fn rfc8414_section_3_3_the_issuer_of_the_metadata_is_identical() {
    for issuer in ["https://id.example/", "https://ID.example", "https://evil.example"] {
        let scene = Scene::new();
        let metadata = json!({ "issuer": issuer, "jwks_uri": format!("{ISSUER}/jwks") });
        scene.api.line.lie(METADATA, 200, &metadata.to_string());
        scene.api.me(&scene.token()).await.unavailable();
        assert_eq!(scene.api.line.asked("/jwks"), 0, "{issuer}");
    }
}

/// RFC 8414 §3.1, OIDC Discovery §4: an issuer that publishes the one document or the other.
#[tokio::test]
async fn rfc8414_section_3_1_openid_configuration_is_looked_for_as_well() {
    let scene = Scene::new();
    let metadata = json!({ "issuer": ISSUER, "jwks_uri": format!("{ISSUER}/jwks") });
    scene.api.line.lie("/.well-known/openid-configuration", 200, &metadata.to_string());
    scene.api.line.lie(METADATA, 404, "");
    assert_eq!(scene.status(&scene.token()).await, 200);
}

/// Keys and metadata are not taken from a redirect, a failure, a huge answer or a place without TLS.
#[tokio::test]
async fn what_is_no_clean_answer_is_none() {
    let huge = format!("{{\"keys\":[],\"x\":\"{}\"}}", "x".repeat(600 * 1024));
    let private = json!({ "keys": [{ "kty": "oct", "k": "AAAA", "kid": "a" }] }).to_string();
    for (path, status, body) in [
        (METADATA, 302, ""),
        (METADATA, 500, ""),
        (METADATA, 200, "<html>"),
        ("/jwks", 302, ""),
        ("/jwks", 200, "[]"),
        ("/jwks", 200, r#"{"keys":[]}"#),
        ("/jwks", 200, &private),
        ("/jwks", 200, &huge),
        (METADATA, 200, r#"{"issuer":"https://id.example","jwks_uri":"http://id.example/jwks"}"#),
        (METADATA, 200, r#"{"issuer":"https://id.example","jwks_uri":"http://localhost/jwks"}"#),
    ] {
        let scene = Scene::new();
        scene.api.line.lie(path, status, body);
        scene.api.me(&scene.token()).await.unavailable();
    }
}

/// RFC 7517 §5: the keys are fetched once, and again after their max-age.
#[tokio::test]
async fn keys_are_fetched_once_in_their_max_age() {
    let issuer = Issuer::start().await;
    let api = Api::of(&issuer);
    let token = machine_token(&issuer).await;
    for _ in 0..10 {
        assert_eq!(api.me(&token).await.status, 200);
    }
    assert_eq!(api.line.asked("/jwks"), 1);
    issuer.wait(899).await;
    api.me(&token).await;
    assert_eq!(api.line.asked("/jwks"), 1);
    issuer.wait(1).await;
    api.me(&token).await;
    assert_eq!(api.line.asked("/jwks"), 2);
}

/// KEY-01: the issuer rotates its keys, and no token of either key is refused.
#[tokio::test]
async fn a_rotation_goes_unnoticed() {
    let issuer = Issuer::start().await;
    let api = Api::of(&issuer);
    let metadata = ClientMetadata { access_token_audience: vec![AUDIENCE.to_owned()], ..machine() };
    let app = RelyingParty::register(&issuer, "batch", metadata).await;
    let mut kids = std::collections::BTreeSet::new();
    for _ in 0..12 {
        let token = token_of(&app).await;
        kids.insert(jose_header(&token)["kid"].to_string());
        assert_eq!(api.me(&token).await.status, 200);
        issuer.wait(900).await;
        key_rotation::rotate_now(&issuer.ctx, SigningAlg::ES256, Actor::Operator, &origin())
            .await
            .unwrap();
    }
    assert!(kids.len() > 2, "{kids:?}");
}

/// A key that was made a moment ago is found by its unknown `kid`, long before the max-age.
#[tokio::test]
async fn an_unknown_kid_fetches_the_keys_anew() {
    let scene = Scene::new();
    assert_eq!(scene.status(&scene.token()).await, 200);
    let next = Signer::new(SigningAlg::ES256);
    scene.api.line.publish(&[&scene.signer, &next]);
    let mut header = next.header();
    header["typ"] = json!("at+jwt");
    assert_eq!(scene.status(&next.sign_as(&header, &claims())).await, 200);
    assert_eq!(scene.api.line.asked("/jwks"), 2);
}

/// A flood of unknown `kid`s asks the issuer once a minute, and good tokens pass meanwhile.
#[tokio::test]
async fn a_flood_of_unknown_kids_asks_once_a_minute() {
    let scene = Scene::new();
    assert_eq!(scene.status(&scene.token()).await, 200);
    let flood = |round: i64| {
        let mut header = scene.header();
        header["kid"] = json!(format!("unknown {round}"));
        scene.signer.sign_as(&header, &claims())
    };
    for minute in 1..=3 {
        for round in 0..50 {
            assert_eq!(scene.status(&flood(round)).await, 401);
        }
        assert_eq!(scene.status(&scene.token()).await, 200);
        assert_eq!(scene.api.line.asked("/jwks"), 1 + minute);
        scene.clock.advance(60);
    }
}

/// Many tokens at once that need the keys wait for one answer.
#[tokio::test]
async fn many_at_once_ask_once() {
    let scene = Scene::new();
    let token = scene.token();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (validator, token) = (scene.api.validator.clone(), token.clone());
        tasks.spawn(async move { validator.check(&token).await.is_ok() });
    }
    assert!(tasks.join_all().await.into_iter().all(|passed| passed));
    assert_eq!((scene.api.line.asked(METADATA), scene.api.line.asked("/jwks")), (1, 1));
}

/// A caller who hangs up while the keys are on their way does not keep them from anybody.
#[tokio::test]
async fn a_caller_who_hangs_up_does_not_stop_the_reading() {
    let scene = Scene::new();
    let (validator, token) = (scene.api.validator.clone(), scene.token());
    let first = tokio::spawn(async move { validator.check(&token).await.is_ok() });
    while scene.api.line.asked(METADATA) == 0 {
        tokio::task::yield_now().await;
    }
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    assert_eq!(scene.status(&scene.token()).await, 200);
    assert_eq!((scene.api.line.asked(METADATA), scene.api.line.asked("/jwks")), (1, 1));
}

/// The issuer is away: the old keys serve for as long as was set, are asked for once a minute, and then
/// nobody passes.
#[tokio::test]
async fn stale_keys_serve_while_the_issuer_is_away_and_no_longer() {
    let hour = Duration::from_hours(1);
    let scene = Scene::with(|builder| builder.stale_keys(hour));
    let long = scene.signed(&altered("exp", json!(START + 90_000)));
    assert_eq!(scene.status(&long).await, 200);
    scene.api.line.cut();
    scene.clock.advance(900);
    for _ in 0..20 {
        assert_eq!(scene.status(&long).await, 200);
    }
    assert_eq!(scene.api.line.asked(METADATA), 2);
    scene.clock.advance(3_599);
    assert_eq!(scene.status(&long).await, 200);
    scene.clock.advance(1);
    scene.api.me(&long).await.unavailable();
    scene.api.line.mend();
    scene.clock.advance(5);
    assert_eq!(scene.status(&long).await, 200);
}

/// No keys yet and no issuer: nobody passes, a caller without a token is still asked for one, and the
/// API recovers by itself.
#[tokio::test]
async fn without_keys_nobody_passes() {
    let scene = Scene::new();
    scene.api.line.cut();
    for _ in 0..20 {
        scene.api.me(&scene.token()).await.unavailable();
        scene.api.call_with("GET /guest", &scene.token()).await.unavailable();
        scene.api.call_with("POST /sweep", &scene.token()).await.unavailable();
    }
    assert_eq!(scene.api.line.asked(METADATA), 1);
    assert_eq!(scene.api.call("GET /me", &[]).await.status, 401);
    scene.api.line.mend();
    scene.clock.advance(5);
    assert_eq!(scene.status(&scene.token()).await, 200);
}

/// A token of an unknown key while the issuer is away may be good: 503, not 401; and never 200.
#[tokio::test]
async fn an_unknown_kid_while_the_issuer_is_away_is_undecided() {
    let scene = Scene::new();
    assert_eq!(scene.status(&scene.token()).await, 200);
    scene.api.line.cut();
    let mut header = scene.header();
    header["kid"] = json!("unknown");
    let token = scene.signer.sign_as(&header, &claims());
    for _ in 0..5 {
        scene.api.me(&token).await.unavailable();
    }
    assert_eq!(scene.api.line.asked(METADATA), 2);
    assert_eq!(scene.status(&scene.token()).await, 200);
}

/// A key that the issuer took back dies with the next reading, remembered tokens included.
#[tokio::test]
async fn a_key_that_was_taken_back_dies_with_the_next_reading() {
    let scene = Scene::new();
    let long = scene.signed(&altered("exp", json!(START + 90_000)));
    assert_eq!(scene.status(&long).await, 200);
    scene.api.line.publish(&[&Signer::new(SigningAlg::ES256)]);
    scene.clock.advance(899);
    assert_eq!(scene.status(&long).await, 200);
    scene.clock.advance(1);
    assert_eq!(scene.status(&long).await, 401);
}
