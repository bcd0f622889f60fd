//! Protected resource metadata. RFC 9728.

use std::sync::Arc;

use doorward::resource_server::{ConfigError, Validator, protected_resource_metadata};
use http::header;
use serde_json::json;

use crate::actors::{
    Api, Signer,
    api::{AUDIENCE, Line},
    clock::MockClock,
    issuer::ISSUER,
};

const PLACE: &str = "/.well-known/oauth-protected-resource/api";

fn api() -> Api {
    let signer = Signer::new(doorward::protocol::jose::SigningAlg::ES256);
    let clock = Arc::new(MockClock::default());
    Api::with(Line::to_foreign(&signer), &clock, |builder| {
        builder.name("Notes").permissions(["notes:read", "notes:write"])
    })
}

/// RFC 9728 §2, §3.2: the document says which server to ask, and how tokens are sent; for everybody.
#[tokio::test]
async fn section_3_2_the_document() {
    let reply = api().serving_metadata().call(&format!("GET {PLACE}"), &[]).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header(header::CONTENT_TYPE), "application/json");
    assert_eq!(reply.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
    let expected = json!({
        "resource": AUDIENCE, "authorization_servers": [ISSUER],
        "scopes_supported": ["notes:read", "notes:write"],
        "bearer_methods_supported": ["header"], "resource_name": "Notes",
    });
    assert_eq!(reply.json(), expected);
}

/// RFC 9728 §3.1: the well-known part stands before the path of the identifier, not after it, and
/// another path has no metadata of this API.
#[tokio::test]
async fn section_3_1_the_path_follows_the_well_known_part() {
    let api = api().serving_metadata();
    for other in
        ["/.well-known/oauth-protected-resource", "/api/.well-known/oauth-protected-resource"]
    {
        assert_eq!(api.call(&format!("GET {other}"), &[]).await.status, 404, "{other}");
    }
}

/// RFC 9728 §3.2: members without a value are left out.
#[tokio::test]
async fn section_3_2_what_is_empty_is_left_out() {
    let signer = Signer::new(doorward::protocol::jose::SigningAlg::ES256);
    let clock = Arc::new(MockClock::default());
    let bare = Api::with(Line::to_foreign(&signer), &clock, |builder| builder).serving_metadata();
    let document = bare.call(&format!("GET {PLACE}"), &[]).await.json();
    let names: Vec<&String> = document.as_object().unwrap().keys().collect();
    assert_eq!(names, ["authorization_servers", "bearer_methods_supported", "resource"]);
}

/// RFC 9728 §5.1: the challenge names the document, and only when it is served.
#[tokio::test]
async fn section_5_1_the_challenge_leads_to_the_document() {
    let silent = api().call("GET /me", &[]).await;
    assert!(!silent.header(header::WWW_AUTHENTICATE).contains("resource_metadata"));
    let api = api().serving_metadata();
    let place = format!("resource_metadata=\"https://notes.example{PLACE}\"");
    for reply in [api.call("GET /me", &[]).await, api.me("a.b.c").await] {
        assert_eq!(reply.status, 401);
        let challenge = reply.header(header::WWW_AUTHENTICATE);
        assert!(challenge.ends_with(&place), "{challenge}");
    }
}

/// RFC 9728 §1.2: the identifier is an https URL; there is no place for the metadata of another.
#[test]
fn section_1_2_an_identifier_without_a_place_is_refused() {
    for audience in ["urn:example:notes", "http://notes.example", "https://notes.example/:id"] {
        let signer = Signer::new(doorward::protocol::jose::SigningAlg::ES256);
        let builder = Validator::for_api(ISSUER, audience).fetch(Line::to_foreign(&signer));
        let metadata = protected_resource_metadata::<()>(&builder.build().unwrap());
        assert_eq!(metadata.unwrap_err(), ConfigError::NotServable, "{audience}");
    }
}
