//! The discovery documents. RFC 8414, OIDC Discovery §3.
//!
//! Both are built once, from the issuer and the policy, and tell only what is true. A list that would
//! be empty is left out (RFC 8414 §3.2).

use serde::Serialize;

use super::{
    authorize::{hints::Display, prompt::Prompt, response_mode::ResponseMode},
    claims,
    client::{GrantType, TokenEndpointAuthMethod},
    issuer::Issuer,
    jose::{Alg, SigningAlg},
    policy::Policy,
};

/// Where the endpoints are, under the issuer.
pub mod path {
    /// OIDC Discovery §4.
    pub const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";
    /// RFC 8414 §3.
    pub const OAUTH_AUTHORIZATION_SERVER: &str = "/.well-known/oauth-authorization-server";
    /// RFC 7517 §5.
    pub const JWKS: &str = "/jwks";
    /// RFC 6749 §3.1.
    pub const AUTHORIZE: &str = "/authorize";
    /// RFC 6749 §3.2.
    pub const TOKEN: &str = "/token";
    /// OIDC Core §5.3.
    pub const USERINFO: &str = "/userinfo";
    /// RFC 7662 §2.
    pub const INTROSPECT: &str = "/introspect";
    /// RFC 7009 §2.
    pub const REVOKE: &str = "/revoke";
    /// RP-Initiated Logout §2.
    pub const LOGOUT: &str = "/logout";
}

/// What RFC 8414 §2 defines, and what its registry added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names are those of RFC 8414 §2 and its registry")]
pub struct AuthorizationServerMetadata {
    pub issuer: Issuer,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub jwks_uri: String,
    pub revocation_endpoint: String,
    pub introspection_endpoint: String,
    pub scopes_supported: Vec<String>,
    pub response_types_supported: Vec<&'static str>,
    pub response_modes_supported: Vec<&'static str>,
    pub grant_types_supported: Vec<&'static str>,
    pub code_challenge_methods_supported: Vec<&'static str>,
    pub token_endpoint_auth_methods_supported: Vec<&'static str>,
    pub token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    pub revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    pub revocation_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    pub introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    pub introspection_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    /// RFC 9207 §3.
    pub authorization_response_iss_parameter_supported: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ui_locales_supported: Vec<String>,
}

/// What OIDC Discovery §3 adds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names are those of OIDC Discovery §3")]
pub struct ProviderMetadata {
    #[serde(flatten)]
    pub authorization_server: AuthorizationServerMetadata,
    pub userinfo_endpoint: String,
    /// RP-Initiated Logout §2.1.
    pub end_session_endpoint: String,
    pub subject_types_supported: Vec<&'static str>,
    pub id_token_signing_alg_values_supported: Vec<&'static str>,
    pub userinfo_signing_alg_values_supported: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub acr_values_supported: Vec<String>,
    pub display_values_supported: Vec<&'static str>,
    /// Initiating User Registration via OpenID Connect §4.
    pub prompt_values_supported: Vec<&'static str>,
    pub claim_types_supported: Vec<&'static str>,
    pub claims_supported: Vec<&'static str>,
    pub claims_parameter_supported: bool,
    pub request_parameter_supported: bool,
    /// True when absent: it must be said.
    pub request_uri_parameter_supported: bool,
}

/// Claims of the ID token that say how and when the user signed in, and to whom.
const PROTOCOL_CLAIMS: [&str; 12] = [
    "sub",
    "iss",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "azp",
    "at_hash",
    "sid",
];

