//! An authorization request whose every parameter was checked. OIDC Core §3.1.2.1.

use serde::{Deserialize, Serialize};

use super::{
    RedirectTarget, ResponseTarget, Unmatched, claims_param::ClaimsRequest, hints::Display,
    pkce::CodeChallenge, prompt::Prompts, redirect_uri::Presence, response_mode::ResponseMode,
};
use crate::types::{ClientId, ResourceUri, Scope};

/// A checked request. With a [`RedirectTarget`], it can be answered. With an [`Unmatched`] address it
/// is a [`SealedRequest`]: what came back from the browser and must be checked again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuthorizationRequest<R = RedirectTarget> {
    /// Who asks.
    pub client_id: ClientId,
    /// Where the response goes.
    pub redirect_uri: R,
    /// Whether the request said so itself.
    #[serde(default, skip_serializing_if = "Presence::is_sent")]
    pub redirect_uri_presence: Presence,
    /// How it goes there.
    #[serde(default, skip_serializing_if = "ResponseMode::is_query")]
    pub response_mode: ResponseMode,
    /// What the client wants back unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What was asked for, as far as the client may ask for it. Never empty.
    pub scope: Scope,
    /// The APIs that the client named, if it named any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resource: Vec<ResourceUri>,
    /// The S256 challenge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_challenge: Option<CodeChallenge>,
    /// What the ID token shall repeat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// Which pages must or must not be shown.
    #[serde(default, skip_serializing_if = "Prompts::is_empty")]
    pub prompt: Prompts,
    /// The age of an authentication that is too old, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u64>,
    /// The authentication contexts that the client would like, best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acr_values: Vec<String>,
    /// The single claims that were asked for.
    #[serde(default, skip_serializing_if = "ClaimsRequest::is_empty")]
    pub claims: ClaimsRequest,
    /// The languages that the user reads, best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ui_locales: Vec<String>,
    /// The languages and scripts that claims should come in, best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims_locales: Vec<String>,
    /// How pages should look.
    #[serde(default, skip_serializing_if = "Display::is_page")]
    pub display: Display,
    /// Who might want to sign in, in the client's words: untrusted text for a form field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<String>,
    /// The ID token that names who should be signed in, as it came. Whoever takes the request in
    /// verifies it once and keeps the result as [`super::id_token_hint::IdTokenHint`]; it is not
    /// sealed with the request.
    #[serde(skip)]
    pub id_token_hint: Option<String>,
}

/// A request as it travels through the browser: sealed by whoever sends it there, since its text is
/// not protected by itself. [`SealedRequest::revalidate`] makes it usable again.
pub type SealedRequest = AuthorizationRequest<Unmatched>;

impl SealedRequest {
    /// A request of which nothing is known but who asks.
    pub(super) fn new(client_id: ClientId) -> Self {
        Self {
            client_id,
            redirect_uri: Unmatched::default(),
            redirect_uri_presence: Presence::default(),
            response_mode: ResponseMode::default(),
            state: None,
            scope: Scope::default(),
            resource: Vec::new(),
            code_challenge: None,
            nonce: None,
            prompt: Prompts::default(),
            max_age: None,
            acr_values: Vec::new(),
            claims: ClaimsRequest::default(),
            ui_locales: Vec::new(),
            claims_locales: Vec::new(),
            display: Display::default(),
            login_hint: None,
            id_token_hint: None,
        }
    }

    /// The same request, with an address that was matched.
    pub(super) fn with_redirect_uri(self, target: RedirectTarget) -> AuthorizationRequest {
        self.map_redirect_uri(target)
    }
}

impl<R> AuthorizationRequest<R> {
    /// The same request, with another kind of address.
    fn map_redirect_uri<S>(self, redirect_uri: S) -> AuthorizationRequest<S> {
        AuthorizationRequest {
            client_id: self.client_id,
            redirect_uri,
            redirect_uri_presence: self.redirect_uri_presence,
            response_mode: self.response_mode,
            state: self.state,
            scope: self.scope,
            resource: self.resource,
            code_challenge: self.code_challenge,
            nonce: self.nonce,
            prompt: self.prompt,
            max_age: self.max_age,
            acr_values: self.acr_values,
            claims: self.claims,
            ui_locales: self.ui_locales,
            claims_locales: self.claims_locales,
            display: self.display,
            login_hint: self.login_hint,
            id_token_hint: self.id_token_hint,
        }
    }
}

impl AuthorizationRequest {
    /// The request as it is given to the browser, and comes back from it.
    #[must_use]
    pub fn to_sealed(&self) -> SealedRequest {
        let redirect_uri = self.redirect_uri.clone().into();
        self.clone().map_redirect_uri(redirect_uri)
    }

    /// Where and how this request is answered.
    #[must_use]
    pub fn response_target(&self) -> ResponseTarget {
        ResponseTarget {
            target: self.redirect_uri.clone(),
            response_mode: self.response_mode,
            state: self.state.clone(),
        }
    }

    /// Whether this is an OpenID Connect request, which is answered with an ID token.
    #[must_use]
    pub fn is_openid(&self) -> bool {
        self.scope.contains("openid")
    }
}
