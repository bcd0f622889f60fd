//! The resource owner password credentials grant, for apps that move over. RFC 6749 §4.3; the LOCK and
//! ENUM rows of the catalogue at this door.

use std::sync::Arc;

use doorward::{
    protocol::client::{AccessTokenFormat, ClientMetadata, ConsentPolicy, GrantType},
    service::{account, users},
    types::{Scope, Secret, audit::Action},
};
use http::{Request, StatusCode, header};
use serde_json::Value;

use crate::actors::{
    Issuer, RelyingParty,
    issuer::{PASSWORD, Reply, origin},
    relying_party::{claims, public_app, web_app},
};

/// An app with a password form of its own.
fn legacy_app() -> ClientMetadata {
    ClientMetadata {
        redirect_uris: Vec::new(),
        post_logout_redirect_uris: Vec::new(),
        grant_types: [GrantType::Password, GrantType::RefreshToken].into(),
        scope: Scope::parse("openid profile roles offline_access notes:read").unwrap(),
        ..web_app()
    }
}

async fn legacy(issuer: &Issuer) -> RelyingParty<'_> {
    RelyingParty::register(issuer, "legacy", legacy_app()).await
}

/// The form of FastAPI's `OAuth2PasswordRequestForm`.
async fn sends(app: &RelyingParty<'_>, username: &str, password: &str) -> Reply {
    app.token(&[("grant_type", "password"), ("username", username), ("password", password)]).await
}

async fn asks(app: &RelyingParty<'_>, scope: &str) -> Reply {
    let form = [("grant_type", "password"), ("username", "alice"), ("password", PASSWORD)];
    let form: Vec<_> = form.into_iter().chain([("scope", scope)]).collect();
    app.token(&form).await
}

fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap_or_else(|| panic!("no {name}: {tokens}"))
}

#[tokio::test]
async fn rfc6749_section_4_3_3_the_right_password_yields_an_access_token() {
    let issuer = Issuer::start_with_password_grant().await;
    let alice = issuer.user("alice").await;
    let app = legacy(&issuer).await;
    let tokens = sends(&app, "alice", PASSWORD).await.granted();
    assert_eq!((text(&tokens, "token_type"), text(&tokens, "scope")), ("Bearer", "profile roles"));
    let claims = claims(text(&tokens, "access_token"));
    assert_eq!(
        (&claims["sub"], &claims["client_id"]),
        (&alice.id.to_string().into(), &"legacy".into())
    );
    assert_eq!(claims["amr"], serde_json::json!(["pwd"]));
    assert_eq!(claims["roles"], serde_json::json!(["user"]));
    for absent in ["refresh_token", "id_token"] {
        assert!(tokens.get(absent).is_none(), "{absent}: {tokens}");
    }
    assert_eq!(issuer.audited(Action::PasswordGranted).await, 1);
}

/// The e-mail address is as good a name as on the sign-in page, and an opaque token as good as a JWT.
#[tokio::test]
async fn rfc6749_section_4_3_2_the_name_can_be_an_e_mail_address() {
    let issuer = Issuer::start_with_password_grant().await;
    let alice = issuer.full_user("alice").await;
    let metadata =
        ClientMetadata { access_token_format: AccessTokenFormat::Opaque, ..legacy_app() };
    let app = RelyingParty::register(&issuer, "legacy", metadata).await;
    let tokens = sends(&app, "alice@example.com", PASSWORD).await.granted();
    let told = app.call("/introspect", &[("token", text(&tokens, "access_token"))]).await.granted();
    assert_eq!((&told["active"], &told["sub"]), (&true.into(), &alice.id.to_string().into()));
}

/// Off is the default: nothing tells this grant from one that does not exist.
#[tokio::test]
async fn rfc9700_section_2_4_switched_off_it_is_no_grant_type() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = legacy(&issuer).await;
    let reply = sends(&app, "alice", PASSWORD).await;
    reply.refused(StatusCode::BAD_REQUEST, "unsupported_grant_type");
    let unknown = app.token(&[("grant_type", "urn:example:nonsense")]).await;
    assert_eq!(reply.body, unknown.body);
    assert!(!supported(&issuer).await.contains(&"password".to_owned()));
    assert_eq!(issuer.ctx.passwords.hashes_computed(), 1, "the user's own, when it was made");
}

