//! UserInfo. OIDC Core §5.

use doorward::protocol::{client::ClientMetadata, jose::SigningAlg};
use http::header;
use serde_json::{Value, json};

use crate::actors::{
    Issuer, RelyingParty,
    issuer::ISSUER,
    relying_party::{claims, jose_header, web_app},
};

async fn told(app: &RelyingParty<'_>, username: &str) -> Value {
    let tokens = app.tokens(username).await;
    app.userinfo(tokens["access_token"].as_str().unwrap()).await.granted()
}

/// Core §5.4: each scope tells its claims, and no others; `sub` always.
#[tokio::test]
async fn section_5_4_each_scope_tells_its_claims() {
    let issuer = Issuer::start().await;
    let alice = issuer.full_user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let sub = alice.id.to_string();
    for (scope, names) in [
        ("openid", vec![]),
        ("openid email", vec!["email", "email_verified"]),
        ("openid phone", vec!["phone_number", "phone_number_verified"]),
        ("openid address", vec!["address"]),
        ("openid roles", vec!["roles"]),
        (
            "openid profile",
            vec![
                "birthdate",
                "family_name",
                "gender",
                "given_name",
                "locale",
                "middle_name",
                "name",
                "nickname",
                "picture",
                "preferred_username",
                "profile",
                "updated_at",
                "website",
                "zoneinfo",
            ],
        ),
    ] {
        let told = told(&app.clone().asking(scope), "alice").await;
        let mut expected: Vec<&str> = names;
        expected.push("sub");
        expected.sort_unstable();
        let mut names: Vec<&str> = told.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, expected, "{scope}");
        assert_eq!(told["sub"], sub.as_str());
    }
}

/// Core §5.1: the types of the claims.
#[tokio::test]
async fn section_5_1_claims_have_their_types() {
    let issuer = Issuer::start().await;
    issuer.full_user("alice").await;
    let app = RelyingParty::web(&issuer).await.asking("openid profile email address phone");
    let told = told(&app, "alice").await;
    assert!(told["updated_at"].is_number());
    assert_eq!(told["email_verified"], true);
    assert_eq!(told["phone_number_verified"], true);
    assert_eq!(told["birthdate"], "1852-05-04");
    assert_eq!(told["zoneinfo"], "Europe/London");
    assert_eq!(told["locale"], "en-GB");
    assert_eq!(told["preferred_username"], "alice");
    assert_eq!(told["address"]["locality"], "Oxford");
    for url in ["profile", "picture", "website"] {
        assert!(url::Url::parse(told[url].as_str().unwrap()).is_ok(), "{url}");
    }
}

/// Core §5.3.2: what there is nothing to say about is left out, never null or empty.
#[tokio::test]
async fn section_5_3_2_nothing_is_null_or_empty() {
    let issuer = Issuer::start().await;
    issuer.user("bob").await;
    let app = RelyingParty::web(&issuer).await.asking("openid profile email address phone roles");
    for (name, value) in told(&app, "bob").await.as_object().unwrap() {
        let empty = [json!(null), json!(""), json!([]), json!({}), json!("null")].contains(value);
        assert!(!empty, "{name}: {value}");
    }
}

/// Core §5.5: the `claims` parameter asks for claims by name.
#[tokio::test]
async fn section_5_5_claims_that_were_asked_for_are_told() {
    let issuer = Issuer::start().await;
    issuer.full_user("alice").await;
    let asked = r#"{"userinfo": {"email": {"essential": true}, "nickname": null, "x": null},
                    "id_token": {"phone_number": null}}"#;
    let app = RelyingParty::web(&issuer).await.with("claims", asked);
    let told = told(&app, "alice").await;
    assert_eq!((&told["email"], &told["nickname"]), (&json!("alice@example.com"), &json!("Al")));
    assert!(told.get("phone_number").is_none() && told.get("x").is_none());
}

/// Core §5.3.2: a signed answer is a JWT with `iss` and `aud`, and without the claims of an ID token.
#[tokio::test]
async fn section_5_3_2_a_signed_answer_is_a_jwt() {
    let issuer = Issuer::start().await;
    let alice = issuer.full_user("alice").await;
    for alg in SigningAlg::ALL {
        let metadata = ClientMetadata { userinfo_signed_response_alg: Some(alg), ..web_app() };
        let id = alg.name().to_lowercase();
        let app = RelyingParty::register(&issuer, &id, metadata).await.asking("openid email");
        let tokens = app.tokens("alice").await;
        let reply = app.userinfo(tokens["access_token"].as_str().unwrap()).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header(header::CONTENT_TYPE), "application/jwt");
        let jwt = reply.text();
        assert_eq!(jose_header(&jwt)["alg"], alg.name());
        assert!(super::oidc_core_id_token::verifies(&issuer, &jwt, alg).await);
        let expected = json!({
            "iss": ISSUER, "aud": id, "sub": alice.id.to_string(),
            "email": "alice@example.com", "email_verified": true,
        });
        assert_eq!(claims(&jwt), expected);
        // It is neither an access token nor an ID token.
        assert_eq!(app.userinfo(&jwt).await.status, 401);
    }
}

/// The answer says what is true now, not what was when the token was issued.
#[tokio::test]
async fn the_answer_is_of_now() {
    use doorward::{
        service::users::{self, UserUpdate},
        types::audit::Actor,
    };
    let issuer = Issuer::start().await;
    let alice = issuer.full_user("alice").await;
    let app = RelyingParty::web(&issuer).await.asking("openid email roles");
    let tokens = app.tokens("alice").await;
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(app.userinfo(access).await.json()["email"], "alice@example.com");
    let update = UserUpdate {
        email: Some(Some("liddell@example.com".to_owned())),
        roles: Some(vec!["user".to_owned()]),
        ..UserUpdate::default()
    };
    let origin = crate::actors::issuer::origin();
    users::update(&issuer.ctx, alice.id, update, Actor::Operator, &origin).await.unwrap();
    let told = app.userinfo(access).await.granted();
    assert_eq!(told["email"], "liddell@example.com");
    assert_eq!(told["email_verified"], false);
    assert_eq!(told["roles"], json!(["user"]));
}

/// RFC 9068 §4: a token that is for other APIs alone opens nothing here.
#[tokio::test]
async fn rfc9068_section_4_the_token_is_for_this_server() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let metadata = ClientMetadata {
        access_token_audience: vec!["https://notes.example".to_owned()],
        ..web_app()
    };
    let app = RelyingParty::register(&issuer, "notes", metadata).await;
    let for_both = app.clone().tokens("alice").await;
    let access = for_both["access_token"].as_str().unwrap();
    assert_eq!(app.userinfo(access).await.status, 200);
    let for_the_api = app.clone().asking("profile").tokens("alice").await;
    let access = for_the_api["access_token"].as_str().unwrap();
    assert_eq!(claims(access)["aud"], "https://notes.example");
    assert_eq!(app.userinfo(access).await.status, 401);
}
