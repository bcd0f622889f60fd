//! Client authentication with secrets. RFC 6749 §2.3, OIDC Core §9.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use base64ct::{Base64, Encoding};
use doorward::{
    protocol::{
        client::{ClientMetadata, TokenEndpointAuthMethod},
        jose::SigningAlg,
    },
    service::client_registry::{self, NewSecret},
    types::{
        ClientId, Secret,
        audit::{Action, Actor},
    },
};
use http::{Request, StatusCode, header};
use serde_json::json;

use crate::actors::{
    Issuer, RelyingParty, Signer,
    access::ROBOT,
    clock::START,
    issuer::{ISSUER, Reply, origin},
    relying_party::{basic, encode, machine, public_app, web_app},
    request::form,
    signer::hmac_jwt,
};

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const GRANT: (&str, &str) = ("grant_type", "client_credentials");

fn posting() -> ClientMetadata {
    let token_endpoint_auth_method = TokenEndpointAuthMethod::ClientSecretPost;
    ClientMetadata { token_endpoint_auth_method, ..machine() }
}

fn secret_of<'a>(app: &'a RelyingParty<'_>) -> &'a str {
    app.registered.secret.as_deref().unwrap()
}

async fn with_basic(issuer: &Issuer, value: &str, fields: &[(&str, &str)]) -> Reply {
    issuer.post("/token", &[("authorization", value)], &form(fields)).await
}

/// RFC 6749 §2.3.1 and Core §9: each method works as it was registered.
#[tokio::test]
async fn section_2_3_1_each_method_works_as_registered() {
    let issuer = Issuer::start().await;
    for (id, metadata) in [("basic", machine()), ("post", posting())] {
        let app = RelyingParty::register(&issuer, id, metadata).await;
        app.token(&[GRANT]).await.granted();
    }
}

/// CAUTH-01: no credentials, an empty secret, or nothing that names a client.
#[tokio::test]
async fn cauth_01_no_credentials_are_invalid_client() {
    let issuer = Issuer::start().await;
    RelyingParty::register(&issuer, "basic", machine()).await;
    RelyingParty::register(&issuer, "post", posting()).await;
    for body in [
        form(&[GRANT]),
        form(&[GRANT, ("client_id", "basic")]),
        form(&[GRANT, ("client_id", "post")]),
        form(&[GRANT, ("client_id", "post"), ("client_secret", "")]),
        form(&[GRANT, ("client_secret", "x")]),
        form(&[GRANT, ("client_id", "")]),
    ] {
        issuer.post("/token", &[], &body).await.is_invalid_client();
    }
    for pair in ["basic:", ":", ":secret", "basic"] {
        let value = format!("Basic {}", Base64::encode_string(pair.as_bytes()));
        with_basic(&issuer, &value, &[GRANT]).await.is_invalid_client();
    }
}

/// CAUTH-02: a wrong secret, another client's secret and an unknown client cannot be told apart.
#[tokio::test]
async fn cauth_02_failures_look_alike() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::register(&issuer, "batch", machine()).await;
    let other = RelyingParty::register(&issuer, "other", machine()).await;
    let secret = secret_of(&app);
    let (almost, longer, upper) =
        (&secret[..secret.len() - 1], format!("{secret}A"), secret.to_uppercase());
    let mut answers = Vec::new();
    for (id, tried) in [
        ("batch", "wrong"),
        ("batch", almost),
        ("batch", longer.as_str()),
        ("batch", upper.as_str()),
        ("batch", secret_of(&other)),
        ("nobody", secret),
        ("BATCH", secret),
        ("batch ", secret),
        ("batch\0", secret),
        ("b\u{e4}tch", secret),
        ("' or 1=1 --", secret),
    ] {
        let reply = with_basic(&issuer, &basic(id, tried), &[GRANT]).await;
        reply.is_invalid_client();
        let mut names: Vec<String> = reply.headers.keys().map(ToString::to_string).collect();
        names.sort();
        answers.push((reply.text(), names));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
}

