//! The age of an authentication that is too old. OIDC Core §3.1.2.1.

use super::{Draft, Input};
use crate::protocol::error::{ErrorCode, OAuthError};

/// The `max_age` is no whole number of seconds, or too great for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("max_age is not a number of seconds")]
pub struct NotAnAge;

impl From<NotAnAge> for OAuthError {
    fn from(NotAnAge: NotAnAge) -> Self {
        Self::new(ErrorCode::InvalidRequest, "max_age must be a whole number of seconds")
    }
}

/// Row of the table.
pub(super) fn check(draft: &mut Draft, input: &Input<'_>) -> Result<(), OAuthError> {
    draft.request.max_age = input.params.get("max_age").map(read).transpose()?;
    Ok(())
}

fn read(text: &str) -> Result<u64, NotAnAge> {
    // `parse` alone would let a plus sign pass.
    if text.bytes().all(|b| b.is_ascii_digit()) {
        text.parse().map_err(|_| NotAnAge)
    } else {
        Err(NotAnAge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authz_07_only_whole_seconds_are_an_age() {
        assert_eq!(read("0"), Ok(0));
        assert_eq!(read("3600"), Ok(3600));
        assert_eq!(read("18446744073709551615"), Ok(u64::MAX));
        for bad in ["-1", "+1", "1.5", "1e3", "99999999999999999999", " 1", "x", "٣"] {
            assert_eq!(read(bad), Err(NotAnAge), "{bad}");
        }
    }
}
