//! Token exchange, for one kind of token: an API key becomes a short access token. RFC 8693.

use super::granted_scope::{self, TargetError};
use crate::{
    protocol::{
        error::{ErrorCode, OAuthError},
        params::Params,
    },
    types::{ResourceUri, Scope},
};

/// An access token of this server. RFC 8693 §3.
pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// An API key of this server: the one type that can be exchanged. RFC 8693 §3 leaves further types to
/// URIs of one's own.
pub const API_KEY: &str = "urn:doorward:params:oauth:token-type:api-key";

/// What a client asks for. RFC 8693 §2.1.
#[derive(Debug)]
pub struct TokenExchange<'a> {
    /// What should be an API key.
    pub subject_token: &'a str,
    /// What is asked of it; `None` for all that it is worth.
    pub scope: Option<Scope>,
    /// Where the token is to be used, as `resource` and `audience` say: both name the audience of an
    /// API. Empty for everywhere.
    pub targets: Vec<ResourceUri>,
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenExchangeError {
    /// RFC 8693 §2.1: REQUIRED.
    #[error("subject_token is missing")]
    NoSubjectToken,
    /// RFC 8693 §2.1: REQUIRED.
    #[error("subject_token_type is missing")]
    NoSubjectTokenType,
    /// Nothing but API keys.
    #[error("subject_token_type is none that can be exchanged")]
    SubjectTokenType,
    /// Nothing but access tokens.
    #[error("requested_token_type is none that is issued")]
    RequestedTokenType,
    /// RFC 8693 §1.1: nobody acts for somebody else here.
    #[error("there is an actor_token")]
    Actor,
    /// RFC 8693 §2.2.2: the token is invalid, or not acceptable.
    #[error("the subject token does not count, or is not this client's business")]
    SubjectToken,
    /// RFC 6749 §3.3: not a scope, or more than the token is worth.
    #[error("scope goes beyond what the subject token is worth")]
    Scope,
    /// RFC 8693 §2.2.2.
    #[error(transparent)]
    Target(#[from] TargetError),
}

impl From<TokenExchangeError> for OAuthError {
    fn from(error: TokenExchangeError) -> Self {
        let invalid = |description| Self::new(ErrorCode::InvalidRequest, description);
        match error {
            TokenExchangeError::NoSubjectToken => invalid("subject_token is missing"),
            TokenExchangeError::NoSubjectTokenType => invalid("subject_token_type is missing"),
            TokenExchangeError::SubjectTokenType => invalid(
                "this subject_token_type is not supported: urn:doorward:params:oauth:token-type:api-key is",
            ),
            TokenExchangeError::RequestedTokenType => invalid(
                "this requested_token_type is not supported: urn:ietf:params:oauth:token-type:access_token is",
            ),
            TokenExchangeError::Actor => invalid("actor_token is not supported"),
            TokenExchangeError::SubjectToken => invalid(
                "the subject token is unknown, expired or revoked, or not for this client to exchange",
            ),
            TokenExchangeError::Scope => Self::new(
                ErrorCode::InvalidScope,
                "scope goes beyond what the subject token is worth",
            ),
            TokenExchangeError::Target(error) => error.into(),
        }
    }
}

/// Reads a request. What the token is worth is asked later. RFC 8693 §2.1.
///
/// # Errors
/// [`TokenExchangeError`], the first rule that is broken.
pub fn read(params: &Params) -> Result<TokenExchange<'_>, TokenExchangeError> {
    if params.get("actor_token").or_else(|| params.get("actor_token_type")).is_some() {
        return Err(TokenExchangeError::Actor);
    }
    let subject_token = params.get("subject_token").ok_or(TokenExchangeError::NoSubjectToken)?;
    match params.get("subject_token_type") {
        None => return Err(TokenExchangeError::NoSubjectTokenType),
        Some(API_KEY) => {}
        Some(_) => return Err(TokenExchangeError::SubjectTokenType),
    }
    match params.get("requested_token_type") {
        None | Some(ACCESS_TOKEN) => {}
        Some(_) => return Err(TokenExchangeError::RequestedTokenType),
    }
    let scope = params.get("scope").map(Scope::parse).transpose();
    let targets = params.all("resource").chain(params.all("audience"));
    Ok(TokenExchange {
        subject_token,
        scope: scope.map_err(|_| TokenExchangeError::Scope)?,
        targets: granted_scope::read_resources(targets)?,
    })
}

