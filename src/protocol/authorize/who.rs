//! Who asks: the client of an authorization request. RFC 6749 §2.2, §4.1.2.1.

use super::{Draft, Input, Resumed};
use crate::{
    protocol::{
        client::{Client, GrantType},
        error::{ErrorCode, OAuthError},
        params::Params,
    },
    types::{ClientId, Status},
};

/// What can be wrong with the client. All but the last are told on a page: whoever asks is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// No `client_id`.
    #[error("client_id is missing")]
    Missing,
    /// No client has this `client_id`; it may not even be one.
    #[error("client_id is unknown")]
    Unknown,
    /// An operator disabled the client.
    #[error("the client is disabled")]
    Disabled,
    /// The request was made for another client: the service mixed two up.
    #[error("the request belongs to another client")]
    Another,
    /// The client is not registered for codes.
    #[error("the client may not use the authorization code grant")]
    GrantNotAllowed,
}

impl From<ClientError> for OAuthError {
    fn from(error: ClientError) -> Self {
        let (code, description) = match error {
            ClientError::Missing => (ErrorCode::InvalidRequest, "client_id is missing"),
            ClientError::Unknown | ClientError::Another => {
                (ErrorCode::InvalidRequest, "client_id is unknown")
            }
            ClientError::Disabled => (ErrorCode::UnauthorizedClient, "this client is disabled"),
            ClientError::GrantNotAllowed => (
                ErrorCode::UnauthorizedClient,
                "this client is not registered for the authorization_code grant",
            ),
        };
        Self::new(code, description).with_detail(error.to_string())
    }
}

/// The client that a request names, to be looked up before [`super::validate`]. A client that is not
/// found is [`ClientError::Unknown`].
///
/// # Errors
/// [`ClientError::Missing`] or [`ClientError::Unknown`]; both are for a page of ours.
pub fn client_id(params: &Params) -> Result<ClientId, ClientError> {
    let text = params.get("client_id").ok_or(ClientError::Missing)?;
    ClientId::parse(text).map_err(|_| ClientError::Unknown)
}

/// Row of the table: the client exists, is the one that was named, and is enabled.
pub(super) fn check(_draft: &mut Draft, input: &Input<'_>) -> Result<(), OAuthError> {
    Ok(usable(input.client, &client_id(input.params)?)?)
}

/// Row of the table, when a request comes back.
pub(super) fn resume(draft: &mut Draft, resumed: &Resumed<'_>) -> Result<(), OAuthError> {
    Ok(usable(resumed.client, &draft.request.client_id)?)
}

/// Row of the table: only clients that are registered for codes get codes.
pub(super) fn check_grant(_draft: &mut Draft, input: &Input<'_>) -> Result<(), OAuthError> {
    Ok(may_have_codes(input.client)?)
}

/// Row of the table, when a request comes back.
pub(super) fn resume_grant(_draft: &mut Draft, resumed: &Resumed<'_>) -> Result<(), OAuthError> {
    Ok(may_have_codes(resumed.client)?)
}

fn usable(client: &Client, named: &ClientId) -> Result<(), ClientError> {
    if client.id != *named {
        return Err(ClientError::Another);
    }
    match client.status {
        Status::Enabled => Ok(()),
        Status::Disabled => Err(ClientError::Disabled),
    }
}

fn may_have_codes(client: &Client) -> Result<(), ClientError> {
    if client.may_use(GrantType::AuthorizationCode) {
        Ok(())
    } else {
        Err(ClientError::GrantNotAllowed)
    }
}
