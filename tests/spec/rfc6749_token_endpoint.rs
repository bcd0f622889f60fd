//! The token endpoint. RFC 6749 §3.2, §4.4, §5.

use doorward::{
    identity::api_key::Owner,
    protocol::{
        client::{ClientMetadata, GrantType, TokenEndpointAuthMethod},
        grant::token_exchange::{ACCESS_TOKEN, API_KEY},
    },
    types::Scope,
};
use http::{Method, StatusCode, header};

use crate::actors::{
    Browser, Issuer, RelyingParty,
    access::{NOTES_API, ROBOT},
    issuer::PASSWORD,
    relying_party::{CALLBACK, VERIFIER, machine, web_app},
    request::form,
};

/// RFC 6749 §3.2: the client MUST use the HTTP POST method. CODE-08: nothing is read from the query.
#[tokio::test]
async fn section_3_2_only_post_is_answered() {
    let issuer = Issuer::start().await;
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH] {
        let reply = issuer.call(method.clone(), "/token?grant_type=client_credentials").await;
        assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert!(reply.header(header::ALLOW).contains("POST"), "{method}");
    }
}

/// RFC 6749 §2.3.1: credentials MUST NOT be included in the request URI.
#[tokio::test]
async fn section_2_3_1_credentials_in_the_query_are_not_read() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::register(&issuer, "batch", machine()).await;
    let secret = app.registered.secret.as_deref().unwrap();
    let query = form(&[("client_id", "batch"), ("client_secret", secret)]);
    let reply = issuer.post(&format!("/token?{query}"), &[], "grant_type=client_credentials").await;
    reply.is_invalid_client();
}

/// CODE-08: a code in the query is not read.
#[tokio::test]
async fn code_08_a_code_in_the_query_is_not_read() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let code = app.code(&mut Browser::new(&issuer), "alice").await;
    let query = form(&[("code", &code), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)]);
    let grant = [("grant_type", "authorization_code")];
    app.call(&format!("/token?{query}"), &grant).await.is_invalid_request();
    assert_eq!(app.redeem(&code).await.status, 200);
}

/// RFC 6749 §3.2: parameters come as `application/x-www-form-urlencoded`.
#[tokio::test]
async fn section_3_2_another_media_type_is_invalid_request() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::register(&issuer, "batch", machine()).await;
    for media_type in ["application/json", "multipart/form-data; boundary=x", "text/plain", ""] {
        let mut request = app.request("/token", &[("grant_type", "client_credentials")]);
        request.headers_mut().insert(header::CONTENT_TYPE, media_type.parse().unwrap());
        issuer.send(request).await.is_invalid_request();
    }
    let mut request = app.request("/token", &[("grant_type", "client_credentials")]);
    let with_charset = "Application/X-WWW-Form-Urlencoded; charset=UTF-8";
    request.headers_mut().insert(header::CONTENT_TYPE, with_charset.parse().unwrap());
    issuer.send(request).await.granted();
}

/// RFC 6749 §5.1 and OIDC Core §3.1.3.3: what a successful answer has, and that nobody keeps it.
#[tokio::test]
async fn section_5_1_a_success_says_what_was_granted() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.asking("openid offline_access profile");
    let code = app.code(&mut Browser::new(&issuer), "alice").await;
    let tokens = app.redeem(&code).await.granted();
    let names: Vec<&String> = tokens.as_object().unwrap().keys().collect();
    let expected =
        ["access_token", "expires_in", "id_token", "refresh_token", "scope", "token_type"];
    assert_eq!(names, expected);
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 600);
    assert_eq!(tokens["scope"], "offline_access openid profile");
}

/// OIDC Core §3.1.2.1: without `openid` the request is plain OAuth, and yields no ID token.
#[tokio::test]
async fn core_section_3_1_2_1_without_openid_there_is_no_id_token() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.asking("profile");
    let tokens = app.tokens("alice").await;
    assert!(tokens.get("id_token").is_none(), "{tokens}");
    assert_eq!(tokens["scope"], "profile");
}