/// CAUTH-03, RFC 6749 §2.3: the client MUST NOT use more than one method in a request.
#[tokio::test]
async fn cauth_03_two_methods_at_once_are_invalid_request() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::register(&issuer, "basic", machine()).await;
    RelyingParty::register(&issuer, "post", posting()).await;
    let header = basic("basic", secret_of(&app));
    let assertion_type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    for fields in [
        vec![GRANT, ("client_secret", secret_of(&app))],
        vec![GRANT, ("client_id", "basic"), ("client_secret", secret_of(&app))],
        vec![GRANT, ("client_assertion_type", assertion_type), ("client_assertion", "a.b.c")],
        vec![GRANT, ("client_id", "post")],
        vec![GRANT, ("client_id", "BASIC")],
    ] {
        with_basic(&issuer, &header, &fields).await.is_invalid_request();
    }
    let both = [
        GRANT,
        ("client_id", "basic"),
        ("client_secret", secret_of(&app)),
        ("client_assertion_type", assertion_type),
        ("client_assertion", "a.b.c"),
    ];
    issuer.post("/token", &[], &form(&both)).await.is_invalid_request();
    // The same client named twice is no contradiction.
    with_basic(&issuer, &header, &[GRANT, ("client_id", "basic")]).await.granted();
}

/// RFC 6749 §2.3: there is one `Authorization` header, and a request with two is refused.
#[tokio::test]
async fn section_2_3_two_authorization_headers_are_invalid_request() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::register(&issuer, "basic", machine()).await;
    let header = basic("basic", secret_of(&app));
    let headers = [("authorization", header.as_str()), ("authorization", header.as_str())];
    issuer.post("/token", &headers, &form(&[GRANT])).await.is_invalid_request();
}

/// CAUTH-07, Core §9: no other method than the registered one.
#[tokio::test]
async fn cauth_07_only_the_registered_method_passes() {
    let issuer = Issuer::start().await;
    let by_header = RelyingParty::register(&issuer, "basic", machine()).await;
    let by_form = RelyingParty::register(&issuer, "post", posting()).await;
    let fields = [GRANT, ("client_id", "basic"), ("client_secret", secret_of(&by_header))];
    issuer.post("/token", &[], &form(&fields)).await.is_invalid_client();
    with_basic(&issuer, &basic("post", secret_of(&by_form)), &[GRANT]).await.is_invalid_client();
}

/// How a client can say who it is. RFC 6749 §2.3, OIDC Core §9.
const METHODS: [TokenEndpointAuthMethod; 5] = [
    TokenEndpointAuthMethod::None,
    TokenEndpointAuthMethod::ClientSecretBasic,
    TokenEndpointAuthMethod::ClientSecretPost,
    TokenEndpointAuthMethod::ClientSecretJwt,
    TokenEndpointAuthMethod::PrivateKeyJwt,
];

/// A request by `app` that proves it by `method`, with whatever the client has: its secret, or else a
/// made-up one, and the key of `signer`.
async fn proving(
    app: &RelyingParty<'_>,
    issuer: &Issuer,
    signer: &Signer,
    (path, method): (&str, TokenEndpointAuthMethod),
) -> Reply {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let made_up = "m".repeat(43);
    let secret = app.registered.secret.as_deref().unwrap_or(&made_up);
    let claims = json!({
        "iss": app.id(), "sub": app.id(), "aud": ISSUER, "exp": START + 60,
        "jti": NEXT.fetch_add(1, Ordering::Relaxed).to_string(),
    });
    let assertion = match method {
        TokenEndpointAuthMethod::PrivateKeyJwt => signer.sign(&claims),
        TokenEndpointAuthMethod::None
        | TokenEndpointAuthMethod::ClientSecretBasic
        | TokenEndpointAuthMethod::ClientSecretPost
        | TokenEndpointAuthMethod::ClientSecretJwt => {
            hmac_jwt(secret.as_bytes(), &json!({ "alg": "HS256" }), &claims)
        }
    };
    let asked = [GRANT, ("token", "x"), ("refresh_token", "x")];
    let basic = basic(app.id(), secret);
    let (headers, more) = match method {
        TokenEndpointAuthMethod::None => (vec![], vec![("client_id", app.id())]),
        TokenEndpointAuthMethod::ClientSecretBasic => {
            (vec![("authorization", basic.as_str())], vec![])
        }
        TokenEndpointAuthMethod::ClientSecretPost => {
            (vec![], vec![("client_id", app.id()), ("client_secret", secret)])
        }
        TokenEndpointAuthMethod::ClientSecretJwt | TokenEndpointAuthMethod::PrivateKeyJwt => {
            (vec![], vec![("client_assertion_type", JWT_BEARER), ("client_assertion", &assertion)])
        }
    };
    issuer.post(path, &headers, &form(&[&asked[..], &more].concat())).await
}

