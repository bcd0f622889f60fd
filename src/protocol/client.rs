//! Clients and their registered metadata. RFC 6749 §2, RFC 7591 §2, OIDC Registration §2.

use std::{collections::BTreeSet, time::Duration};

use serde::{Deserialize, Serialize};

use super::jose::{Alg, SigningAlg, jwk::JwkSet};
use crate::types::{ClientId, Scope, Status, Timestamp, TokenHash, id::ClientSecretId};

/// A registered client: an app that people sign in to, a machine, or an API that introspects.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its `client_id`.
    pub id: ClientId,
    /// Whether it may be used.
    pub status: Status,
    /// When it was registered (`client_id_issued_at`).
    pub created_at: Timestamp,
    /// When it was written last.
    pub updated_at: Timestamp,
    /// What it registered.
    pub metadata: ClientMetadata,
    /// Its live secrets: none for a public client, two while they are rotated.
    pub secrets: Vec<ClientSecret>,
    /// The names of the roles that it holds when it acts for itself.
    pub roles: BTreeSet<String>,
}

/// One of a client's secrets, as the server keeps it.
#[derive(Debug, Clone)]
pub struct ClientSecret {
    /// Its name, for rotation.
    pub id: ClientSecretId,
    /// What a presented secret must hash to.
    pub hash: TokenHash,
    /// The secret itself, sealed with the master key: only for `client_secret_jwt`, whose check
    /// needs the secret as an HMAC key (OIDC Core §9).
    pub sealed: Option<Vec<u8>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it counts no more; `None` for never.
    pub expires_at: Option<Timestamp>,
}

/// How a client proves who it is at the token endpoint (OIDC Core §9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenEndpointAuthMethod {
    /// It does not: a public client.
    None,
    /// HTTP Basic with the secret.
    ClientSecretBasic,
    /// The secret as a form parameter.
    ClientSecretPost,
    /// A JWT signed with one of its registered keys.
    PrivateKeyJwt,
    /// A JWT authenticated with its secret.
    ClientSecretJwt,
}

impl TokenEndpointAuthMethod {
    /// Every method, in the order that discovery lists them.
    pub const ALL: &[Self] = &[
        Self::ClientSecretBasic,
        Self::ClientSecretPost,
        Self::PrivateKeyJwt,
        Self::ClientSecretJwt,
        Self::None,
    ];

    /// The registered name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::ClientSecretJwt => "client_secret_jwt",
        }
    }
}

/// What kind of program the client is (OIDC Registration §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    /// A site; its redirect URIs are https, or loopback while it is developed.
    #[default]
    Web,
    /// An app on a device; loopback with any port, or a scheme of its own (RFC 8252 §7).
    Native,
}

/// The grants that a client may use (RFC 7591 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// RFC 6749 §4.1.
    AuthorizationCode,
    /// RFC 6749 §6.
    RefreshToken,
    /// RFC 6749 §4.4.
    ClientCredentials,
    /// RFC 8693 §2.1.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:token-exchange")]
    TokenExchange,
    /// RFC 6749 §4.3: the user types the password into the app. RFC 9700 §2.4 forbids it; it is here for
    /// apps that move over, where an operator switched it on.
    Password,
}

impl GrantType {
    /// Every grant, in the order that discovery lists them.
    pub const ALL: &[Self] = &[
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::ClientCredentials,
        Self::TokenExchange,
        Self::Password,
    ];

    /// The `grant_type` value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
            Self::Password => "password",
        }
    }
}

/// The form of a client's access tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessTokenFormat {
    /// A signed JWT that an API can check offline (RFC 9068).
    #[default]
    Jwt,
    /// A random text that only introspection explains.
    Opaque,
}

/// Whether users are asked before the client gets what it wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentPolicy {
    /// Users are asked, and what they allowed is remembered.
    #[default]
    Ask,
    /// The operator vouches for the client: users are not asked.
    Implied,
}

