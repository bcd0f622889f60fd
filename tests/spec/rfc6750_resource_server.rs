//! Bearer tokens and API keys at an API. RFC 6750.

use doorward::protocol::client::ClientMetadata;
use http::header;
use serde_json::json;

use crate::actors::{
    Api, Issuer, RelyingParty,
    api::AUDIENCE,
    issuer::Reply,
    relying_party::{machine, web_app},
};

fn challenge(reply: &Reply) -> &str {
    reply.header(header::WWW_AUTHENTICATE)
}

/// A machine's token for the API, with the scope `notes:read notes:write`.
async fn token_of_a_machine(issuer: &Issuer, scope: &str) -> String {
    let metadata = ClientMetadata { access_token_audience: vec![AUDIENCE.to_owned()], ..machine() };
    let app = RelyingParty::register(issuer, "batch", metadata).await;
    let parameters = [("grant_type", "client_credentials"), ("scope", scope)];
    app.token(&parameters).await.granted()["access_token"].as_str().unwrap().to_owned()
}

/// A user's token for the API; the roles are `moderator` and `user`.
async fn token_of_a_moderator(issuer: &Issuer, scope: &str) -> (String, String) {
    let alice = issuer.full_user("alice").await;
    let metadata = ClientMetadata { access_token_audience: vec![AUDIENCE.to_owned()], ..web_app() };
    let app = RelyingParty::register(issuer, "notes", metadata).await.asking(scope);
    let tokens = app.tokens("alice").await;
    (alice.id.to_string(), tokens["access_token"].as_str().unwrap().to_owned())
}

/// RFC 6750 §2.1: a token in the header passes, and the handler knows who calls.
#[tokio::test]
async fn section_2_1_a_token_of_the_issuer_passes() {
    let issuer = Issuer::start().await;
    let api = Api::of(&issuer);
    let (sub, token) = token_of_a_moderator(&issuer, "openid roles").await;
    let expected = json!({
        "sub": sub, "client_id": "notes", "scope": "openid roles", "roles": ["moderator", "user"],
    });
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let value = format!("{scheme} {token}");
        for line in ["GET /me", "GET /layered"] {
            assert_eq!(api.call(line, &[("authorization", &value)]).await.json(), expected);
        }
    }
}

/// RFC 6750 §3, §3.1; K.148: a request without a token is answered 401 without an error code.
#[tokio::test]
async fn section_3_1_nothing_presented_is_a_bare_challenge() {
    let issuer = Issuer::start().await;
    let api = Api::of(&issuer);
    let bare = format!("Bearer realm=\"{AUDIENCE}\"");
    for line in [
        "GET /me",
        "GET /layered",
        "DELETE /notes/1",
        "POST /sweep",
        "GET /zone",
        "GET /layered-zone",
    ] {
        for headers in
            [&[][..], &[("authorization", "Basic YTpi")], &[("cookie", "access_token=a")]]
        {
            let reply = api.call(line, headers).await;
            assert_eq!((reply.status.as_u16(), challenge(&reply)), (401, bare.as_str()), "{line}");
            assert!(reply.body.is_empty(), "{line}: {}", reply.text());
        }
    }
    assert_eq!(api.line.asked("/jwks"), 0);
}

/// RFC 6750 §3.1; K.148: a bad token is answered 401 `invalid_token`, wherever it is asked for, and is
/// not taken for a guest.
#[tokio::test]
async fn section_3_1_a_bad_token_is_invalid_token() {
    let issuer = Issuer::start().await;
    let api = Api::of(&issuer);
    let token = token_of_a_machine(&issuer, "notes:read").await;
    let last = if token.ends_with('A') { "B" } else { "A" };
    let altered = format!("{}{last}", &token[..token.len() - 1]);
    for line in ["GET /me", "GET /guest", "GET /layered", "POST /sweep", "GET /zone"] {
        for bad in [altered.as_str(), "a.b.c", "dwa_AAAA", "dw_k_s_c", "a.b.c.d.e"] {
            api.call_with(line, bad).await.refused_by_api(401, "invalid_token");
        }
    }
    assert_eq!(api.me(&token).await.status, 200);
}