/// CAUTH-07, CAUTH-12: every method against a client of every other one, at every endpoint: also by
/// whoever has the client's secret or key, and for one that claims to be public.
#[tokio::test]
async fn cauth_07_every_other_method_is_refused_everywhere() {
    let issuer = Issuer::start().await;
    let signer = Signer::new(SigningAlg::ES256);
    for registered in METHODS {
        let metadata = ClientMetadata { token_endpoint_auth_method: registered, ..machine() };
        let metadata = match registered {
            TokenEndpointAuthMethod::None => public_app(),
            TokenEndpointAuthMethod::PrivateKeyJwt => {
                ClientMetadata { jwks: Some(signer.jwks()), ..metadata }
            }
            TokenEndpointAuthMethod::ClientSecretBasic
            | TokenEndpointAuthMethod::ClientSecretPost
            | TokenEndpointAuthMethod::ClientSecretJwt => metadata,
        };
        let app = RelyingParty::register(&issuer, &format!("by-{registered:?}"), metadata).await;
        for presented in METHODS {
            for path in ["/token", "/introspect", "/revoke"] {
                let reply = proving(&app, &issuer, &signer, (path, presented)).await;
                if presented != registered {
                    reply.is_invalid_client();
                } else if registered == TokenEndpointAuthMethod::None {
                    // Known, but it may not act for itself, and introspects nothing.
                    assert_eq!(reply.status.is_success(), path == "/revoke", "{path}");
                } else {
                    assert_eq!(reply.status, 200, "{registered:?} {path}: {}", reply.text());
                }
            }
        }
    }
}

/// CAUTH-02: in the form and by assertion as well, an unknown client fails like a known one.
#[tokio::test]
async fn cauth_02_failures_look_alike_by_every_method() {
    let issuer = Issuer::start().await;
    let signer = Signer::new(SigningAlg::ES256);
    let by_key = ClientMetadata {
        token_endpoint_auth_method: TokenEndpointAuthMethod::PrivateKeyJwt,
        jwks: Some(signer.jwks()),
        ..machine()
    };
    RelyingParty::register(&issuer, "post", posting()).await;
    let known = RelyingParty::register(&issuer, "key", by_key).await;
    let mut unknown = known.clone();
    unknown.registered.client.id = ClientId::parse("nobody").unwrap();
    let stranger = Signer::new(SigningAlg::ES256);
    for path in ["/token", "/introspect", "/revoke"] {
        let mut told = Vec::new();
        for id in ["post", "key", "nobody"] {
            let fields = [GRANT, ("token", "x"), ("client_id", id), ("client_secret", "wrong")];
            told.push(issuer.post(path, &[], &form(&fields)).await);
        }
        let by_assertion = TokenEndpointAuthMethod::PrivateKeyJwt;
        for (app, key) in [(&known, &stranger), (&unknown, &stranger), (&unknown, &signer)] {
            told.push(proving(app, &issuer, key, (path, by_assertion)).await);
        }
        for reply in &told {
            reply.is_invalid_client();
            assert_eq!(reply.body, told[0].body, "{path}");
        }
    }
}

/// CAUTH-13: each character that form encoding changes, by itself: raw, the pair is another secret's,
/// and is not tried as it stands.
#[tokio::test]
async fn cauth_13_a_raw_secret_is_not_guessed_at() {
    let issuer = Issuer::start().await;
    for (number, sign) in ["+", "%41", "%2B", "%25"].iter().enumerate() {
        let (id, secret) = (format!("client{number}"), format!("{}{sign}", "s".repeat(40)));
        let own = NewSecret::Own(Secret::new(secret.clone()));
        let parsed = Some(ClientId::parse(&id).unwrap());
        client_registry::create(&issuer.ctx, parsed, machine(), own, Actor::Operator, &origin())
            .await
            .unwrap();
        issuer.give_client(&id, ROBOT).await;
        with_basic(&issuer, &basic(&id, &secret), &[GRANT]).await.granted();
        let raw = format!("Basic {}", Base64::encode_string(format!("{id}:{secret}").as_bytes()));
        with_basic(&issuer, &raw, &[GRANT]).await.is_invalid_client();
    }
}