impl TokenExchange<'_> {
    /// The scope of the token, where the subject token is worth `worth` at the APIs of these `audiences`:
    /// never more. A permission of an API that was not named is left out, as `belongs` tells (whether a
    /// token of the scope concerns one of the named audiences). RFC 8693 §2.1.
    ///
    /// # Errors
    /// [`TokenExchangeError::Scope`] and [`TargetError::BeyondGrant`].
    pub fn narrow(
        &self,
        worth: &Scope,
        audiences: &[ResourceUri],
        belongs: impl Fn(&str, &[ResourceUri]) -> bool,
    ) -> Result<Scope, TokenExchangeError> {
        let asked = self.scope.as_ref().unwrap_or(worth);
        if !asked.is_subset(worth) {
            return Err(TokenExchangeError::Scope);
        }
        if !self.targets.iter().all(|target| audiences.contains(target)) {
            return Err(TargetError::BeyondGrant.into());
        }
        if self.targets.is_empty() {
            return Ok(asked.clone());
        }
        Ok(asked.filter(|token| belongs(token, &self.targets)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTES: &str = "https://notes.example";
    const MAIL: &str = "https://mail.example";

    fn params(text: &str) -> Params {
        Params::parse(text.as_bytes()).unwrap()
    }

    fn whole(more: &str) -> Params {
        params(&format!("subject_token=dw_x&subject_token_type={API_KEY}{more}"))
    }

    fn error(params: &Params) -> TokenExchangeError {
        read(params).unwrap_err()
    }

    fn scope(text: &str) -> Scope {
        Scope::parse(text).unwrap()
    }

    #[test]
    fn rfc8693_section_2_1_the_subject_token_and_its_type_are_required() {
        let request = whole(&format!("&requested_token_type={ACCESS_TOKEN}&scope=a"));
        let request = read(&request).unwrap();
        assert_eq!((request.subject_token, request.scope), ("dw_x", Some(scope("a"))));
        for (text, expected) in [
            ("", TokenExchangeError::NoSubjectToken),
            ("subject_token=&subject_token_type=x", TokenExchangeError::NoSubjectToken),
            ("subject_token=dw_x", TokenExchangeError::NoSubjectTokenType),
            ("subject_token=dw_x&subject_token_type=", TokenExchangeError::NoSubjectTokenType),
        ] {
            assert_eq!(error(&params(text)), expected, "{text}");
        }
    }

    #[test]
    fn rfc8693_section_3_other_types_are_refused() {
        for kind in ["access_token", "refresh_token", "id_token", "jwt", "saml2"] {
            let kind = format!("urn:ietf:params:oauth:token-type:{kind}");
            let subject = params(&format!("subject_token=x&subject_token_type={kind}"));
            assert_eq!(error(&subject), TokenExchangeError::SubjectTokenType, "{kind}");
            let wanted = read(&whole(&format!("&requested_token_type={kind}"))).err();
            let refused = (kind != ACCESS_TOKEN).then_some(TokenExchangeError::RequestedTokenType);
            assert_eq!(wanted, refused, "{kind}");
        }
    }

    #[test]
    fn rfc8693_section_1_1_nobody_acts_for_somebody_else() {
        for actor in ["&actor_token=x", "&actor_token_type=x", "&actor_token=x&actor_token_type=x"]
        {
            assert_eq!(error(&whole(actor)), TokenExchangeError::Actor, "{actor}");
        }
    }

    #[test]
    fn rfc8693_section_2_1_resource_and_audience_name_apis() {
        let request = whole(&format!("&audience={MAIL}&resource={NOTES}&audience={NOTES}"));
        let named: Vec<String> =
            read(&request).unwrap().targets.into_iter().map(String::from).collect();
        assert_eq!(named, [NOTES, MAIL]);
        for bad in ["&audience=notes", "&resource=/notes", "&audience=https://notes.example%23f"] {
            let refused = TokenExchangeError::Target(TargetError::Malformed);
            assert_eq!(error(&whole(bad)), refused, "{bad}");
        }
        assert_eq!(error(&whole("&scope=a%22b")), TokenExchangeError::Scope);
    }

    /// TEX-04: narrower, never wider.
    #[test]
    fn tex_04_nothing_is_widened() {
        let (worth, uri) =
            (scope("notes:read mail:send"), |text| ResourceUri::parse(text).unwrap());
        let audiences = [uri(MAIL), uri(NOTES)];
        let belongs = |token: &str, named: &[ResourceUri]| {
            named.contains(&uri(if token.starts_with("mail") { MAIL } else { NOTES }))
        };
        let narrow = |more: &str| {
            let request = whole(more);
            read(&request).unwrap().narrow(&worth, &audiences, belongs)
        };
        assert_eq!(narrow(""), Ok(worth.clone()));
        assert_eq!(narrow("&scope=mail:send"), Ok(scope("mail:send")));
        assert_eq!(narrow(&format!("&resource={NOTES}")), Ok(scope("notes:read")));
        assert_eq!(narrow(&format!("&resource={NOTES}&scope=mail:send")), Ok(Scope::default()));
        for wider in ["notes:read notes:write", "notes:write", "roles", "openid"] {
            let wider = narrow(&format!("&scope={wider}"));
            assert_eq!(wider, Err(TokenExchangeError::Scope));
        }
        for elsewhere in ["&audience=https://else.example", "&resource=https://notes.example/"] {
            let refused = TokenExchangeError::Target(TargetError::BeyondGrant);
            assert_eq!(narrow(elsewhere), Err(refused), "{elsewhere}");
        }
    }

    #[test]
    fn rfc8693_section_2_2_2_every_fault_has_its_code() {
        for (error, code) in [
            (TokenExchangeError::NoSubjectToken, ErrorCode::InvalidRequest),
            (TokenExchangeError::SubjectTokenType, ErrorCode::InvalidRequest),
            (TokenExchangeError::SubjectToken, ErrorCode::InvalidRequest),
            (TokenExchangeError::Scope, ErrorCode::InvalidScope),
            (TokenExchangeError::Target(TargetError::BeyondGrant), ErrorCode::InvalidTarget),
        ] {
            assert_eq!(OAuthError::from(error).code, code);
        }
        for (error, supported) in [
            (TokenExchangeError::SubjectTokenType, API_KEY),
            (TokenExchangeError::RequestedTokenType, ACCESS_TOKEN),
        ] {
            assert!(OAuthError::from(error).description.contains(supported), "{error}");
        }
    }
}
