//! Authorization codes. RFC 6749 §4.1, RFC 7636.

use crate::{
    protocol::{
        authorize::pkce::{self, VerifierError},
        error::{ErrorCode, OAuthError},
    },
    types::{ClientId, GrantId, Timestamp, TokenHash},
};

/// An issued code, as the server keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationCode {
    /// The hash of its text.
    pub hash: TokenHash,
    /// The authorization request that it answers; one request yields one code.
    pub flow_id: TokenHash,
    /// The grant behind it.
    pub grant_id: GrantId,
    /// The client that may redeem it.
    pub client_id: ClientId,
    /// The `redirect_uri` of the request, which the redemption must repeat (RFC 6749 §4.1.3); `None`
    /// where the request left it out.
    pub redirect_uri: Option<String>,
    /// The S256 challenge: the 43 characters as they were sent (RFC 7636 §4.2).
    pub code_challenge: Option<String>,
    /// The `nonce` for the ID token.
    pub nonce: Option<String>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it dies.
    pub expires_at: Timestamp,
    /// When it was redeemed.
    pub consumed_at: Option<Timestamp>,
    /// Redemptions with a wrong verifier so far; at five the code is dead.
    pub failures: u32,
}

/// Wrong verifiers that a code survives; the next one is its last (attackers who hold only the code
/// get few guesses, and cannot end the rightful client's sign-in with one).
pub const MAX_FAILURES: u32 = 5;

/// What a client presents to redeem a code.
#[derive(Debug, Clone, Copy)]
pub struct Redemption<'a> {
    /// The client that authenticated.
    pub client_id: &'a ClientId,
    /// The addresses that it registered.
    pub registered: &'a [String],
    /// `redirect_uri`.
    pub redirect_uri: Option<&'a str>,
    /// `code_verifier`.
    pub code_verifier: Option<&'a str>,
}

/// Why a code is not redeemed. Each is `invalid_grant` to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeRefusal {
    /// There is no such code. RFC 6749 §5.2.
    #[error("there is no such code")]
    Unknown,
    /// It was issued to another client. RFC 6749 §4.1.3.
    #[error("the code was issued to another client")]
    OtherClient,
    /// Its time is over. RFC 6749 §4.1.2.
    #[error("the code has expired")]
    Expired,
    /// Too many wrong verifiers came before.
    #[error("the code is dead after too many wrong verifiers")]
    Dead,
    /// `redirect_uri` is another than in the request, or absent though it was there. RFC 6749 §4.1.3.
    #[error("redirect_uri is not the one of the authorization request")]
    OtherRedirectUri,
    /// The verifier is not the challenge's. RFC 7636 §4.6.
    #[error(transparent)]
    Verifier(#[from] VerifierError),
    /// It was redeemed before, and this redemption is otherwise right. RFC 6749 §4.1.2.
    #[error("the code was redeemed before")]
    Reused,
}

impl From<CodeRefusal> for OAuthError {
    fn from(refusal: CodeRefusal) -> Self {
        let description = match refusal {
            CodeRefusal::Reused => {
                "the code was redeemed before, most often because the app sent it twice; the grant is revoked"
            }
            CodeRefusal::OtherRedirectUri => {
                "redirect_uri is not the one of the authorization request"
            }
            CodeRefusal::Verifier(error) => return error.into(),
            CodeRefusal::Unknown
            | CodeRefusal::OtherClient
            | CodeRefusal::Expired
            | CodeRefusal::Dead => "the code is unknown, expired, or was issued to another client",
        };
        Self::new(ErrorCode::InvalidGrant, description).with_detail(refusal.to_string())
    }
}

/// Every rule that a redemption must keep, in the order in which the first broken one is told.
///
/// A code that was redeemed before is reported only when all else is right: a flawed replay must not
/// be able to revoke anything. RFC 9700 §4.2.4.
///
/// # Errors
/// The first [`CodeRefusal`] that applies.
pub fn check(
    code: &AuthorizationCode,
    redemption: &Redemption<'_>,
    now: Timestamp,
) -> Result<(), CodeRefusal> {
    if code.client_id != *redemption.client_id {
        return Err(CodeRefusal::OtherClient);
    }
    if code.failures >= MAX_FAILURES {
        return Err(CodeRefusal::Dead);
    }
    if !is_the_address(code, redemption) {
        return Err(CodeRefusal::OtherRedirectUri);
    }
    pkce::verify(code.code_challenge.as_deref(), redemption.code_verifier)?;
    if code.consumed_at.is_some() {
        return Err(CodeRefusal::Reused);
    }
    if now >= code.expires_at {
        return Err(CodeRefusal::Expired);
    }
    Ok(())
}

