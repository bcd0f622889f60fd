//! RP-Initiated Logout: a client asks to sign its user out. OpenID Connect RP-Initiated Logout 1.0.
//!
//! A request from elsewhere proves nothing about the user's will. Only an ID token of the very session
//! that would end does (its `sid`); without it, the user is asked.

use super::{
    authorize::{id_token_hint, id_token_hint::IdTokenHint, response::with_query, state},
    client::Client,
    error::{ErrorCode, OAuthError},
    params::Params,
};
use crate::types::{ClientId, SessionId, Status, UserId};

/// The parameters of a logout request. RP-Initiated Logout §2.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogoutRequest {
    /// An ID token of the session, not yet verified.
    pub id_token_hint: Option<String>,
    /// Who asks.
    pub client_id: Option<ClientId>,
    /// Where the browser should go afterwards.
    pub post_logout_redirect_uri: Option<String>,
    /// What should go there with it.
    pub state: Option<String>,
    /// The languages that the user reads, best first.
    pub ui_locales: Vec<String>,
    /// Who should be signed out, in the client's words. It decides nothing.
    pub logout_hint: Option<String>,
}

/// The ways a logout request can be wrong. Each is told on a page: nothing is redirected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LogoutError {
    /// A parameter is longer than it may be.
    #[error("a parameter is too long")]
    TooLong,
    /// The `client_id` is unknown, or its client disabled.
    #[error("client_id is unknown")]
    UnknownClient,
    /// RP-Initiated Logout §2: the OP MUST verify that `client_id` and the hint agree.
    #[error("id_token_hint was issued to another client")]
    ClientMismatch,
    /// A place to go, and a hint that proves nothing. RP-Initiated Logout §2, §4.
    #[error("id_token_hint is not valid")]
    InvalidHint,
    /// A place to go, and nobody to have registered it. RP-Initiated Logout §3.
    #[error("post_logout_redirect_uri without id_token_hint and client_id")]
    NoClient,
    /// The client has registered no such place. RP-Initiated Logout §3.
    #[error("post_logout_redirect_uri is not registered")]
    NotRegistered,
}

impl From<LogoutError> for OAuthError {
    fn from(error: LogoutError) -> Self {
        let description = match error {
            LogoutError::TooLong => "a parameter is too long",
            LogoutError::UnknownClient => "client_id is unknown",
            LogoutError::ClientMismatch => "id_token_hint was issued to another client",
            LogoutError::InvalidHint => "id_token_hint is not an ID token of this server",
            LogoutError::NoClient => {
                "post_logout_redirect_uri needs id_token_hint or client_id beside it"
            }
            LogoutError::NotRegistered => {
                "post_logout_redirect_uri is not registered for this client"
            }
        };
        Self::new(ErrorCode::InvalidRequest, description)
    }
}

/// The session that would end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CurrentSession {
    /// Its id.
    pub id: SessionId,
    /// Who is signed in.
    pub user_id: UserId,
}

/// Whether the user was asked, on a page of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmation {
    /// Not yet.
    Pending,
    /// The user said yes.
    Given,
}

/// Where the browser goes when all is done. Its address was registered by the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostLogoutTarget {
    uri: String,
    state: Option<String>,
}

impl PostLogoutTarget {
    /// The address, with the `state` that was sent and nothing else. RP-Initiated Logout §3.
    #[must_use]
    pub fn url(&self) -> String {
        match &self.state {
            Some(state) => with_query(&self.uri, &[("state", state.clone())]),
            None => self.uri.clone(),
        }
    }
}

/// What a logout request leads to. The target is where the browser goes in the end; without one it
/// stays on a page that says "signed out".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Ask the user first.
    Confirm(Option<PostLogoutTarget>),
    /// End this session, then go.
    SignOut(SessionId, Option<PostLogoutTarget>),
    /// Nobody is signed in: go.
    NothingToDo(Option<PostLogoutTarget>),
}

