//! Discovery and the JWKS. OpenID Connect Discovery 1.0 §3, §4; RFC 7517; OIDC Core §10.

use std::collections::BTreeSet;

use doorward::protocol::jose::SigningAlg;
use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::actors::{Issuer, issuer::ISSUER};

const DOCUMENT: &str = "/.well-known/openid-configuration";

async fn document(issuer: &Issuer) -> Value {
    let reply = issuer.fetch(DOCUMENT).await;
    assert_eq!(
        (reply.status, reply.header(header::CONTENT_TYPE)),
        (StatusCode::OK, "application/json")
    );
    reply.json()
}

fn list(document: &Value, name: &str) -> Vec<String> {
    let values = document[name].as_array().unwrap_or_else(|| panic!("{name} is a list"));
    values.iter().map(|value| value.as_str().unwrap().to_owned()).collect()
}

/// Discovery §4.3: `issuer` is the prefix that the document was found under, byte for byte: https,
/// without query and fragment.
#[tokio::test]
async fn section_4_3_issuer_is_the_prefix() {
    let issuer = Issuer::start().await;
    assert_eq!(document(&issuer).await["issuer"], ISSUER);
    for elsewhere in [
        "/.well-known/openid-configuration/",
        "/.well-known/OpenID-Configuration",
        "/x/.well-known/openid-configuration",
        "/.well-known/",
    ] {
        assert_eq!(issuer.fetch(elsewhere).await.status, StatusCode::NOT_FOUND, "{elsewhere}");
    }
}

/// Discovery §3: what a provider must say.
#[tokio::test]
async fn section_3_required_members_are_there() {
    let issuer = Issuer::start().await;
    let document = document(&issuer).await;
    assert_eq!(list(&document, "response_types_supported"), ["code"]);
    assert_eq!(list(&document, "subject_types_supported"), ["public"]);
    assert_eq!(list(&document, "code_challenge_methods_supported"), ["S256"]);
    let algs = list(&document, "id_token_signing_alg_values_supported");
    assert!(algs.contains(&"RS256".to_owned()));
    assert!(["PS256", "ES256", "EdDSA"].iter().any(|alg| algs.contains(&(*alg).to_owned())));
    let grants: BTreeSet<String> = list(&document, "grant_types_supported").into_iter().collect();
    let expected = [
        "authorization_code",
        "client_credentials",
        "refresh_token",
        "urn:ietf:params:oauth:grant-type:token-exchange",
    ];
    assert_eq!(grants, BTreeSet::from(expected.map(str::to_owned)));
    assert!(list(&document, "scopes_supported").contains(&"openid".to_owned()));
    assert_eq!(document["authorization_response_iss_parameter_supported"], true);
}

/// Discovery §3: flags tell the truth; `request_uri_parameter_supported` is true when absent.
#[tokio::test]
async fn section_3_flags_tell_the_truth() {
    let issuer = Issuer::start().await;
    let document = document(&issuer).await;
    assert_eq!(document["request_uri_parameter_supported"], false);
    assert_eq!(document["request_parameter_supported"], false);
    assert_eq!(document["claims_parameter_supported"], true);
    for absent in [
        "registration_endpoint",
        "check_session_iframe",
        "backchannel_logout_supported",
        "frontchannel_logout_supported",
        "pushed_authorization_request_endpoint",
        "device_authorization_endpoint",
        "dpop_signing_alg_values_supported",
        "tls_client_certificate_bound_access_tokens",
        "mtls_endpoint_aliases",
        "request_object_signing_alg_values_supported",
        "id_token_encryption_alg_values_supported",
    ] {
        assert!(document.get(absent).is_none(), "{absent} is not built");
    }
}

/// Discovery §3: every method and algorithm that is announced can be used; none is `none`.
#[tokio::test]
async fn section_3_authentication_methods_are_what_is_supported() {
    let issuer = Issuer::start().await;
    let document = document(&issuer).await;
    for endpoint in ["token", "revocation", "introspection"] {
        let methods = list(&document, &format!("{endpoint}_endpoint_auth_methods_supported"));
        let algs =
            list(&document, &format!("{endpoint}_endpoint_auth_signing_alg_values_supported"));
        for method in
            ["client_secret_basic", "client_secret_post", "private_key_jwt", "client_secret_jwt"]
        {
            assert!(methods.contains(&method.to_owned()), "{endpoint}: {method}");
        }
        assert_eq!(methods.contains(&"none".to_owned()), endpoint != "introspection");
        assert!(!algs.contains(&"none".to_owned()));
    }
}

