//! PKCE: the challenge of an authorization request. RFC 7636, RFC 9700 §2.1.1.
//!
//! Its verifier is checked where the code is redeemed, in [`crate::protocol::grant::authorization_code`].

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};

use super::{Draft, Input, Resumed};
use crate::protocol::{
    client::Client,
    error::{ErrorCode, OAuthError},
    params::Params,
};

/// An S256 challenge: the 43 characters of base64url that spell a SHA-256, in the one canonical way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CodeChallenge(String);

/// What can be wrong with the PKCE parameters of an authorization request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PkceError {
    /// The client must use PKCE, and did not.
    #[error("code_challenge is missing")]
    Missing,
    /// A method without a challenge.
    #[error("code_challenge_method without code_challenge")]
    MethodAlone,
    /// `plain`, by name or by silence (RFC 7636 §4.3), or a method that nobody knows.
    #[error("code_challenge_method is not S256")]
    NotS256,
    /// Not the canonical base64url of 32 bytes.
    #[error("code_challenge is not the base64url of a SHA-256")]
    Malformed,
}

impl From<PkceError> for OAuthError {
    fn from(error: PkceError) -> Self {
        let description = match error {
            PkceError::Missing => "code_challenge is missing: PKCE with S256 is required",
            PkceError::MethodAlone => "code_challenge_method was sent without code_challenge",
            PkceError::NotS256 => "code_challenge_method must be S256",
            PkceError::Malformed => {
                "code_challenge must be the 43 characters of BASE64URL(SHA256(code_verifier))"
            }
        };
        Self::new(ErrorCode::InvalidRequest, description)
    }
}

impl CodeChallenge {
    /// Reads a challenge; padding, another alphabet or loose last bits are refused. RFC 7636 §4.2.
    ///
    /// # Errors
    /// [`PkceError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, PkceError> {
        let mut bytes = [0; 32];
        match Base64UrlUnpadded::decode(text, &mut bytes) {
            Ok(decoded) if decoded.len() == 32 => Ok(Self(text.to_owned())),
            Ok(_) | Err(_) => Err(PkceError::Malformed),
        }
    }

    /// The 43 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CodeChallenge {
    type Error = PkceError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<CodeChallenge> for String {
    fn from(challenge: CodeChallenge) -> Self {
        challenge.0
    }
}

/// Row of the table: S256 or nothing, and nothing only from a client that was excused.
pub(super) fn check(draft: &mut Draft, input: &Input<'_>) -> Result<(), OAuthError> {
    draft.request.code_challenge = challenge(input.client, input.params)?;
    Ok(())
}

/// Row of the table, when a request comes back: the client may have lost its excuse.
pub(super) fn resume(draft: &mut Draft, resumed: &Resumed<'_>) -> Result<(), OAuthError> {
    if draft.request.code_challenge.is_none() && resumed.client.requires_pkce() {
        return Err(PkceError::Missing.into());
    }
    Ok(())
}

fn challenge(client: &Client, params: &Params) -> Result<Option<CodeChallenge>, PkceError> {
    let Some(challenge) = params.get("code_challenge") else {
        return match params.get("code_challenge_method") {
            Some(_) => Err(PkceError::MethodAlone),
            None if client.requires_pkce() => Err(PkceError::Missing),
            None => Ok(None),
        };
    };
    if params.get("code_challenge_method") != Some("S256") {
        return Err(PkceError::NotS256);
    }
    CodeChallenge::parse(challenge).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::authorize::testing::{params, public_client, web_client};

    // RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn read(query: &str) -> Result<Option<CodeChallenge>, PkceError> {
        challenge(&web_client(&[]), &params(query))
    }

    #[test]
    fn appendix_b_example_is_accepted() {
        let read = read(&format!("code_challenge={CHALLENGE}&code_challenge_method=S256"));
        assert_eq!(read.unwrap().unwrap().as_str(), CHALLENGE);
    }

    #[test]
    fn pkce_02_plain_and_unknown_methods_are_refused() {
        for method in ["&code_challenge_method=plain", "&code_challenge_method=s256", ""] {
            assert_eq!(
                read(&format!("code_challenge={CHALLENGE}{method}")),
                Err(PkceError::NotS256)
            );
        }
        assert_eq!(
            read(&format!("code_challenge={CHALLENGE}&code_challenge_method=S512")),
            Err(PkceError::NotS256)
        );
        assert_eq!(read("code_challenge_method=S256"), Err(PkceError::MethodAlone));
    }

    #[test]
    fn pkce_03_only_an_excused_confidential_client_may_go_without() {
        assert_eq!(read(""), Err(PkceError::Missing));
        let mut excused = web_client(&[]);
        excused.metadata.require_pkce = false;
        assert_eq!(challenge(&excused, &params("")), Ok(None));
        assert_eq!(
            challenge(&excused, &params("code_challenge_method=S256")),
            Err(PkceError::MethodAlone)
        );
        let mut public = public_client(&[]);
        public.metadata.require_pkce = false;
        assert_eq!(challenge(&public, &params("")), Err(PkceError::Missing));
    }

    #[test]
    fn pkce_08_the_challenge_is_canonical() {
        let short = &CHALLENGE[..42];
        let last_bits = format!("{short}N");
        let long = format!("{CHALLENGE}A");
        let padded = format!("{CHALLENGE}=");
        let standard = CHALLENGE.replace('-', "+");
        for bad in [short, &last_bits, &long, &padded, &standard, VERIFIER.trim_end_matches('k')] {
            assert_eq!(CodeChallenge::parse(bad), Err(PkceError::Malformed), "{bad}");
        }
    }
}
