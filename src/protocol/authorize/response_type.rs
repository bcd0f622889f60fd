//! What the authorization endpoint answers with: codes. RFC 6749 §3.1.1, RFC 9700 §2.1.2.

use std::collections::BTreeSet;

use super::{Draft, Input};
use crate::protocol::error::{ErrorCode, OAuthError};

/// What can be wrong with `response_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResponseTypeError {
    /// RFC 6749 §3.1.1: it is REQUIRED.
    #[error("response_type is missing")]
    Missing,
    /// Anything but `code`: tokens do not travel through the browser.
    #[error("response_type is not code")]
    Unsupported,
}

impl From<ResponseTypeError> for OAuthError {
    fn from(error: ResponseTypeError) -> Self {
        match error {
            ResponseTypeError::Missing => {
                Self::new(ErrorCode::InvalidRequest, "response_type is missing")
            }
            ResponseTypeError::Unsupported => Self::new(
                ErrorCode::UnsupportedResponseType,
                "response_type is not supported: use code",
            ),
        }
    }
}

/// Row of the table: the unordered set of response types must be `code` alone.
pub(super) fn check(_draft: &mut Draft, input: &Input<'_>) -> Result<(), OAuthError> {
    Ok(read(input.params.get("response_type"))?)
}

fn read(response_type: Option<&str>) -> Result<(), ResponseTypeError> {
    let text = response_type.ok_or(ResponseTypeError::Missing)?;
    let types: BTreeSet<&str> = text.split(' ').collect();
    if types == BTreeSet::from(["code"]) { Ok(()) } else { Err(ResponseTypeError::Unsupported) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authz_02_03_code_is_the_only_response_type() {
        assert_eq!(read(Some("code")), Ok(()));
        assert_eq!(read(None), Err(ResponseTypeError::Missing));
        for other in
            ["token", "id_token", "code id_token", "id_token code", "none", "Code", "code "]
        {
            assert_eq!(read(Some(other)), Err(ResponseTypeError::Unsupported), "{other}");
        }
    }
}