/// Every endpoint that is announced is there: it is https, below the issuer, and answers.
#[tokio::test]
async fn section_3_every_endpoint_is_there() {
    let issuer = Issuer::start().await;
    let document = document(&issuer).await;
    let mut endpoints = 0;
    for (name, value) in document.as_object().unwrap() {
        if !name.ends_with("_endpoint") && name != "jwks_uri" {
            continue;
        }
        let url = value.as_str().unwrap();
        assert!(url.starts_with(&format!("{ISSUER}/")) && !url.contains(['#', '?']), "{name}");
        let path = Issuer::path_of(url).unwrap();
        let (get, post) =
            (issuer.fetch(&path).await.status, issuer.post(&path, &[], "").await.status);
        assert!(get != StatusCode::NOT_FOUND && post != StatusCode::NOT_FOUND, "{name}");
        endpoints += 1;
    }
    assert_eq!(endpoints, 7);
}

/// RFC 8414 §2, §3.2: lists are lists of strings that are not empty, flags booleans, nothing is null;
/// tags are canonical (RFC 5646 §2.1.1).
#[tokio::test]
async fn rfc8414_section_2_members_have_their_types() {
    let issuer = Issuer::start().await;
    let document = document(&issuer).await;
    for (name, value) in document.as_object().unwrap() {
        match value {
            Value::Array(values) => {
                assert!(!values.is_empty() && values.iter().all(Value::is_string), "{name}");
                let distinct: BTreeSet<&str> = values.iter().filter_map(Value::as_str).collect();
                assert_eq!(distinct.len(), values.len(), "{name}");
            }
            Value::String(text) => assert!(!text.is_empty(), "{name}"),
            Value::Bool(_) => {}
            Value::Null | Value::Number(_) | Value::Object(_) => panic!("{name}: {value}"),
        }
    }
    assert_eq!(list(&document, "ui_locales_supported"), ["en", "de", "fr"]);
}

/// RFC 8414 §3.2, §7.1: every member is one of the registry's.
#[tokio::test]
async fn rfc8414_section_3_2_only_registered_members_are_there() {
    let issuer = Issuer::start().await;
    let document = document(&issuer).await;
    for name in document.as_object().unwrap().keys() {
        assert!(REGISTERED.contains(&name.as_str()), "{name}");
    }
}

/// The members of the registry "OAuth Authorization Server Metadata" that this server may use one day
/// or does today.
const REGISTERED: [&str; 40] = [
    "acr_values_supported",
    "authorization_endpoint",
    "authorization_response_iss_parameter_supported",
    "claim_types_supported",
    "claims_locales_supported",
    "claims_parameter_supported",
    "claims_supported",
    "code_challenge_methods_supported",
    "display_values_supported",
    "end_session_endpoint",
    "grant_types_supported",
    "id_token_signing_alg_values_supported",
    "introspection_endpoint",
    "introspection_endpoint_auth_methods_supported",
    "introspection_endpoint_auth_signing_alg_values_supported",
    "issuer",
    "jwks_uri",
    "op_policy_uri",
    "op_tos_uri",
    "prompt_values_supported",
    "protected_resources",
    "registration_endpoint",
    "request_object_signing_alg_values_supported",
    "request_parameter_supported",
    "request_uri_parameter_supported",
    "require_request_uri_registration",
    "response_modes_supported",
    "response_types_supported",
    "revocation_endpoint",
    "revocation_endpoint_auth_methods_supported",
    "revocation_endpoint_auth_signing_alg_values_supported",
    "scopes_supported",
    "service_documentation",
    "subject_types_supported",
    "token_endpoint",
    "token_endpoint_auth_methods_supported",
    "token_endpoint_auth_signing_alg_values_supported",
    "ui_locales_supported",
    "userinfo_endpoint",
    "userinfo_signing_alg_values_supported",
];

/// The claims that are announced include every one of the standard scopes.
#[tokio::test]
async fn section_3_claims_are_announced() {
    let issuer = Issuer::start().await;
    let claims = list(&document(&issuer).await, "claims_supported");
    for claim in
        ["sub", "name", "email", "email_verified", "address", "phone_number", "updated_at", "roles"]
    {
        assert!(claims.contains(&claim.to_owned()), "{claim}");
    }
}

