//! The metadata of a plain OAuth server. RFC 8414.

use http::{StatusCode, header};

use crate::actors::{Issuer, issuer::ISSUER};

/// RFC 8414 §3.1, §3.3: found at its own well-known address, with the same issuer.
#[tokio::test]
async fn section_3_1_the_document_is_at_its_address() {
    let issuer = Issuer::start().await;
    let reply = issuer.fetch("/.well-known/oauth-authorization-server").await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.header(header::CONTENT_TYPE), "application/json");
    assert_eq!(reply.json()["issuer"], ISSUER);
}

/// MIX-04: an issuer without a path has no documents of other issuers.
#[tokio::test]
async fn mix_04_only_the_exact_address_answers() {
    let issuer = Issuer::start().await;
    for path in [
        "/.well-known/oauth-authorization-server/",
        "/.well-known/oauth-authorization-server/tenant",
        "/.well-known/OAUTH-AUTHORIZATION-SERVER",
        "/tenant/.well-known/oauth-authorization-server",
    ] {
        assert_eq!(issuer.fetch(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

/// Both documents agree in every member that both have.
#[tokio::test]
async fn section_2_both_documents_agree() {
    let issuer = Issuer::start().await;
    let oauth = issuer.fetch("/.well-known/oauth-authorization-server").await.json();
    let openid = issuer.fetch("/.well-known/openid-configuration").await.json();
    for (name, value) in oauth.as_object().unwrap() {
        assert_eq!(openid.get(name), Some(value), "{name}");
    }
}

/// RFC 8414 §2: what a server must say; RFC 9207 §3 and RFC 7009, RFC 7662 in it.
#[tokio::test]
async fn section_2_required_members_are_there() {
    let issuer = Issuer::start().await;
    let document = issuer.fetch("/.well-known/oauth-authorization-server").await.json();
    for name in [
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "revocation_endpoint",
        "introspection_endpoint",
    ] {
        assert!(document[name].as_str().unwrap().starts_with(ISSUER), "{name}");
    }
    assert_eq!(document["authorization_response_iss_parameter_supported"], true);
    for openid in ["userinfo_endpoint", "id_token_signing_alg_values_supported"] {
        assert!(document.get(openid).is_none(), "{openid}");
    }
}
