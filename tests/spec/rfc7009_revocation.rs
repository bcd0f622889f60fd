//! Token revocation. RFC 7009.

use doorward::{
    protocol::client::{AccessTokenFormat, ClientMetadata},
    types::audit::Action,
};
use http::{Method, StatusCode, header};
use serde_json::Value;

use crate::actors::{
    Issuer, RelyingParty,
    relying_party::{machine, public_app, web_app},
    request::form,
};

const FORMATS: [AccessTokenFormat; 2] = [AccessTokenFormat::Jwt, AccessTokenFormat::Opaque];

async fn app_of(issuer: &Issuer, access_token_format: AccessTokenFormat) -> RelyingParty<'_> {
    issuer.user("alice").await;
    let metadata = ClientMetadata { access_token_format, ..web_app() };
    RelyingParty::register(issuer, "notes", metadata).await.asking("openid offline_access")
}

fn text(tokens: &Value, name: &str) -> String {
    tokens[name].as_str().unwrap().to_owned()
}

/// REVO-01: a revoked access token is dead; the grant and its other tokens are not.
#[tokio::test]
async fn revo_01_a_revoked_access_token_is_dead() {
    for format in FORMATS {
        let issuer = Issuer::start().await;
        let app = app_of(&issuer, format).await;
        let tokens = app.tokens("alice").await;
        let other = app.refresh(&text(&tokens, "refresh_token")).await.granted();
        let reply = app.revoke(&text(&tokens, "access_token")).await;
        assert_eq!((reply.status, reply.body.len()), (StatusCode::OK, 0));
        assert_eq!(app.userinfo(&text(&tokens, "access_token")).await.status, 401);
        assert_eq!(app.userinfo(&text(&other, "access_token")).await.status, 200);
        app.refresh(&text(&tokens, "refresh_token")).await.granted();
        assert_eq!(issuer.audited(Action::TokenRevoked).await, 1);
    }
}

/// RFC 7009 §2.1: revoking a refresh token SHOULD also invalidate the access tokens of its grant.
#[tokio::test]
async fn section_2_1_a_revoked_refresh_token_takes_its_access_tokens_with_it() {
    for format in FORMATS {
        let issuer = Issuer::start().await;
        let app = app_of(&issuer, format).await;
        let tokens = app.tokens("alice").await;
        let other = app.refresh(&text(&tokens, "refresh_token")).await.granted();
        assert_eq!(app.revoke(&text(&tokens, "refresh_token")).await.status, 200);
        app.refresh(&text(&tokens, "refresh_token")).await.is_invalid_grant();
        for tokens in [&tokens, &other] {
            assert_eq!(app.userinfo(&text(tokens, "access_token")).await.status, 401);
        }
        assert_eq!(issuer.audited(Action::TokenRevoked).await, 1);
    }
}

/// A public client's family is revoked by any of its generations: an old one says whose it is as well.
#[tokio::test]
async fn section_2_1_any_generation_revokes_the_family() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::public(&issuer).await.asking("openid offline_access");
    let first = app.tokens("alice").await;
    let second = app.refresh(&text(&first, "refresh_token")).await.granted();
    assert_eq!(app.revoke(&text(&first, "refresh_token")).await.status, 200);
    app.refresh(&text(&second, "refresh_token")).await.is_invalid_grant();
}

/// A machine's token has no grant to hang from, and dies alone.
#[tokio::test]
async fn section_2_1_a_machine_revokes_its_token() {
    for access_token_format in FORMATS {
        let issuer = Issuer::start().await;
        let metadata = ClientMetadata { access_token_format, ..machine() };
        let app = RelyingParty::register(&issuer, "batch", metadata).await;
        let grant = [("grant_type", "client_credentials")];
        let (one, other) = (app.token(&grant).await.granted(), app.token(&grant).await.granted());
        assert_eq!(app.introspect(&text(&one, "access_token")).await["active"], true);
        assert_eq!(app.revoke(&text(&one, "access_token")).await.status, 200);
        assert_eq!(app.introspect(&text(&one, "access_token")).await["active"], false);
        assert_eq!(app.introspect(&text(&other, "access_token")).await["active"], true);
    }
}

/// REVO-03, RFC 7009 §2.1: a client revokes its own tokens only; others live.
#[tokio::test]
async fn revo_03_a_token_of_another_client_is_unauthorized_client() {
    for format in FORMATS {
        let issuer = Issuer::start().await;
        let app = app_of(&issuer, format).await;
        let others = [
            RelyingParty::register(&issuer, "other", web_app()).await,
            RelyingParty::register(&issuer, "spa", public_app()).await,
        ];
        let tokens = app.tokens("alice").await;
        for other in &others {
            for name in ["access_token", "refresh_token"] {
                let reply = other.revoke(&text(&tokens, name)).await;
                reply.refused(StatusCode::BAD_REQUEST, "unauthorized_client");
            }
        }
        assert_eq!(app.userinfo(&text(&tokens, "access_token")).await.status, 200);
        app.refresh(&text(&tokens, "refresh_token")).await.granted();
        assert_eq!(issuer.audited(Action::TokenRevoked).await, 0);
    }
}