/// Caching: public for a while, with a strong ETag that is honoured.
#[tokio::test]
async fn documents_may_be_kept_for_a_while() {
    let issuer = Issuer::start().await;
    for path in [DOCUMENT, "/.well-known/oauth-authorization-server", "/jwks"] {
        let reply = issuer.fetch(path).await;
        assert_eq!(reply.header(header::CACHE_CONTROL), "public, max-age=900", "{path}");
        let etag = reply.header(header::ETAG);
        assert!(etag.starts_with('"') && etag.ends_with('"'));
        for known in [etag, "*", &format!("\"x\", {etag}")] {
            let again = issuer.fetch_with(path, "if-none-match", known).await;
            assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0), "{path}");
            assert_eq!(again.header(header::ETAG), etag);
        }
        let other = issuer.fetch_with(path, "if-none-match", "\"other\"").await;
        assert_eq!(other.status, StatusCode::OK);
        let head = issuer.call(Method::HEAD, path).await;
        assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0), "{path}");
        assert_eq!(issuer.post(path, &[], "").await.status, StatusCode::METHOD_NOT_ALLOWED);
    }
}

/// DOS-05: the documents come from memory, whole or as "not modified".
#[tokio::test]
async fn dos_05_documents_need_no_database() {
    let issuer = Issuer::start().await;
    issuer.ctx.db.close().await;
    for path in [DOCUMENT, "/.well-known/oauth-authorization-server", "/jwks"] {
        let first = issuer.fetch(path).await;
        assert_eq!(first.status, StatusCode::OK, "{path}");
        for _ in 0..100 {
            assert_eq!(issuer.fetch(path).await.body, first.body, "{path}");
            let known = issuer.fetch_with(path, "if-none-match", first.header(header::ETAG)).await;
            assert_eq!(known.status, StatusCode::NOT_MODIFIED, "{path}");
        }
    }
}

/// KEY-05, RFC 7517 §4, Core §10: public members alone, a `kid` each, `use` and `alg` said, RSA of at
/// least 2048 bits; one key that signs and one that stands by for each algorithm.
#[tokio::test]
async fn key_05_the_jwks_holds_public_keys_alone() {
    use base64ct::{Base64UrlUnpadded, Encoding};
    let issuer = Issuer::start().await;
    let reply = issuer.fetch("/jwks").await;
    assert!(reply.header(header::CONTENT_TYPE).starts_with("application/"));
    let set = reply.json();
    assert_eq!(set.as_object().unwrap().len(), 1);
    let keys = set["keys"].as_array().unwrap();
    let kids: BTreeSet<&str> = keys.iter().map(|key| key["kid"].as_str().unwrap()).collect();
    assert_eq!(kids.len(), keys.len());
    for alg in SigningAlg::ALL {
        let count = keys.iter().filter(|key| key["alg"] == alg.name()).count();
        assert_eq!(count, 2, "{alg}");
    }
    for key in keys {
        for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            assert!(key.get(private).is_none(), "{private}");
        }
        assert_eq!(key["use"], "sig");
        let bytes =
            |name: &str| Base64UrlUnpadded::decode_vec(key[name].as_str().unwrap()).unwrap();
        match key["kty"].as_str().unwrap() {
            "RSA" => assert!(bytes("n").len() >= 256 && bytes("e") == [1, 0, 1]),
            "EC" => assert_eq!(
                (&key["crv"], bytes("x").len(), bytes("y").len()),
                (&json!("P-256"), 32, 32)
            ),
            "OKP" => assert_eq!((&key["crv"], bytes("x").len()), (&json!("Ed25519"), 32)),
            other => panic!("{other}"),
        }
    }
}

/// RFC 6749 §3.1: parameters that nobody knows are ignored here too: the documents are the same.
#[tokio::test]
async fn a_query_changes_nothing() {
    let issuer = Issuer::start().await;
    for path in [DOCUMENT, "/.well-known/oauth-authorization-server", "/jwks"] {
        let (plain, asked) =
            (issuer.fetch(path).await, issuer.fetch(&format!("{path}?client_id=x&x=1&x=2")).await);
        assert_eq!((asked.status, asked.body), (StatusCode::OK, plain.body), "{path}");
    }
}