/// RFC 6749 §5.2: `invalid_request` for a missing grant_type, `unsupported_grant_type` for one that
/// the server does not know. The names are compared exactly.
#[tokio::test]
async fn section_5_2_grant_type_must_be_known() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::register(&issuer, "batch", machine()).await;
    app.token(&[]).await.is_invalid_request();
    app.token(&[("grant_type", "")]).await.is_invalid_request();
    for unknown in [
        "password",
        "implicit",
        "CLIENT_CREDENTIALS",
        "client_credentials ",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
    ] {
        let reply = app.token(&[("grant_type", unknown)]).await;
        reply.refused(StatusCode::BAD_REQUEST, "unsupported_grant_type");
    }
}

/// TOK-02, RFC 6749 §5.2: the client MUST be authorized to use the grant.
#[tokio::test]
async fn tok_02_a_grant_that_was_not_registered_is_unauthorized_client() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let reply = app.token(&[("grant_type", "client_credentials")]).await;
    reply.refused(StatusCode::BAD_REQUEST, "unauthorized_client");

    let only_code =
        ClientMetadata { grant_types: [GrantType::AuthorizationCode].into(), ..web_app() };
    let app = RelyingParty::register(&issuer, "only-code", only_code).await;
    let tokens = app.clone().asking("openid offline_access").tokens("alice").await;
    assert!(tokens.get("refresh_token").is_none(), "{tokens}");

    let machine = RelyingParty::register(&issuer, "batch", machine()).await;
    let code = app.code(&mut Browser::new(&issuer), "alice").await;
    machine.redeem(&code).await.refused(StatusCode::BAD_REQUEST, "unauthorized_client");
    app.redeem(&code).await.granted();
}

/// TOK-02: that is said whatever comes beside, so that nothing is learned of what is presented.
#[tokio::test]
async fn tok_02_an_unregistered_grant_is_told_before_anything_is_read() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.asking("openid offline_access");
    let machine = RelyingParty::register(&issuer, "batch", machine()).await;
    let code = app.code(&mut Browser::new(&issuer), "alice").await;
    let refresh = app.tokens("alice").await["refresh_token"].as_str().unwrap().to_owned();
    let exchange = GrantType::TokenExchange.as_str();
    for (client, grant, beside) in [
        (&machine, "authorization_code", ("code", code.as_str())),
        (&machine, "authorization_code", ("code", "dwc_x")),
        (&machine, "refresh_token", ("refresh_token", refresh.as_str())),
        (&machine, "refresh_token", ("refresh_token", "x")),
        (&machine, exchange, ("subject_token", "dw_x")),
        (&app, "client_credentials", ("scope", "a\"b")),
        (&app, exchange, ("resource", "x")),
    ] {
        for fields in [&[("grant_type", grant), beside][..], &[("grant_type", grant)]] {
            let reply = client.token(fields).await;
            reply.refused(StatusCode::BAD_REQUEST, "unauthorized_client");
        }
    }
    app.redeem(&code).await.granted();
    app.refresh(&refresh).await.granted();
}

/// TOK-02: a grant that was taken from the client's registration is gone for what lives already.
#[tokio::test]
async fn tok_02_a_grant_that_was_taken_away_is_unauthorized_client() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.asking("openid offline_access");
    let tokens = app.tokens("alice").await;
    let metadata =
        ClientMetadata { grant_types: [GrantType::AuthorizationCode].into(), ..web_app() };
    issuer.change_client(app.id(), metadata).await;
    let reply = app.refresh(tokens["refresh_token"].as_str().unwrap()).await;
    reply.refused(StatusCode::BAD_REQUEST, "unauthorized_client");
}

/// TOK-04, RFC 6749 §3.2: parameters MUST NOT be included more than once.
#[tokio::test]
async fn tok_04_a_repeated_parameter_is_invalid_request() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let code = app.code(&mut Browser::new(&issuer), "alice").await;
    let right = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("client_id", app.id()),
        ("unknown", "1"),
    ];
    for twice in right {
        let reply = app.token(&[&right[..], &[twice]].concat()).await;
        reply.is_invalid_request();
    }
    app.redeem(&code).await.granted();
}

