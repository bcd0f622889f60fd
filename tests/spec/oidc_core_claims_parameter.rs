//! OpenID Connect Core 1.0 §5.5: single claims, in named places.

use serde_json::{Value, json};

use crate::actors::{
    Browser, Issuer, RelyingParty,
    issuer::PASSWORD,
    relying_party::claims,
    visits::{granted, refused},
};

const PWD: &str = "urn:doorward:acr:pwd";

fn asking<'a>(app: &RelyingParty<'a>, wish: &Value) -> RelyingParty<'a> {
    app.clone().with("claims", &wish.to_string())
}

/// What comes of a sign-in: the ID token's claims, and UserInfo.
async fn both(app: &RelyingParty<'_>, username: &str) -> (Value, Value) {
    let tokens = app.tokens(username).await;
    let userinfo = app.userinfo(tokens["access_token"].as_str().unwrap()).await.json();
    (claims(tokens["id_token"].as_str().unwrap()), userinfo)
}

/// What is malformed is `invalid_request`, told to the client. §5.5.
#[tokio::test]
async fn section_5_5_malformed_claims_are_refused() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::web(&issuer).await;
    for bad in
        ["{", "[]", "null", "1", "x", "{\"userinfo\": []}", "{\"id_token\": {\"acr\": 1}}", "{} {}"]
    {
        let app = app.clone().with("claims", bad);
        let url = Browser::new(&issuer).open(&app.authorize_url()).await.away();
        assert_eq!(refused(&url), "invalid_request", "{bad}");
    }
    let deep =
        format!("{{\"userinfo\":{{\"a\":{{\"value\":{}{}}}}}}}", "[".repeat(500), "]".repeat(500));
    let url = Browser::new(&issuer).open(&app.with("claims", &deep).authorize_url()).await.away();
    assert_eq!(refused(&url), "invalid_request");
}

/// Unknown claims and unknown members MUST be ignored. §5.5, §5.5.1.
#[tokio::test]
async fn section_5_5_what_nobody_knows_is_ignored() {
    let issuer = Issuer::start().await;
    issuer.full_user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let wish = json!({
        "userinfo": {"http://example.info/groups": null, "shoe_size": {"essential": true}},
        "id_token": {"shoe_size": {"value": 42, "unknown": [1]}}, "elsewhere": {"name": null},
    });
    let (id_token, userinfo) = both(&asking(&app, &wish), "alice").await;
    assert!(id_token.get("shoe_size").is_none() && userinfo.get("shoe_size").is_none());
}

/// Each claim is delivered in the place that it was asked for, and in no other. §5.5.
#[tokio::test]
async fn section_5_5_claims_are_delivered_where_they_were_asked_for() {
    let issuer = Issuer::start().await;
    issuer.full_user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let wish = json!({"userinfo": {"given_name": null, "email": {"essential": true}},
                      "id_token": {"nickname": null}});
    let (id_token, userinfo) = both(&asking(&app, &wish), "alice").await;
    assert_eq!(id_token["nickname"], "Al");
    assert_eq!(userinfo["given_name"], "Alice");
    assert_eq!(userinfo["email"], "alice@example.com");
    for absent in ["given_name", "email"] {
        assert!(id_token.get(absent).is_none(), "{absent}");
    }
    for absent in ["nickname", "family_name", "name"] {
        assert!(userinfo.get(absent).is_none(), "{absent}");
    }
}

/// A claim that the user does not have is no error, essential or not. §5.5.1.
#[tokio::test]
async fn section_5_5_1_a_missing_claim_is_no_error() {
    let issuer = Issuer::start().await;
    issuer.user("bob").await;
    let app = RelyingParty::web(&issuer).await;
    let wish = json!({"userinfo": {"phone_number": {"essential": true}, "name": null}});
    let (_, userinfo) = both(&asking(&app, &wish), "bob").await;
    assert!(userinfo.get("phone_number").is_none());
}

/// What single claims tell is asked of the user like a scope: the consent page names it, and the consent
/// of before does not cover it. §3.1.2.4.
#[tokio::test]
async fn section_3_1_2_4_single_claims_need_consent() {
    let issuer = Issuer::start().await;
    issuer.full_user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    app.sign_in(&mut browser, "alice").await;
    let wish = asking(&app, &json!({"userinfo": {"birthdate": null}}));
    let page = browser.open(&wish.authorize_url()).await.page();
    assert_eq!(page.path(), "/consent");
    let url = browser.open(&wish.clone().with("prompt", "none").authorize_url()).await.away();
    assert_eq!(refused(&url), "consent_required");
}

/// `auth_time` is in the ID token when it is asked for. §2, §5.5.
#[tokio::test]
async fn section_2_auth_time_comes_when_it_is_asked_for() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let wish = asking(&app, &json!({"id_token": {"auth_time": {"essential": true}}}));
    let (id_token, _) = both(&wish, "alice").await;
    assert!(id_token["auth_time"].is_i64());
}

/// An essential `acr` that is met is in the ID token; one that cannot be met MUST fail; one that is only
/// wished for fails nothing. §5.5.1.1.
#[tokio::test]
async fn section_5_5_1_1_an_essential_acr_is_met_or_the_request_fails() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    for request in
        [json!({"essential": true, "value": PWD}), json!({"essential": true, "values": ["x", PWD]})]
    {
        let (id_token, _) =
            both(&asking(&app, &json!({"id_token": {"acr": request}})), "alice").await;
        assert_eq!(id_token["acr"], PWD);
    }
    for request in [
        json!({"essential": true, "value": "phr"}),
        json!({"essential": true, "values": ["1", "2"]}),
        json!({"essential": true, "values": []}),
    ] {
        let wish = asking(&app, &json!({"id_token": {"acr": request}}));
        let url = Browser::new(&issuer).open(&wish.authorize_url()).await.away();
        assert_eq!(refused(&url), "unmet_authentication_requirements");
    }
    for request in
        [json!({"values": ["phr"]}), json!(null), json!({"essential": false, "value": "phr"})]
    {
        let (id_token, _) =
            both(&asking(&app, &json!({"id_token": {"acr": request}})), "alice").await;
        assert_eq!(id_token["acr"], PWD);
    }
}

/// `sub` with a value names the one user who may answer. §3.1.2.2, §5.5.1.
#[tokio::test]
async fn section_3_1_2_2_sub_with_a_value_names_the_user() {
    let issuer = Issuer::start().await;
    let alice = issuer.user("alice").await;
    let bob = issuer.user("bob").await;
    let app = RelyingParty::web(&issuer).await;
    let wish = asking(&app, &json!({"id_token": {"sub": {"value": alice.id.to_string()}}}));
    let mut browser = Browser::new(&issuer);
    app.sign_in(&mut browser, "bob").await;
    let url = browser.open(&wish.clone().with("prompt", "none").authorize_url()).await.away();
    assert_eq!(refused(&url), "login_required");
    let page = browser.open(&wish.authorize_url()).await.page();
    let page = browser.try_password(&page, "bob", PASSWORD).await.page();
    assert_eq!(page.path(), "/login", "{} is not asked for", bob.id);
    let place = browser.try_password(&page, "alice", PASSWORD).await;
    let code = granted(&browser.go_on(place, "alice").await);
    let tokens = app.redeem(&code).await.json();
    assert_eq!(claims(tokens["id_token"].as_str().unwrap())["sub"], alice.id.to_string());
}