impl AuthorizationServerMetadata {
    /// The document at [`path::OAUTH_AUTHORIZATION_SERVER`].
    #[must_use]
    pub fn new(policy: &Policy) -> Self {
        let issuer = &policy.issuer;
        let methods: Vec<_> = TokenEndpointAuthMethod::ALL.iter().map(|m| m.as_str()).collect();
        // An API must prove who it is before it is told about tokens.
        let proving = TokenEndpointAuthMethod::ALL.iter().filter(|method| match method {
            TokenEndpointAuthMethod::None => false,
            TokenEndpointAuthMethod::ClientSecretBasic
            | TokenEndpointAuthMethod::ClientSecretPost
            | TokenEndpointAuthMethod::PrivateKeyJwt
            | TokenEndpointAuthMethod::ClientSecretJwt => true,
        });
        let algs: Vec<_> = Alg::ALL.into_iter().map(Alg::name).collect();
        Self {
            issuer: issuer.clone(),
            authorization_endpoint: issuer.at(path::AUTHORIZE),
            token_endpoint: issuer.at(path::TOKEN),
            jwks_uri: issuer.at(path::JWKS),
            revocation_endpoint: issuer.at(path::REVOKE),
            introspection_endpoint: issuer.at(path::INTROSPECT),
            scopes_supported: policy.scopes_supported.iter().map(str::to_owned).collect(),
            response_types_supported: vec!["code"],
            response_modes_supported: ResponseMode::ALL.iter().map(|m| m.as_str()).collect(),
            grant_types_supported: policy.grant_types().map(GrantType::as_str).collect(),
            code_challenge_methods_supported: vec!["S256"],
            introspection_endpoint_auth_methods_supported: proving.map(|m| m.as_str()).collect(),
            introspection_endpoint_auth_signing_alg_values_supported: algs.clone(),
            revocation_endpoint_auth_methods_supported: methods.clone(),
            revocation_endpoint_auth_signing_alg_values_supported: algs.clone(),
            token_endpoint_auth_methods_supported: methods,
            token_endpoint_auth_signing_alg_values_supported: algs,
            authorization_response_iss_parameter_supported: true,
            ui_locales_supported: policy.ui_locales_supported.clone(),
        }
    }
}

impl ProviderMetadata {
    /// The document at [`path::OPENID_CONFIGURATION`].
    #[must_use]
    pub fn new(policy: &Policy) -> Self {
        let issuer = &policy.issuer;
        let signing: Vec<_> = SigningAlg::ALL.into_iter().map(SigningAlg::name).collect();
        Self {
            authorization_server: AuthorizationServerMetadata::new(policy),
            userinfo_endpoint: issuer.at(path::USERINFO),
            end_session_endpoint: issuer.at(path::LOGOUT),
            subject_types_supported: vec!["public"],
            id_token_signing_alg_values_supported: signing.clone(),
            userinfo_signing_alg_values_supported: signing,
            acr_values_supported: policy.acr_values_supported.clone(),
            display_values_supported: Display::ALL.iter().map(|d| d.as_str()).collect(),
            prompt_values_supported: Prompt::ALL.iter().map(|prompt| prompt.as_str()).collect(),
            claim_types_supported: vec!["normal"],
            claims_supported: PROTOCOL_CLAIMS.into_iter().chain(claims::known_claims()).collect(),
            claims_parameter_supported: true,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn policy() -> Policy {
        let mut policy = Policy::new(Issuer::parse("https://id.example.com").unwrap());
        policy.acr_values_supported = vec!["1".to_owned()];
        policy
    }

    #[test]
    fn the_openid_configuration() {
        insta::assert_json_snapshot!(ProviderMetadata::new(&policy()));
    }

    #[test]
    fn the_oauth_authorization_server() {
        insta::assert_json_snapshot!(AuthorizationServerMetadata::new(&policy()));
    }

    /// RFC 8414 §3.2: claims with zero elements MUST be omitted.
    #[test]
    fn rfc8414_section_3_2_no_list_is_empty() {
        let mut bare = policy();
        bare.acr_values_supported.clear();
        bare.ui_locales_supported.clear();
        let document = serde_json::to_value(ProviderMetadata::new(&bare)).unwrap();
        for (name, value) in document.as_object().unwrap() {
            assert!(*value != Value::Array(Vec::new()) && !value.is_null(), "{name}");
        }
    }

    #[test]
    fn discovery_section_3_what_is_not_supported_is_said() {
        let document = serde_json::to_value(ProviderMetadata::new(&policy())).unwrap();
        assert_eq!(document["request_uri_parameter_supported"], false);
        assert_eq!(document["code_challenge_methods_supported"], serde_json::json!(["S256"]));
        let algs = document["id_token_signing_alg_values_supported"].as_array().unwrap();
        assert!(algs.contains(&"RS256".into()));
    }
}
