//! The authorization endpoint: which checks run, in which order. RFC 6749 §4.1, OIDC Core §3.1.2.
//!
//! Every check is a row of [`TABLE`]. Until the row `redirect_uri` has passed, an error is a page;
//! after it, the error goes to the client. That is not a habit: there is no [`RedirectTarget`] before.

pub mod claims_param;
pub mod hints;
pub mod id_token_hint;
pub mod interaction;
pub mod max_age;
pub mod nonce;
pub mod pkce;
pub mod prompt;
pub mod redirect_uri;
pub mod request;
pub mod request_object;
mod resource;
pub mod response;
pub mod response_mode;
pub mod response_type;
pub mod scope;
pub mod size;
pub mod state;
#[cfg(test)]
pub(crate) mod testing;
pub mod who;

pub use redirect_uri::{RedirectTarget, Unmatched};
pub use request::{AuthorizationRequest, SealedRequest};
pub use response::ResponseTarget;
pub use who::client_id;

use super::{api::Apis, client::Client, error::OAuthError, params::Params, policy::Policy};

/// A refusal, and where it may go.
#[derive(Debug, Clone, PartialEq)]
pub enum AuthorizeError {
    /// To the user, on a page of ours: nobody knows yet who asks, or where an answer may go.
    Page(OAuthError),
    /// To the client, at an address that it registered.
    Redirect(Box<ResponseTarget>, OAuthError),
}

/// What the checks of a new request read.
pub(super) struct Input<'a> {
    client: &'a Client,
    params: &'a Params,
    policy: &'a Policy,
    apis: &'a Apis,
}

/// What the checks of a request that comes back from the browser read.
pub(super) struct Resumed<'a> {
    client: &'a Client,
    request: &'a SealedRequest,
    policy: &'a Policy,
    apis: &'a Apis,
}

/// What the checks fill in.
pub(super) struct Draft {
    /// Where the response may go; nowhere until the redirect URI was matched.
    target: Option<RedirectTarget>,
    /// The request so far.
    request: SealedRequest,
}

/// A check of a new request: fills in its part of the draft.
type Authorize = fn(&mut Draft, &Input<'_>) -> Result<(), OAuthError>;
/// A check of a request that comes back.
type Resume = fn(&mut Draft, &Resumed<'_>) -> Result<(), OAuthError>;

/// A row of the table.
pub struct Check {
    /// The name of the rule, and of its file.
    pub rule: &'static str,
    /// Where it is written.
    pub spec: &'static str,
    /// When a request arrives at the authorization endpoint.
    authorize: Authorize,
    /// When the same request comes back after the login and consent pages: what the registration
    /// decides is decided again, since it may have changed meanwhile.
    resume: Option<Resume>,
}

const fn once(rule: &'static str, spec: &'static str, authorize: Authorize) -> Check {
    Check { rule, spec, authorize, resume: None }
}

const fn again(
    rule: &'static str,
    spec: &'static str,
    authorize: Authorize,
    resume: Resume,
) -> Check {
    Check { rule, spec, authorize, resume: Some(resume) }
}

/// The checks of the authorization endpoint, in their order.
pub const TABLE: &[Check] = &[
    again("client_id", "RFC 6749 §3.1.2.4, §4.1.2.1", who::check, who::resume),
    again(
        "redirect_uri",
        "RFC 6749 §3.1.2, RFC 8252 §7.3",
        redirect_uri::check,
        redirect_uri::resume,
    ),
    once("response_mode", "OAuth 2.0 Multiple Response Types §2.1", response_mode::check),
    once("state", "RFC 6749 §4.1.1", state::check),
    once("request_object", "OIDC Core §3.1.2.6, §6", request_object::check),
    once("response_type", "RFC 6749 §3.1.1", response_type::check),
    again("grant_type", "RFC 6749 §4.1.2.1", who::check_grant, who::resume_grant),
    again("resource", "RFC 8707 §2.1", resource::check, resource::resume),
    again("scope", "RFC 6749 §3.3, OIDC Core §3.1.2.1", scope::check, scope::resume),
    again("pkce", "RFC 7636 §4.3, RFC 9700 §2.1.1", pkce::check, pkce::resume),
    once("nonce", "OIDC Core §3.1.2.1", nonce::check),
    once("prompt", "OIDC Core §3.1.2.1", prompt::check),
    once("max_age", "OIDC Core §3.1.2.1", max_age::check),
    once("id_token_hint", "OIDC Core §3.1.2.1", id_token_hint::check),
    once("claims_param", "OIDC Core §5.5", claims_param::check),
    once("hints", "OIDC Core §3.1.2.1, §15.1", hints::check),
    once("size", "RFC 9110 §4.1", size::check),
];

/// Checks a request that has just arrived, from the client that [`client_id`] named.
///
/// # Errors
/// The first rule of [`TABLE`] that the request breaks.
pub fn validate(
    client: &Client,
    params: &Params,
    policy: &Policy,
    apis: &Apis,
) -> Result<AuthorizationRequest, AuthorizeError> {
    let input = Input { client, params, policy, apis };
    let mut draft = Draft { target: None, request: SealedRequest::new(client.id.clone()) };
    for check in TABLE {
        if let Err(error) = (check.authorize)(&mut draft, &input) {
            return Err(draft.refuse(error));
        }
    }
    draft.finish()
}

impl SealedRequest {
    /// Checks a request that comes back from the browser against the client and the APIs as they are now
    /// (RURI-16).
    ///
    /// # Errors
    /// The first rule of [`TABLE`] that no longer holds.
    pub fn revalidate(
        self,
        client: &Client,
        policy: &Policy,
        apis: &Apis,
    ) -> Result<AuthorizationRequest, AuthorizeError> {
        let mut draft = Draft { target: None, request: self.clone() };
        let resumed = Resumed { client, request: &self, policy, apis };
        for resume in TABLE.iter().filter_map(|check| check.resume) {
            if let Err(error) = resume(&mut draft, &resumed) {
                return Err(draft.refuse(error));
            }
        }
        draft.finish()
    }
}

impl Draft {
    fn refuse(self, error: OAuthError) -> AuthorizeError {
        match self.target {
            Some(target) => {
                let target = self.request.with_redirect_uri(target).response_target();
                AuthorizeError::Redirect(Box::new(target), error)
            }
            None => AuthorizeError::Page(error),
        }
    }

    fn finish(self) -> Result<AuthorizationRequest, AuthorizeError> {
        match self.target {
            Some(target) => Ok(self.request.with_redirect_uri(target)),
            None => Err(AuthorizeError::Page(redirect_uri::RedirectUriError::NotRegistered.into())),
        }
    }
}

#[cfg(test)]
mod tests;
