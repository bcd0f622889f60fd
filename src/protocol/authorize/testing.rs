//! Clients and parameters for the tests of the rules.

use std::collections::BTreeSet;

use crate::{
    protocol::{
        client::{ApplicationType, Client, ClientMetadata, GrantType, TokenEndpointAuthMethod},
        issuer::Issuer,
        params::Params,
        policy::Policy,
    },
    types::{ClientId, Scope, Status, Timestamp},
};

pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) fn web_client(redirect_uris: &[&str]) -> Client {
    client(redirect_uris, ApplicationType::Web, TokenEndpointAuthMethod::ClientSecretBasic)
}

pub(crate) fn public_client(redirect_uris: &[&str]) -> Client {
    client(redirect_uris, ApplicationType::Web, TokenEndpointAuthMethod::None)
}

pub(crate) fn native_client(redirect_uris: &[&str]) -> Client {
    client(redirect_uris, ApplicationType::Native, TokenEndpointAuthMethod::None)
}

fn client(
    redirect_uris: &[&str],
    application_type: ApplicationType,
    token_endpoint_auth_method: TokenEndpointAuthMethod,
) -> Client {
    let metadata = ClientMetadata {
        application_type,
        token_endpoint_auth_method,
        redirect_uris: redirect_uris.iter().map(|&uri| uri.to_owned()).collect(),
        grant_types: BTreeSet::from([GrantType::AuthorizationCode, GrantType::RefreshToken]),
        scope: Scope::parse("openid profile email offline_access notes:read").unwrap(),
        ..ClientMetadata::default()
    };
    Client {
        id: ClientId::parse("app").unwrap(),
        status: Status::Enabled,
        created_at: Timestamp::from_unix(0),
        updated_at: Timestamp::from_unix(0),
        metadata,
        secrets: Vec::new(),
        roles: BTreeSet::new(),
    }
}

pub(crate) fn params(query: &str) -> Params {
    Params::parse(query.as_bytes()).unwrap()
}

pub(crate) fn policy() -> Policy {
    Policy::new(Issuer::parse("https://id.example.com").unwrap())
}