/// CAUTH-12: a public client has no secret, and a confidential one cannot claim to be public.
#[tokio::test]
async fn cauth_12_public_and_confidential_are_not_exchanged() {
    let issuer = Issuer::start().await;
    let public = RelyingParty::register(&issuer, "spa", public_app()).await;
    let grant = [("grant_type", "refresh_token"), ("refresh_token", "dwr_x")];
    public.token(&grant).await.is_invalid_grant();
    for secret in ["", "secret"] {
        with_basic(&issuer, &basic("spa", secret), &grant).await.is_invalid_client();
    }
    let body = form(&[grant[0], grant[1], ("client_id", "spa"), ("client_secret", "secret")]);
    issuer.post("/token", &[], &body).await.is_invalid_client();

    RelyingParty::register(&issuer, "web", web_app()).await;
    let body = form(&[grant[0], grant[1], ("client_id", "web")]);
    issuer.post("/token", &[], &body).await.is_invalid_client();
}

/// CAUTH-13, RFC 6749 §2.3.1: id and secret are form-encoded before Base64; a raw pair that would mean
/// something else is not guessed at.
#[tokio::test]
async fn cauth_13_basic_credentials_are_form_encoded() {
    let issuer = Issuer::start().await;
    let id = ClientId::parse("a:b%c+d").unwrap();
    let secret = "s:%41+e&=/?#[]@!$'()*,;abcdefghij";
    let own = NewSecret::Own(Secret::new(secret.to_owned()));
    let (ctx, actor) = (&issuer.ctx, Actor::Operator);
    client_registry::create(ctx, Some(id), machine(), own, actor, &origin()).await.unwrap();
    issuer.give_client("a:b%c+d", ROBOT).await;
    with_basic(&issuer, &basic("a:b%c+d", secret), &[GRANT]).await.granted();
    let raw = format!("Basic {}", Base64::encode_string(format!("a:b%c+d:{secret}").as_bytes()));
    with_basic(&issuer, &raw, &[GRANT]).await.is_invalid_client();
}

/// RFC 7617 §2, RFC 9110 §11.1: the scheme's case does not matter; what is no Basic is refused.
#[tokio::test]
async fn rfc7617_section_2_the_header_is_read_exactly() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::register(&issuer, "batch", machine()).await;
    let pair = basic("batch", secret_of(&app));
    let encoded = pair.strip_prefix("Basic ").unwrap();
    for scheme in ["basic", "BASIC", "bAsIc"] {
        with_basic(&issuer, &format!("{scheme} {encoded}"), &[GRANT]).await.granted();
    }
    for malformed in [
        format!("Bearer {encoded}"),
        format!("Basic{encoded}"),
        encoded.to_owned(),
        "Basic".to_owned(),
        "Basic ".to_owned(),
        "Basic !!!".to_owned(),
        format!("Basic {encoded},Basic {encoded}"),
        format!("Basic {}", encoded.repeat(200)),
        format!("Basic {}", Base64::encode_string(b"batch")),
        format!("Basic {}", Base64::encode_string(b"batch:\xff\xfe")),
        format!("Basic {}", Base64::encode_string(b"batch:%ff")),
    ] {
        with_basic(&issuer, &malformed, &[GRANT]).await.is_invalid_client();
    }
}

/// CAUTH-16: wrong secrets of an outsider slow the outsider's network down, and never lock the client
/// out.
#[tokio::test]
async fn cauth_16_an_outsider_cannot_lock_a_client_out() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::register(&issuer, "batch", machine()).await;
    let wrong = basic("batch", "wrong");
    let mut refused = None;
    for _ in 0..2_000 {
        let request = Request::post("/token")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::AUTHORIZATION, &wrong)
            .body(form(&[GRANT]))
            .unwrap();
        let reply = issuer.send_from("198.51.100.7:1", request).await;
        if reply.status == StatusCode::TOO_MANY_REQUESTS {
            refused = Some(reply);
            break;
        }
        reply.is_invalid_client();
    }
    let refused = refused.expect("the outsider is slowed down");
    let wait: i64 = refused.header(header::RETRY_AFTER).parse().unwrap();
    app.token(&[GRANT]).await.granted();
    issuer.wait(wait).await;
    let there = app.request("/token", &[GRANT]);
    issuer.send_from("198.51.100.7:1", there).await.granted();
}