/// Switched on, it is for clients that were marked for it alone.
#[tokio::test]
async fn rfc9700_section_2_4_clients_that_were_not_marked_learn_nothing() {
    let issuer = Issuer::start_with_password_grant().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let reply = sends(&app, "alice", PASSWORD).await;
    reply.refused(StatusCode::BAD_REQUEST, "unsupported_grant_type");
    assert_eq!(issuer.ctx.passwords.hashes_computed(), 1);
    assert!(supported(&issuer).await.contains(&"password".to_owned()));
}

async fn supported(issuer: &Issuer) -> Vec<String> {
    let request =
        Request::get("/.well-known/oauth-authorization-server").body(String::new()).unwrap();
    let document = issuer.send(request).await.json();
    serde_json::from_value(document["grant_types_supported"].clone()).unwrap()
}

/// One answer for a wrong password, a user who is not there, one who is disabled, one without a password,
/// and what is too long to be looked at: the same bytes, and one hash each. ENUM-01.
#[tokio::test]
async fn enum_01_every_failure_looks_the_same() {
    let issuer = Issuer::start_with_password_grant().await;
    issuer.user("alice").await;
    let bob = issuer.user("bob").await;
    users::disable(&issuer.ctx, bob.id, doorward::types::audit::Actor::Operator, &origin())
        .await
        .unwrap();
    let app = legacy(&issuer).await;
    let wrong = sends(&app, "alice", "wrong").await;
    wrong.is_invalid_grant();
    let long = "x".repeat(2_000);
    for (username, password) in
        [("nobody", PASSWORD), ("bob", PASSWORD), ("\u{202e}", PASSWORD), ("alice", &long)]
    {
        let before = issuer.ctx.passwords.hashes_computed();
        let reply = sends(&app, username, password).await;
        assert_eq!((reply.status, &reply.body), (wrong.status, &wrong.body), "{username}");
        let hashes = u64::from(password.len() < 1_000);
        assert_eq!(issuer.ctx.passwords.hashes_computed(), before + hashes, "{username}");
    }
    assert_eq!(issuer.audited(Action::PasswordGranted).await, 0);
}

#[tokio::test]
async fn rfc6749_section_4_3_2_both_parameters_are_required_and_come_once() {
    let issuer = Issuer::start_with_password_grant().await;
    issuer.user("alice").await;
    let app = legacy(&issuer).await;
    let (grant, name, password) =
        (("grant_type", "password"), ("username", "alice"), ("password", PASSWORD));
    for form in [
        vec![grant],
        vec![grant, name],
        vec![grant, password],
        vec![grant, ("username", ""), password],
        vec![grant, name, ("password", "")],
        vec![grant, name, name, password],
        vec![grant, name, password, ("password", "another")],
    ] {
        app.token(&form).await.is_invalid_request();
    }
    let mut request = app.request("/token", &[grant, name]);
    *request.uri_mut() = "/token?password=correct".parse().unwrap();
    issuer.send(request).await.is_invalid_request();
}

/// A client that cannot prove who it is does not get so far as the password.
#[tokio::test]
async fn rfc6749_section_4_3_2_a_confidential_client_authenticates() {
    let issuer = Issuer::start_with_password_grant().await;
    issuer.user("alice").await;
    let app = legacy(&issuer).await;
    let form = [("grant_type", "password"), ("username", "alice"), ("password", PASSWORD)];
    let before = issuer.ctx.passwords.hashes_computed();
    let mut request = app.request("/token", &form);
    request.headers_mut().insert(header::AUTHORIZATION, "Basic bGVnYWN5Onh4eA==".parse().unwrap());
    issuer.send(request).await.is_invalid_client();
    let mut request = app.request("/token", &form);
    request.headers_mut().remove(header::AUTHORIZATION);
    issuer.send(request).await.is_invalid_client();
    assert_eq!(issuer.ctx.passwords.hashes_computed(), before);
}