/// RFC 6750 §3.1: without the scope 403 `insufficient_scope`, and the scope that is needed; with it the
/// request passes.
#[tokio::test]
async fn section_3_1_insufficient_scope_says_what_is_needed() {
    for (scope, status) in [("notes:read", 403), ("notes:read notes:write", 200)] {
        let issuer = Issuer::start().await;
        let api = Api::of(&issuer);
        let token = token_of_a_machine(&issuer, scope).await;
        for line in ["DELETE /notes/1", "POST /sweep"] {
            let reply = api.call_with(line, &token).await;
            assert_eq!(reply.status, status, "{line}");
            if status == 403 {
                reply.refused_by_api(403, "insufficient_scope");
                assert!(challenge(&reply).contains(", scope=\"notes:write\""), "{reply:?}");
            }
        }
    }
}

/// RFC 6750 §3.1, RFC 9068 §2.2.3.1: the role must be in the token, not only in the database.
#[tokio::test]
async fn section_3_1_a_role_that_is_not_in_the_token_is_not_held() {
    for (scope, status) in [("openid roles", 200), ("openid", 403)] {
        let issuer = Issuer::start().await;
        let api = Api::of(&issuer);
        let (_, token) = token_of_a_moderator(&issuer, scope).await;
        for line in ["GET /zone", "GET /layered-zone"] {
            let reply = api.call_with(line, &token).await;
            assert_eq!(reply.status, status, "{line}");
            if status == 403 {
                reply.refused_by_api(403, "insufficient_scope");
                assert!(!challenge(&reply).contains(", scope="), "{reply:?}");
            }
        }
    }
}

/// RFC 6750 §2; K.149, APIK-01: two credentials are one too many, and none of them counts.
#[tokio::test]
async fn section_2_several_credentials_are_invalid_request() {
    let issuer = Issuer::start().await;
    let api = Api::of(&issuer);
    let token = token_of_a_machine(&issuer, "notes:read").await;
    let bearer = format!("Bearer {token}");
    for (line, headers) in [
        ("GET /me", &[("authorization", bearer.as_str()), ("authorization", bearer.as_str())][..]),
        ("GET /me", &[("authorization", &bearer), ("x-api-key", "dw_k_s_c")]),
        ("GET /me", &[("x-api-key", "dw_k_s_c"), ("x-api-key", "dw_k_s_c")]),
        ("GET /me?access_token=a", &[("authorization", &bearer)]),
        ("GET /guest", &[("authorization", &bearer), ("x-api-key", "dw_k_s_c")]),
    ] {
        api.call(line, headers).await.refused_by_api(400, "invalid_request");
    }
}

/// RFC 6750 §2.3, RFC 9700 §4.3.2; APIK-01: never in the query, even a good one.
#[tokio::test]
async fn section_2_3_a_token_in_the_query_is_invalid_request() {
    let issuer = Issuer::start().await;
    let api = Api::of(&issuer);
    let token = token_of_a_machine(&issuer, "notes:read").await;
    for path in [format!("/me?access_token={token}"), format!("/guest?a=1&access_token={token}")] {
        let reply = api.call(&format!("GET {path}"), &[]).await;
        reply.refused_by_api(400, "invalid_request");
    }
    // The API's own parameters may repeat.
    let reply = api.call_with("GET /me?tag=a&tag=b", &token).await;
    assert_eq!(reply.status, 200);
}

/// RFC 6750 §2.1: what is no b64token is malformed.
#[tokio::test]
async fn section_2_1_a_malformed_token_is_invalid_request() {
    let issuer = Issuer::start().await;
    let api = Api::of(&issuer);
    for bad in ["Bearer", "Bearer ", "Bearer a b", "Bearer \"a\"", "Bearer a,b"] {
        let reply = api.call("GET /me", &[("authorization", bad)]).await;
        reply.refused_by_api(400, "invalid_request");
    }
}

/// A route for everybody: a guest without a token, the user with one.
#[tokio::test]
async fn an_optional_token_lets_guests_in() {
    let issuer = Issuer::start().await;
    let api = Api::of(&issuer);
    let token = token_of_a_machine(&issuer, "notes:read").await;
    assert_eq!(api.call("GET /guest", &[]).await.text(), "guest");
    assert_eq!(api.call_with("GET /guest", &token).await.text(), "batch");
}

/// APIK-06: class confusion: other secrets of the server are no API keys and no access tokens.
#[tokio::test]
async fn apik_06_other_secrets_are_not_access_tokens() {
    let issuer = Issuer::start().await;
    let api = Api::of(&issuer);
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.asking("openid offline_access");
    let tokens = app.tokens("alice").await;
    let secret = app.registered.secret.clone().unwrap();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    for other in [refresh, secret.as_str()] {
        api.me(other).await.refused_by_api(401, "invalid_token");
        let reply = api.call("GET /me", &[("x-api-key", other)]).await;
        reply.refused_by_api(401, "invalid_token");
    }
}
