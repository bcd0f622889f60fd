//! The authorization server as its discovery document describes it, and the types of what it sends.

use std::error::Error;

use openidconnect::{
    AdditionalClaims, AdditionalProviderMetadata, ClaimsVerificationError, Client,
    EmptyExtraTokenFields, EndSessionUrl, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdToken,
    IdTokenClaims, IdTokenFields, ProviderMetadata, RedirectUrl, RequestTokenError,
    SignatureVerificationError, StandardErrorResponse, StandardTokenResponse, UserInfoClaims,
    UserInfoError,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreClaimName, CoreClaimType, CoreClientAuthMethod,
        CoreErrorResponseType, CoreGenderClaim, CoreGrantType, CoreJsonWebKey,
        CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm,
        CoreResponseMode, CoreResponseType, CoreRevocableToken, CoreRevocationErrorResponse,
        CoreSubjectIdentifierType, CoreTokenIntrospectionResponse, CoreTokenType,
    },
    http::StatusCode,
    reqwest,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{super::problem::Problem, Registration};

/// The claims that OIDC Core does not define: the roles, and whatever else comes.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(crate) struct MoreClaims {
    /// The names of the person's roles (RFC 9068 §2.2.3.1).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) roles: Vec<String>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl AdditionalClaims for MoreClaims {}

/// Metadata beyond OIDC Discovery: RP-Initiated Logout §2.1 and RFC 9207 §3.
#[derive(Debug, Clone, Deserialize, Serialize)]
struct MoreMetadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    end_session_endpoint: Option<EndSessionUrl>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for MoreMetadata {}

type Metadata = ProviderMetadata<
    MoreMetadata,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

type RelyingParty = Client<
    MoreClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// The answer of the token endpoint.
pub(super) type Tokens = StandardTokenResponse<
    IdTokenFields<
        MoreClaims,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

/// An ID token, not yet checked.
pub(crate) type NotesIdToken = IdToken<
    MoreClaims,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

/// The claims of a checked ID token.
pub(super) type Claims = IdTokenClaims<MoreClaims, CoreGenderClaim>;

/// The claims of the UserInfo endpoint.
pub(super) type UserInfo = UserInfoClaims<MoreClaims, CoreGenderClaim>;

/// What discovery found.
pub(super) struct Discovered {
    /// The server's endpoints and keys, with Notes' credentials (HTTP Basic, RFC 6749 §2.3.1).
    pub(super) client: RelyingParty,
    /// Where sessions are ended.
    pub(super) end_session_endpoint: Option<EndSessionUrl>,
    /// Whether every authorization response carries `iss` (RFC 9207).
    pub(super) says_who_it_is: bool,
}

impl Discovered {
    /// Fetches the discovery document and the keys.
    pub(super) async fn ask(
        registration: &Registration,
        redirect_uri: &RedirectUrl,
        http: &reqwest::Client,
    ) -> Result<Self, Problem> {
        let metadata = Metadata::discover_async(registration.issuer.clone(), http)
            .await
            .map_err(|error| Problem::Unreachable(chain(&error)))?;
        let more = metadata.additional_metadata().clone();
        let client = RelyingParty::from_provider_metadata(
            metadata,
            registration.client_id.clone(),
            Some(registration.client_secret.clone()),
        );
        Ok(Self {
            client: client.set_redirect_uri(redirect_uri.clone()),
            end_session_endpoint: more.end_session_endpoint,
            says_who_it_is: more.authorization_response_iss_parameter_supported,
        })
    }
}

/// Whether the ID token names a key that was not there at discovery.
pub(super) fn is_unknown_key(error: &ClaimsVerificationError) -> bool {
    matches!(
        error,
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey)
    )
}

impl<E: Error + 'static> From<RequestTokenError<E, StandardErrorResponse<CoreErrorResponseType>>>
    for Problem
{
    fn from(error: RequestTokenError<E, StandardErrorResponse<CoreErrorResponseType>>) -> Self {
        match error {
            RequestTokenError::ServerResponse(refusal) => Self::Refused {
                code: refusal.error().to_string(),
                description: refusal.error_description().cloned(),
            },
            RequestTokenError::Request(error) => Self::Unreachable(chain(&error)),
            // What could not be read may hold tokens: it is not shown.
            RequestTokenError::Parse(error, _) => Self::Unreachable(error.to_string()),
            RequestTokenError::Other(error) => Self::Unreachable(error),
        }
    }
}

/// A 401 says that the access token is used up (RFC 6750 §3.1).
pub(super) fn user_info_problem<E: Error + 'static>(error: UserInfoError<E>) -> Problem {
    if let UserInfoError::Response(StatusCode::UNAUTHORIZED, _, _) = error {
        return Problem::Refused {
            code: "invalid_token".to_owned(),
            description: Some("The access token has ended: refresh it first.".to_owned()),
        };
    }
    if let UserInfoError::ClaimsVerification(error) = error {
        return Problem::NotTrusted(error.to_string());
    }
    Problem::Unreachable(chain(&error))
}

/// An error with its causes: the outermost alone often says little.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