/// CAUTH-16: failures count together, by whatever method and at whatever endpoint; the client itself, from
/// elsewhere, is kept from nothing.
#[tokio::test]
async fn cauth_16_an_outsider_does_not_begin_anew_at_another_door() {
    let issuer = Issuer::start_with(|policy| policy.lockout.network.burst = 9).await;
    let app = RelyingParty::register(&issuer, "batch", machine()).await;
    let mut outsider = app.clone();
    outsider.registered.secret = Some("wrong".repeat(10));
    let stranger = Signer::new(SigningAlg::ES256);
    let methods = [
        TokenEndpointAuthMethod::ClientSecretBasic,
        TokenEndpointAuthMethod::ClientSecretPost,
        TokenEndpointAuthMethod::PrivateKeyJwt,
    ];
    for path in ["/token", "/introspect", "/revoke"] {
        for method in methods {
            proving(&outsider, &issuer, &stranger, (path, method)).await.is_invalid_client();
        }
    }
    for path in ["/token", "/introspect", "/revoke"] {
        for method in methods {
            let reply = proving(&outsider, &issuer, &stranger, (path, method)).await;
            assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS, "{path} {method:?}");
            assert!(reply.header(header::RETRY_AFTER).parse::<u64>().unwrap() > 0);
        }
    }
    // The operator hears of it, once.
    let told = issuer.events(Action::ClientsLimited).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].detail, r#"{"limit":"network"}"#);
    let elsewhere = app.request("/token", &[GRANT]);
    issuer.send_from("198.51.100.7:1", elsewhere).await.granted();
}

/// A disabled client is refused everywhere, in the words of an unknown one; enabled again, it works.
#[tokio::test]
async fn a_disabled_client_is_invalid_client_everywhere() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::register(&issuer, "batch", machine()).await;
    let id = &app.registered.client.id;
    client_registry::disable(&issuer.ctx, id, Actor::Operator, &origin()).await.unwrap();
    for path in ["/token", "/introspect", "/revoke"] {
        app.call(path, &[GRANT, ("token", "x")]).await.is_invalid_client();
    }
    client_registry::enable(&issuer.ctx, id, Actor::Operator, &origin()).await.unwrap();
    app.token(&[GRANT]).await.granted();
    client_registry::delete(&issuer.ctx, id, Actor::Operator, &origin()).await.unwrap();
    app.token(&[GRANT]).await.is_invalid_client();
}

/// A secret is rotated without a gap: both work while they overlap, then the new one alone.
#[tokio::test]
async fn secrets_overlap_while_they_are_rotated() {
    let issuer = Issuer::start().await;
    let old = RelyingParty::register(&issuer, "batch", machine()).await;
    let id = &old.registered.client.id;
    let overlap = Duration::from_hours(1);
    let made = NewSecret::Generated;
    let rotated =
        client_registry::rotate_secret(&issuer.ctx, id, made, overlap, Actor::Operator, &origin())
            .await
            .unwrap();
    let mut new = old.clone();
    new.registered.secret = rotated.secret.map(|secret| secret.expose().clone());
    assert_ne!(new.registered.secret, old.registered.secret);
    issuer.wait(3_599).await;
    old.token(&[GRANT]).await.granted();
    new.token(&[GRANT]).await.granted();
    issuer.wait(1).await;
    old.token(&[GRANT]).await.is_invalid_client();
    new.token(&[GRANT]).await.granted();
}