/// Apps without a server of their own exist among those that move over.
#[tokio::test]
async fn rfc6749_section_4_3_2_a_public_client_names_itself() {
    let issuer = Issuer::start_with_password_grant().await;
    issuer.user("alice").await;
    let metadata = ClientMetadata { grant_types: [GrantType::Password].into(), ..public_app() };
    let app = RelyingParty::register(&issuer, "spa", metadata).await;
    sends(&app, "alice", PASSWORD).await.granted();
}

/// The failures of this door and of the sign-in page count together: five, and then a wait for the right
/// password as well. LOCK-01.
#[tokio::test]
async fn lock_01_failures_count_as_on_the_sign_in_page() {
    let issuer = Issuer::start_with_password_grant().await;
    issuer.user("alice").await;
    let app = legacy(&issuer).await;
    for _ in 0..5 {
        sends(&app, "alice", "wrong").await.is_invalid_grant();
    }
    assert_eq!(issuer.audited(Action::SignInBlocked).await, 1);
    for password in ["wrong", PASSWORD] {
        let reply = sends(&app, "alice", password).await;
        assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS, "{}", reply.text());
        assert_eq!(reply.error(), "temporarily_unavailable");
        assert_eq!(reply.header(header::RETRY_AFTER), "15");
    }
    issuer.clock.advance(15);
    sends(&app, "alice", PASSWORD).await.granted();
    for _ in 0..5 {
        sends(&app, "alice", "wrong").await.is_invalid_grant();
    }
}

/// Sixty-four guesses at once are no more than five one after another. LOCK-03.
#[tokio::test]
async fn lock_03_parallel_guesses_are_no_more_guesses() {
    let issuer = Arc::new(Issuer::start_with_password_grant().await);
    issuer.user("alice").await;
    let app = legacy(&issuer).await;
    let form = [("grant_type", "password"), ("username", "alice"), ("password", "wrong")];
    let before = issuer.ctx.passwords.hashes_computed();
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let (issuer, request) = (Arc::clone(&issuer), app.request("/token", &form));
        tries.spawn(async move { issuer.send(request).await.status });
    }
    let statuses = tries.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::BAD_REQUEST).count(), 5);
    assert_eq!(issuer.ctx.passwords.hashes_computed() - before, 5);
}

/// The scope: registered, and what the user's roles permit; asked for too much, nothing at all.
#[tokio::test]
async fn rfc6749_section_3_3_the_scope_is_what_is_registered_and_held() {
    let issuer = Issuer::start_with_password_grant().await;
    let alice = issuer.user("alice").await;
    let app = legacy(&issuer).await;
    asks(&app, "notes:write").await.refused(StatusCode::BAD_REQUEST, "invalid_scope");
    asks(&app, "notes:read").await.refused(StatusCode::BAD_REQUEST, "invalid_scope");
    assert_eq!(text(&asks(&app, "openid profile notes:read").await.granted(), "scope"), "profile");
    issuer.give(&alice, crate::actors::access::ROBOT).await;
    let tokens = asks(&app, "notes:read").await.granted();
    assert_eq!(text(&tokens, "scope"), "notes:read");
    assert_eq!(claims(text(&tokens, "access_token"))["aud"], crate::actors::access::NOTES_API);
}

/// The right password with a scope that no role permits is no failure that counts.
#[tokio::test]
async fn lock_02_a_missing_role_is_no_wrong_password() {
    let issuer = Issuer::start_with_password_grant().await;
    issuer.user("alice").await;
    let app = legacy(&issuer).await;
    for _ in 0..12 {
        asks(&app, "notes:read").await.refused(StatusCode::BAD_REQUEST, "invalid_scope");
    }
    sends(&app, "alice", PASSWORD).await.granted();
}