impl LogoutRequest {
    /// Reads the parameters; those that only wish are left out when they cannot be read.
    ///
    /// # Errors
    /// [`LogoutError::TooLong`] and, for a text that cannot be a `client_id`,
    /// [`LogoutError::UnknownClient`].
    pub fn parse(params: &Params) -> Result<Self, LogoutError> {
        let bounded = |name: &str, max: usize| match params.get(name) {
            Some(value) if value.len() > max => Err(LogoutError::TooLong),
            value => Ok(value.map(str::to_owned)),
        };
        let client_id = params.get("client_id").map(ClientId::parse).transpose();
        let locales = params.get("ui_locales").unwrap_or_default();
        let locales = locales.split(' ').filter(|tag| (1..=35).contains(&tag.len())).take(16);
        Ok(Self {
            id_token_hint: bounded("id_token_hint", id_token_hint::MAX_BYTES)?,
            client_id: client_id.map_err(|_| LogoutError::UnknownClient)?,
            post_logout_redirect_uri: bounded("post_logout_redirect_uri", 2048)?,
            state: bounded("state", state::MAX_BYTES)?,
            ui_locales: locales.map(str::to_owned).collect(),
            logout_hint: params.get("logout_hint").filter(|h| h.len() <= 320).map(str::to_owned),
        })
    }

    /// The client to look up before [`decide`]: the named one, or the one that the hint was issued to.
    ///
    /// # Errors
    /// [`LogoutError::ClientMismatch`] when both are known and differ.
    pub fn client(&self, hint: &IdTokenHint) -> Result<Option<ClientId>, LogoutError> {
        let issued_to = hint.facts().map(|hint| &hint.client_id);
        match (&self.client_id, issued_to) {
            (Some(named), Some(issued_to)) if named != issued_to => {
                Err(LogoutError::ClientMismatch)
            }
            (Some(client_id), _) | (None, Some(client_id)) => Ok(Some(client_id.clone())),
            (None, None) => Ok(None),
        }
    }
}

/// What `request` leads to. `hint` is the verified `id_token_hint`, which may have expired, and `client`
/// the one that [`LogoutRequest::client`] named.
///
/// # Errors
/// [`LogoutError`]: nothing ends, and nothing is redirected.
pub fn decide(
    request: &LogoutRequest,
    hint: &IdTokenHint,
    session: Option<CurrentSession>,
    client: Option<&Client>,
    confirmation: Confirmation,
) -> Result<Decision, LogoutError> {
    let target = target(request, hint, client)?;
    let Some(session) = session else { return Ok(Decision::NothingToDo(target)) };
    let proven = hint
        .facts()
        .is_some_and(|hint| hint.session_id == Some(session.id) && hint.user_id == session.user_id);
    match confirmation {
        Confirmation::Given => Ok(Decision::SignOut(session.id, target)),
        Confirmation::Pending if proven => Ok(Decision::SignOut(session.id, target)),
        Confirmation::Pending => Ok(Decision::Confirm(target)),
    }
}

/// The place to go to must be registered, character by character. RP-Initiated Logout §3.
fn target(
    request: &LogoutRequest,
    hint: &IdTokenHint,
    client: Option<&Client>,
) -> Result<Option<PostLogoutTarget>, LogoutError> {
    let named = request.client(hint)?;
    let client = client
        .filter(|client| named.as_ref() == Some(&client.id) && client.status == Status::Enabled);
    if request.client_id.is_some() && client.is_none() {
        return Err(LogoutError::UnknownClient);
    }
    let Some(uri) = &request.post_logout_redirect_uri else { return Ok(None) };
    if *hint == IdTokenHint::Invalid {
        return Err(LogoutError::InvalidHint);
    }
    let client = client.ok_or(LogoutError::NoClient)?;
    if !client.metadata.post_logout_redirect_uris.contains(uri) {
        return Err(LogoutError::NotRegistered);
    }
    Ok(Some(PostLogoutTarget { uri: uri.clone(), state: request.state.clone() }))
}

#[cfg(test)]
mod tests;