/// What a client registered, under the names of RFC 7591 §2 and OIDC Registration §2; the members
/// that only Doorward knows are named in their comments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientMetadata {
    /// The name that users see.
    pub client_name: Option<String>,
    /// The client's home page.
    pub client_uri: Option<String>,
    /// Its logo.
    pub logo_uri: Option<String>,
    /// What it does with people's data.
    pub policy_uri: Option<String>,
    /// Its terms of service.
    pub tos_uri: Option<String>,
    /// Who answers for it.
    pub contacts: Vec<String>,
    /// Site or app.
    pub application_type: ApplicationType,
    /// Where authorization responses may go; compared character by character.
    pub redirect_uris: Vec<String>,
    /// Where a browser may go after signing out (RP-Initiated Logout §3.1).
    pub post_logout_redirect_uris: Vec<String>,
    /// The grants it may use.
    pub grant_types: BTreeSet<GrantType>,
    /// What it may ask for.
    pub scope: Scope,
    /// Doorward's own: what of `scope` it cannot do without. A user who holds no role for one of these
    /// that was asked for is told so, and the client gets `access_denied`.
    pub essential_scope: Scope,
    /// How it authenticates; no other method passes.
    pub token_endpoint_auth_method: TokenEndpointAuthMethod,
    /// The algorithm of its assertions; `None` for any that its keys allow.
    pub token_endpoint_auth_signing_alg: Option<Alg>,
    /// Its public keys.
    pub jwks: Option<JwkSet>,
    /// The signature of its ID tokens.
    pub id_token_signed_response_alg: SigningAlg,
    /// The signature of its UserInfo answers; `None` for plain JSON.
    pub userinfo_signed_response_alg: Option<SigningAlg>,
    /// The age of an authentication that is too old for it, in seconds.
    pub default_max_age: Option<u64>,
    /// Whether its ID tokens always carry `auth_time`.
    pub require_auth_time: bool,
    /// The authentication contexts it prefers, best first.
    pub default_acr_values: Vec<String>,
    /// Doorward's own: JWT or opaque access tokens.
    pub access_token_format: AccessTokenFormat,
    /// Doorward's own: the signature of its JWT access tokens.
    pub access_token_signed_response_alg: SigningAlg,
    /// Doorward's own: the lifetime of its access tokens in seconds; `None` for the server's.
    pub access_token_lifetime: Option<u64>,
    /// Doorward's own: the APIs that its access tokens are for (`aud`), beside this server itself.
    pub access_token_audience: Vec<String>,
    /// Doorward's own: PKCE is required. Only a confidential client can be excused.
    pub require_pkce: bool,
    /// Doorward's own: whether users are asked.
    pub consent: ConsentPolicy,
    /// Doorward's own: the audiences that this client, as an API, answers for. It may introspect
    /// tokens that were issued for one of them.
    pub audiences: Vec<String>,
}

impl Default for ClientMetadata {
    fn default() -> Self {
        Self {
            client_name: None,
            client_uri: None,
            logo_uri: None,
            policy_uri: None,
            tos_uri: None,
            contacts: Vec::new(),
            application_type: ApplicationType::Web,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            grant_types: BTreeSet::from([GrantType::AuthorizationCode]),
            scope: Scope::default(),
            essential_scope: Scope::default(),
            token_endpoint_auth_method: TokenEndpointAuthMethod::ClientSecretBasic,
            token_endpoint_auth_signing_alg: None,
            jwks: None,
            id_token_signed_response_alg: SigningAlg::RS256,
            userinfo_signed_response_alg: None,
            default_max_age: None,
            require_auth_time: false,
            default_acr_values: Vec::new(),
            access_token_format: AccessTokenFormat::Jwt,
            access_token_signed_response_alg: SigningAlg::ES256,
            access_token_lifetime: None,
            access_token_audience: Vec::new(),
            require_pkce: true,
            consent: ConsentPolicy::Ask,
            audiences: Vec::new(),
        }
    }
}

impl Client {
    /// Whether the client cannot keep a secret (RFC 6749 §2.1).
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.metadata.token_endpoint_auth_method == TokenEndpointAuthMethod::None
    }

    /// Whether the client may use `grant`.
    #[must_use]
    pub fn may_use(&self, grant: GrantType) -> bool {
        self.metadata.grant_types.contains(&grant)
    }

    /// The name that users see: the registered one, or the `client_id`.
    #[must_use]
    pub fn display_name(&self) -> &str {
        self.metadata.client_name.as_deref().unwrap_or(self.id.as_str())
    }

    /// Whether an authorization request must carry a PKCE challenge: always, except from a
    /// confidential client that was registered without. RFC 9700 §2.1.1.
    #[must_use]
    pub fn requires_pkce(&self) -> bool {
        self.is_public() || self.metadata.require_pkce
    }

    /// How long its access tokens live, where the server's answer is `default`.
    #[must_use]
    pub fn access_token_lifetime(&self, default: Duration) -> Duration {
        self.metadata.access_token_lifetime.map_or(default, Duration::from_secs)
    }
}