/// Identical to the one of the request, if there was one. A request without it meant the only address
/// of the client: the redemption may leave it out too, or name it. RFC 6749 §4.1.3, §3.1.2.3.
fn is_the_address(code: &AuthorizationCode, redemption: &Redemption<'_>) -> bool {
    match (code.redirect_uri.as_deref(), redemption.redirect_uri) {
        (Some(of_request), Some(presented)) => of_request == presented,
        (Some(_), None) => false,
        (None, Some(presented)) => redemption.registered.iter().any(|uri| uri == presented),
        (None, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::types::token::TokenKind;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    const CALLBACK: &str = "https://app.example.com/cb";

    fn code() -> AuthorizationCode {
        let issued_at = Timestamp::from_unix(1_000);
        AuthorizationCode {
            hash: TokenHash::of(TokenKind::AuthorizationCode, "code"),
            flow_id: TokenHash::of(TokenKind::AuthorizationCode, "flow"),
            grant_id: GrantId::new(issued_at, [0; 10]),
            client_id: ClientId::parse("notes").unwrap(),
            redirect_uri: Some(CALLBACK.to_owned()),
            code_challenge: Some(CHALLENGE.to_owned()),
            nonce: None,
            issued_at,
            expires_at: issued_at.plus(Duration::from_mins(1)),
            consumed_at: None,
            failures: 0,
        }
    }

    fn refusal(code: &AuthorizationCode, verifier: Option<&str>, at: i64) -> Option<CodeRefusal> {
        let redemption = Redemption {
            client_id: &ClientId::parse("notes").unwrap(),
            registered: &[CALLBACK.to_owned()],
            redirect_uri: Some(CALLBACK),
            code_verifier: verifier,
        };
        check(code, &redemption, Timestamp::from_unix(at)).err()
    }

    fn redeemed_at(code: &AuthorizationCode, redirect_uri: Option<&str>) -> Option<CodeRefusal> {
        let redemption = Redemption {
            client_id: &ClientId::parse("notes").unwrap(),
            registered: &[CALLBACK.to_owned()],
            redirect_uri,
            code_verifier: Some(VERIFIER),
        };
        check(code, &redemption, Timestamp::from_unix(1_000)).err()
    }

    #[test]
    fn rfc7636_appendix_b_example_is_redeemed_until_the_last_second() {
        assert_eq!(refusal(&code(), Some(VERIFIER), 1_059), None);
        assert_eq!(refusal(&code(), Some(VERIFIER), 1_060), Some(CodeRefusal::Expired));
    }

    #[test]
    fn verifier_and_challenge_come_together_or_not_at_all() {
        assert_eq!(
            refusal(&code(), None, 1_000),
            Some(CodeRefusal::Verifier(VerifierError::Missing))
        );
        let unchallenged = AuthorizationCode { code_challenge: None, ..code() };
        assert_eq!(refusal(&unchallenged, None, 1_000), None);
        assert_eq!(
            refusal(&unchallenged, Some(VERIFIER), 1_000),
            Some(CodeRefusal::Verifier(VerifierError::Unasked))
        );
    }

    #[test]
    fn a_flawed_replay_is_not_a_reuse() {
        let spent = AuthorizationCode { consumed_at: Some(Timestamp::from_unix(1_001)), ..code() };
        let wrong = "x".repeat(43);
        assert_eq!(
            refusal(&spent, Some(&wrong), 1_002),
            Some(CodeRefusal::Verifier(VerifierError::Wrong))
        );
        assert_eq!(refusal(&spent, Some(VERIFIER), 1_002), Some(CodeRefusal::Reused));
        assert_eq!(refusal(&spent, Some(VERIFIER), 99_999), Some(CodeRefusal::Reused));
    }

    #[test]
    fn five_wrong_verifiers_kill_the_code() {
        let tried = AuthorizationCode { failures: 4, ..code() };
        assert_eq!(refusal(&tried, Some(VERIFIER), 1_000), None);
        let dead = AuthorizationCode { failures: 5, ..code() };
        assert_eq!(refusal(&dead, Some(VERIFIER), 1_000), Some(CodeRefusal::Dead));
    }

    #[test]
    fn redirect_uri_is_the_one_of_the_request() {
        assert_eq!(redeemed_at(&code(), Some(CALLBACK)), None);
        for other in [None, Some("https://app.example.com/c"), Some("https://app.example.com/cb2")]
        {
            assert_eq!(redeemed_at(&code(), other), Some(CodeRefusal::OtherRedirectUri));
        }
    }

    #[test]
    fn rfc6749_section_4_1_3_what_the_request_left_out_may_be_left_out_again() {
        let implied = AuthorizationCode { redirect_uri: None, ..code() };
        for right in [None, Some(CALLBACK)] {
            assert_eq!(redeemed_at(&implied, right), None);
        }
        for other in ["https://app.example.com/c", "https://evil.example/cb", ""] {
            let refused = redeemed_at(&implied, Some(other));
            assert_eq!(refused, Some(CodeRefusal::OtherRedirectUri), "{other}");
        }
    }
}