/// RFC 8707 §2: the token is for the API that was named, and an unknown one is `invalid_target`.
#[tokio::test]
async fn rfc8707_section_2_2_resource_narrows_the_token() {
    let issuer = Issuer::start_with_password_grant().await;
    let alice = issuer.user("alice").await;
    issuer.give(&alice, crate::actors::access::ROBOT).await;
    let app = legacy(&issuer).await;
    let with = |resource: &'static str| {
        let app = &app;
        async move {
            let form = [("grant_type", "password"), ("username", "alice"), ("password", PASSWORD)];
            let form: Vec<_> = form.into_iter().chain([("resource", resource)]).collect();
            app.token(&form).await
        }
    };
    let tokens = with(crate::actors::access::NOTES_API).await.granted();
    assert_eq!(claims(text(&tokens, "access_token"))["aud"], crate::actors::access::NOTES_API);
    with("https://elsewhere.example").await.refused(StatusCode::BAD_REQUEST, "invalid_target");
}

/// `offline_access` by name yields a refresh token, which lives like any other and dies with the
/// password.
#[tokio::test]
async fn rfc6749_section_4_3_3_a_refresh_token_is_asked_for_by_name() {
    let issuer = Issuer::start_with_password_grant().await;
    let alice = issuer.user("alice").await;
    let app = legacy(&issuer).await;
    let tokens = asks(&app, "profile offline_access").await.granted();
    let again = app.refresh(text(&tokens, "refresh_token")).await.granted();
    assert!(again.get("id_token").is_none(), "{again}");
    assert_eq!(claims(text(&again, "access_token"))["sub"], alice.id.to_string());
    let (actor, password) =
        (doorward::types::audit::Actor::Operator, Secret::new("another horse entirely".to_owned()));
    users::set_password(&issuer.ctx, alice.id, password, actor, &origin()).await.unwrap();
    app.refresh(text(&again, "refresh_token")).await.is_invalid_grant();
    sends(&app, "alice", PASSWORD).await.is_invalid_grant();
}

/// Nobody signed in here: the token opens no UserInfo, and there is no session to be listed.
#[tokio::test]
async fn the_tokens_are_those_of_oauth_alone() {
    let issuer = Issuer::start_with_password_grant().await;
    let alice = issuer.user("alice").await;
    let app = legacy(&issuer).await;
    let tokens = asks(&app, "openid profile").await.granted();
    let reply = app.userinfo(text(&tokens, "access_token")).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN, "{}", reply.text());
    assert!(account::overview(&issuer.ctx, alice.id).await.unwrap().sessions.is_empty());
}

/// The app stands on the account page, where the user ends what it holds.
#[tokio::test]
async fn the_user_takes_it_back_on_the_account_page() {
    let issuer = Issuer::start_with_password_grant().await;
    let alice = issuer.user("alice").await;
    let app = legacy(&issuer).await;
    let tokens = asks(&app, "profile offline_access").await.granted();
    let apps = account::overview(&issuer.ctx, alice.id).await.unwrap().apps;
    assert_eq!(apps.len(), 1);
    let client = app.registered.client.id.clone();
    assert!(account::revoke_app(&issuer.ctx, alice.id, client, &origin()).await.unwrap());
    app.refresh(text(&tokens, "refresh_token")).await.is_invalid_grant();
    let told = app.call("/introspect", &[("token", text(&tokens, "access_token"))]).await.granted();
    assert_eq!(told, serde_json::json!({ "active": false }));
}

/// A client that an operator vouches for leaves no consent behind.
#[tokio::test]
async fn a_client_that_needs_no_consent_gets_none() {
    let issuer = Issuer::start_with_password_grant().await;
    let alice = issuer.user("alice").await;
    let metadata = ClientMetadata { consent: ConsentPolicy::Implied, ..legacy_app() };
    let app = RelyingParty::register(&issuer, "legacy", metadata).await;
    sends(&app, "alice", PASSWORD).await.granted();
    assert!(account::overview(&issuer.ctx, alice.id).await.unwrap().apps.is_empty());
}