/// CODE-09: a secret that is revoked while a code is under way is of no use for it.
#[tokio::test]
async fn code_09_a_revoked_secret_redeems_nothing() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let old = RelyingParty::web(&issuer).await;
    let code = old.code(&mut crate::actors::Browser::new(&issuer), "alice").await;
    let id = &old.registered.client.id;
    let made = NewSecret::Generated;
    let now = Duration::ZERO;
    client_registry::rotate_secret(&issuer.ctx, id, made, now, Actor::Operator, &origin())
        .await
        .unwrap();
    old.redeem(&code).await.is_invalid_client();
}

/// The endpoints that authenticate clients all do it alike.
#[tokio::test]
async fn every_endpoint_authenticates_alike() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::register(&issuer, "batch", machine()).await;
    let header = basic("batch", "wrong");
    for path in ["/token", "/introspect", "/revoke"] {
        let fields = encode(&[("token".to_owned(), "x".to_owned())]);
        issuer.post(path, &[("authorization", &header)], &fields).await.is_invalid_client();
        issuer.post(path, &[], &fields).await.is_invalid_client();
        let right = basic("batch", secret_of(&app));
        let twice = format!("{fields}&client_secret=x");
        issuer.post(path, &[("authorization", &right)], &twice).await.is_invalid_request();
    }
}

/// RFC 6749 §2.3.1: no endpoint reads credentials from its address, right or not.
#[tokio::test]
async fn section_2_3_1_no_endpoint_reads_credentials_in_the_query() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::register(&issuer, "post", posting()).await;
    let query = form(&[("client_id", "post"), ("client_secret", secret_of(&app))]);
    let token = app.token(&[GRANT]).await.granted()["access_token"].as_str().unwrap().to_owned();
    let body = form(&[GRANT, ("token", &token)]);
    for path in ["/token", "/introspect", "/revoke"] {
        issuer.post(&format!("{path}?{query}"), &[], &body).await.is_invalid_client();
    }
    assert_eq!(app.introspect(&token).await["active"], true);
}

/// CAUTH-07, Core §9: whatever a client could prove besides, it authenticates by the method that it registered
/// and by no other.
#[tokio::test]
async fn cauth_07_each_method_serves_its_own_clients_alone() {
    let key = Signer::new(SigningAlg::ES256);
    for registered in TokenEndpointAuthMethod::ALL.iter().copied() {
        let issuer = Issuer::start().await;
        let metadata = ClientMetadata {
            token_endpoint_auth_method: registered,
            jwks: Some(key.jwks()),
            ..web_app()
        };
        let app = RelyingParty::register(&issuer, "app", metadata).await;
        let secret = app.registered.secret.unwrap_or_else(|| "s".repeat(43));
        for presented in TokenEndpointAuthMethod::ALL.iter().copied() {
            let reply = present(&issuer, presented, &secret, &key).await;
            // Only who was authenticated hears of the refresh token.
            if presented == registered {
                reply.is_invalid_grant();
            } else {
                reply.is_invalid_client();
            }
        }
    }
}

/// A refresh by the client `app`, which authenticates by `method`.
async fn present(
    issuer: &Issuer,
    method: TokenEndpointAuthMethod,
    secret: &str,
    key: &Signer,
) -> Reply {
    let claims = serde_json::json!({
        "iss": "app", "sub": "app", "aud": ISSUER, "jti": method.as_str(), "exp": START + 60,
    });
    let header = serde_json::json!({ "alg": "HS256" });
    let assertion_type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let assertion = if method == TokenEndpointAuthMethod::PrivateKeyJwt {
        key.sign(&claims)
    } else {
        hmac_jwt(secret.as_bytes(), &header, &claims)
    };
    let grant = [("grant_type", "refresh_token"), ("refresh_token", "dwr_x")];
    let more = match method {
        TokenEndpointAuthMethod::ClientSecretBasic => {
            return with_basic(issuer, &basic("app", secret), &grant).await;
        }
        TokenEndpointAuthMethod::None => vec![("client_id", "app")],
        TokenEndpointAuthMethod::ClientSecretPost => {
            vec![("client_id", "app"), ("client_secret", secret)]
        }
        TokenEndpointAuthMethod::PrivateKeyJwt | TokenEndpointAuthMethod::ClientSecretJwt => vec![
            ("client_assertion_type", assertion_type),
            ("client_assertion", assertion.as_str()),
        ],
    };
    issuer.post("/token", &[], &form(&[&grant[..], &more].concat())).await
}