/// REVO-04, RFC 7009 §2.2: an invalid token is a success; it is as the client wanted it. Nothing is
/// noted for it.
#[tokio::test]
async fn revo_04_an_unknown_token_is_a_success() {
    let issuer = Issuer::start().await;
    let app = app_of(&issuer, AccessTokenFormat::Jwt).await;
    let tokens = app.tokens("alice").await;
    for token in ["x", "dwa_x", "dwr_x", "a.b.c", &text(&tokens, "id_token"), &"x".repeat(9_000)] {
        assert_eq!(app.revoke(token).await.status, 200, "{token}");
    }
    issuer.wait(601).await;
    assert_eq!(app.revoke(&text(&tokens, "access_token")).await.status, 200);
    assert_eq!(issuer.audited(Action::TokenRevoked).await, 0);
    let refresh = text(&tokens, "refresh_token");
    for _ in 0..3 {
        assert_eq!(app.revoke(&refresh).await.status, 200);
    }
    assert_eq!(issuer.audited(Action::TokenRevoked).await, 1);
}

/// REVO-04, RFC 7009 §2.1: a wrong or unknown hint does not keep the token from being found.
#[tokio::test]
async fn revo_04_a_wrong_hint_finds_the_token_all_the_same() {
    for (name, hint) in [
        ("access_token", "refresh_token"),
        ("refresh_token", "access_token"),
        ("access_token", "nonsense"),
        ("refresh_token", "id_token"),
    ] {
        let issuer = Issuer::start().await;
        let app = app_of(&issuer, AccessTokenFormat::Opaque).await;
        let tokens = app.tokens("alice").await;
        let token = text(&tokens, name);
        let reply = app.call("/revoke", &[("token", &token), ("token_type_hint", hint)]).await;
        assert_eq!(reply.status, 200);
        assert_eq!(app.introspect(&token).await["active"], false, "{name} {hint}");
    }
}

/// REVO-06, RFC 7009 §2: POST alone, from the client; no JSONP.
#[tokio::test]
async fn revo_06_only_post_is_answered() {
    let issuer = Issuer::start().await;
    let reply = issuer.call(Method::GET, "/revoke?token=x&callback=evil").await;
    assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED);
    let app = app_of(&issuer, AccessTokenFormat::Jwt).await;
    app.call("/revoke", &[]).await.is_invalid_request();
    app.call("/revoke?token=x", &[]).await.is_invalid_request();
    app.call("/revoke", &[("token", "a"), ("token", "b")]).await.is_invalid_request();
    let reply = app.call("/revoke", &[("token", "x"), ("callback", "evil")]).await;
    assert!(reply.body.is_empty());
}

/// RFC 7009 §2.1: the client authenticates, or is public and named.
#[tokio::test]
async fn section_2_1_the_client_authenticates() {
    let issuer = Issuer::start().await;
    let app = app_of(&issuer, AccessTokenFormat::Jwt).await;
    let access = text(&app.tokens("alice").await, "access_token");
    for body in [form(&[("token", &access)]), form(&[("token", &access), ("client_id", "notes")])] {
        issuer.post("/revoke", &[], &body).await.is_invalid_client();
    }
    assert_eq!(app.userinfo(&access).await.status, 200);

    let public = RelyingParty::public(&issuer).await;
    let access = text(&public.tokens("alice").await, "access_token");
    let reply = public.revoke(&access).await;
    assert_eq!(reply.status, 200);
    // RFC 7009 §2.3: apps in the browser revoke as well.
    assert_eq!(reply.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
    assert_eq!(public.userinfo(&access).await.status, 401);
}

/// RFC 6749 §3.2, RFC 7009 §2.1: what is unknown is ignored, and the token revoked; a parameter without a
/// value was not sent.
#[tokio::test]
async fn section_2_1_unknown_parameters_are_ignored() {
    let issuer = Issuer::start().await;
    let app = app_of(&issuer, AccessTokenFormat::Jwt).await;
    let access = text(&app.tokens("alice").await, "access_token");
    app.call("/revoke", &[("token", ""), ("x", "1")]).await.is_invalid_request();
    let fields = [
        ("token", access.as_str()),
        ("token_type_hint", ""),
        ("scope", "openid"),
        ("grant_type", "refresh_token"),
        ("x", "1"),
    ];
    assert_eq!(app.call("/revoke", &fields).await.status, 200);
    assert_eq!(app.userinfo(&access).await.status, 401);
}