/// TOK-04 for every other grant and for the endpoints that describe and revoke tokens: each parameter,
/// the client's own credentials as well, with the same value again and with another.
#[tokio::test]
async fn tok_04_a_repeated_parameter_is_refused_by_every_grant_and_endpoint() {
    let issuer = Issuer::start_with_password_grant().await;
    let alice = issuer.user("alice").await;
    issuer.give(&alice, ROBOT).await;
    let key = issuer.api_key(&Owner::User(alice.id), "notes:read").await;
    let metadata = ClientMetadata {
        token_endpoint_auth_method: TokenEndpointAuthMethod::ClientSecretPost,
        grant_types: GrantType::ALL.iter().copied().collect(),
        scope: Scope::parse("openid offline_access notes:read").unwrap(),
        audiences: vec![NOTES_API.to_owned()],
        ..web_app()
    };
    let app = RelyingParty::register(&issuer, "all", metadata).await;
    let tokens = app.clone().asking("openid offline_access").tokens("alice").await;
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let access_token = tokens["access_token"].as_str().unwrap();
    let (id, secret) = (app.id(), app.registered.secret.as_deref().unwrap());
    let own = [("client_id", id), ("client_secret", secret)];
    let requests: [(&str, &[(&str, &str)]); 6] = [
        (
            "/token",
            &[
                ("grant_type", "refresh_token"),
                ("refresh_token", refresh_token),
                ("scope", "openid"),
            ],
        ),
        ("/token", &[("grant_type", "client_credentials"), ("scope", "notes:read")]),
        (
            "/token",
            &[
                ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
                ("subject_token", &key),
                ("subject_token_type", API_KEY),
                ("requested_token_type", ACCESS_TOKEN),
                ("client_address", "192.0.2.1"),
            ],
        ),
        ("/token", &[("grant_type", "password"), ("username", "alice"), ("password", PASSWORD)]),
        ("/introspect", &[("token", access_token), ("token_type_hint", "access_token")]),
        ("/revoke", &[("token", access_token), ("token_type_hint", "access_token")]),
    ];
    for (path, fields) in requests {
        let whole = [fields, &own[..]].concat();
        for (name, value) in &whole {
            for again in [*value, "other", ""] {
                let twice = form(&[&whole[..], &[(name, again)]].concat());
                issuer.post(path, &[], &twice).await.is_invalid_request();
            }
        }
        // Each of them once is a good request.
        assert_eq!(issuer.post(path, &[], &form(&whole)).await.status, 200, "{path} {fields:?}");
    }
}

/// RFC 6749 §3.2: unrecognized parameters MUST be ignored; a parameter without a value was not sent.
#[tokio::test]
async fn section_3_2_unknown_and_empty_parameters_are_ignored() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::register(&issuer, "batch", machine()).await;
    let fields = [
        ("grant_type", "client_credentials"),
        ("scope", ""),
        ("x", "1"),
        ("claims", "{"),
        ("audience", "https://other.example"),
        ("login_hint", "bob"),
    ];
    assert_eq!(app.token(&fields).await.granted()["scope"], "notes:read notes:write");
}

/// RFC 6749 §4.4.3: no refresh token; and no user, so no ID token.
#[tokio::test]
async fn section_4_4_3_client_credentials_yield_an_access_token_alone() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::register(&issuer, "batch", machine()).await;
    let tokens = app.token(&[("grant_type", "client_credentials")]).await.granted();
    let names: Vec<&String> = tokens.as_object().unwrap().keys().collect();
    assert_eq!(names, ["access_token", "expires_in", "scope", "token_type"]);
    assert_eq!(tokens["scope"], "notes:read notes:write");
}

/// TOK-07, RFC 6749 §3.3: a machine gets what it registered, and no more.
#[tokio::test]
async fn tok_07_scope_beyond_registration_is_invalid_scope() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::register(&issuer, "batch", machine()).await;
    let asking = |scope: &'static str| [("grant_type", "client_credentials"), ("scope", scope)];
    assert_eq!(app.token(&asking("notes:read")).await.granted()["scope"], "notes:read");
    let both = app.token(&asking("notes:write notes:read")).await.granted();
    assert_eq!(both["scope"], "notes:read notes:write");
    for beyond in [
        "notes:delete",
        "notes:read notes:delete",
        "NOTES:READ",
        "openid",
        "offline_access",
        "notes:read\tnotes:write",
        "notes:\"read\"",
        "*",
        "ñotes:read",
    ] {
        let reply = app.token(&asking(beyond)).await;
        reply.refused(StatusCode::BAD_REQUEST, "invalid_scope");
    }
}

