//! PKCE: proof that who redeems a code is who asked for it. RFC 7636, RFC 9700 §2.1.1.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};

use super::{Draft, Input, Resumed};
use crate::{
    protocol::{
        client::Client,
        error::{ErrorCode, OAuthError},
        params::Params,
    },
    types::digest::sha256,
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

/// What can be wrong with the `code_verifier` of a token request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifierError {
    /// Not 43 to 128 unreserved characters. RFC 7636 §4.1.
    #[error("code_verifier is malformed")]
    Malformed,
    /// The request had a challenge; the redemption has no verifier.
    #[error("code_verifier is missing")]
    Missing,
    /// The request had no challenge, the redemption has a verifier: a downgrade. RFC 9700 §2.1.1.
    #[error("code_verifier without code_challenge")]
    Unasked,
    /// It does not hash to the challenge.
    #[error("code_verifier does not match code_challenge")]
    Wrong,
}

impl From<VerifierError> for OAuthError {
    fn from(error: VerifierError) -> Self {
        let (code, description) = match error {
            VerifierError::Malformed => (
                ErrorCode::InvalidRequest,
                "code_verifier must have 43 to 128 characters from A-Z a-z 0-9 - . _ ~",
            ),
            VerifierError::Missing => (ErrorCode::InvalidGrant, "code_verifier is missing"),
            VerifierError::Unasked => (
                ErrorCode::InvalidGrant,
                "code_verifier was sent, but the authorization request had no code_challenge",
            ),
            VerifierError::Wrong => {
                (ErrorCode::InvalidGrant, "code_verifier does not match code_challenge")
            }
        };
        Self::new(code, description)
    }
}

/// The verifier must hash to the challenge, and be there exactly when the challenge was.
/// RFC 7636 §4.6, RFC 9700 §2.1.1.
///
/// # Errors
/// [`VerifierError`], one variant for each way.
pub fn verify(challenge: Option<&str>, verifier: Option<&str>) -> Result<(), VerifierError> {
    if verifier.is_some_and(|verifier| !is_verifier(verifier)) {
        return Err(VerifierError::Malformed);
    }
    match (challenge, verifier) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(VerifierError::Unasked),
        (Some(_), None) => Err(VerifierError::Missing),
        (Some(challenge), Some(verifier)) => {
            let hashed = Base64UrlUnpadded::encode_string(&sha256(verifier.as_bytes()));
            verify_slices_are_equal(hashed.as_bytes(), challenge.as_bytes())
                .map_err(|_| VerifierError::Wrong)
        }
    }
}

fn is_verifier(text: &str) -> bool {
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
    (43..=128).contains(&text.len()) && text.bytes().all(unreserved)
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
    fn appendix_b_example_is_accepted_and_verified() {
        let read = read(&format!("code_challenge={CHALLENGE}&code_challenge_method=S256"));
        assert_eq!(read.unwrap().unwrap().as_str(), CHALLENGE);
        assert_eq!(verify(Some(CHALLENGE), Some(VERIFIER)), Ok(()));
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

    #[test]
    fn pkce_04_05_a_verifier_comes_exactly_with_a_challenge() {
        assert_eq!(verify(None, None), Ok(()));
        assert_eq!(verify(None, Some(VERIFIER)), Err(VerifierError::Unasked));
        assert_eq!(verify(Some(CHALLENGE), None), Err(VerifierError::Missing));
        assert_eq!(OAuthError::from(VerifierError::Unasked).code, ErrorCode::InvalidGrant);
        assert_eq!(OAuthError::from(VerifierError::Missing).code, ErrorCode::InvalidGrant);
    }

    #[test]
    fn pkce_06_09_a_wrong_verifier_is_an_invalid_grant() {
        let other = VERIFIER.replace('d', "e");
        assert_eq!(verify(Some(CHALLENGE), Some(&other)), Err(VerifierError::Wrong));
        assert_eq!(OAuthError::from(VerifierError::Wrong).code, ErrorCode::InvalidGrant);
    }

    #[test]
    fn pkce_07_a_verifier_has_43_to_128_unreserved_characters() {
        let long = "a".repeat(129);
        let with_nul = format!("{VERIFIER}\0");
        let with_plus = format!("{VERIFIER}+");
        for bad in [&VERIFIER[..42], &long, &with_nul, &with_plus, ""] {
            assert_eq!(verify(Some(CHALLENGE), Some(bad)), Err(VerifierError::Malformed), "{bad}");
        }
        assert_eq!(OAuthError::from(VerifierError::Malformed).code, ErrorCode::InvalidRequest);
    }
}