/// A scope that was taken from the registration is not granted again.
#[tokio::test]
async fn tok_07_scope_follows_the_registration() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::register(&issuer, "batch", machine()).await;
    let scope = doorward::types::Scope::parse("notes:read").unwrap();
    issuer.change_client(app.id(), ClientMetadata { scope, ..machine() }).await;
    let tokens = app.token(&[("grant_type", "client_credentials")]).await.granted();
    assert_eq!(tokens["scope"], "notes:read");
}

/// RFC 6749 §10.10: an attacker MUST NOT guess a credential with a chance above 2^-128. Codes and
/// tokens carry 256 random bits, in characters that appendix A allows.
#[tokio::test]
async fn section_10_10_credentials_are_long_and_differ() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.asking("openid offline_access");
    let mut seen = std::collections::BTreeSet::new();
    let mut browser = Browser::new(&issuer);
    for _ in 0..4 {
        let code = app.code(&mut browser, "alice").await;
        let tokens = app.redeem(&code).await.granted();
        let refresh = tokens["refresh_token"].as_str().unwrap().to_owned();
        assert!(code.len() >= 43 && refresh.len() >= 43);
        for credential in [code, refresh, tokens["access_token"].as_str().unwrap().to_owned()] {
            let safe = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
            assert!(credential.bytes().all(safe), "{credential}");
            assert!(seen.insert(credential));
        }
    }
}

/// TOK-13, RFC 9700 §4.15: the `sub` of a client can never be that of a user, so an API that only
/// looks at `sub` cannot take a machine for a person.
#[tokio::test]
async fn tok_13_a_client_cannot_have_the_sub_of_a_user() {
    let issuer = Issuer::start().await;
    let alice = issuer.user("alice").await;
    for id in [alice.id.to_string(), alice.id.to_string().to_uppercase()] {
        let made = issuer.try_client(&id, machine()).await;
        assert!(made.is_err(), "a client got the id of a user: {id}");
    }
}

/// RFC 6749 §5.2: characters of `error_description`; no value of the request in it.
#[tokio::test]
async fn section_5_2_descriptions_never_repeat_the_request() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::register(&issuer, "batch", machine()).await;
    let hostile = "canary\"><script>\r\n\u{e9}";
    for fields in [
        vec![("grant_type", hostile)],
        vec![("grant_type", "client_credentials"), ("scope", hostile)],
        vec![("grant_type", "authorization_code"), ("code", hostile)],
        vec![("grant_type", "refresh_token"), ("refresh_token", hostile)],
    ] {
        let reply = app.token(&fields).await;
        assert!(!reply.error().contains("canary"));
        assert!(!reply.text().contains("canary"), "{}", reply.text());
    }
}

/// RFC 6749 §3.2: unrecognized parameters MUST be ignored, also those of other grants.
#[tokio::test]
async fn section_3_2_every_grant_ignores_what_it_does_not_know() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.asking("openid offline_access");
    let code = app.code(&mut Browser::new(&issuer), "alice").await;
    let unknown =
        [("x", "1"), ("username", "bob"), ("password", "x"), ("state", "s"), ("nonce", "n")];
    let right = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("refresh_token", "dwr_x"),
    ];
    let tokens = app.token(&[&right[..], &unknown].concat()).await.granted();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let right = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh),
        ("code", "dwc_x"),
        ("redirect_uri", "https://evil.example"),
        ("code_verifier", "x"),
    ];
    let again = app.token(&[&right[..], &unknown].concat()).await.granted();
    assert_eq!(again["scope"], "offline_access openid");
    let id_token = crate::actors::relying_party::claims(again["id_token"].as_str().unwrap());
    assert!(id_token.get("nonce").is_none(), "{id_token}");
}
