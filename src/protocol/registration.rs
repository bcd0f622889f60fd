//! What a client may register. RFC 7591 §2, OIDC Registration §2, RFC 8252 §7, §8.
//!
//! Addresses are kept as they were written and later compared character by character, so they must be
//! written as a browser would write them: no pattern, no second spelling, nothing that only looks
//! local. Plain http is for this machine alone: for native apps, and for sites in development.

use url::{Host, Url};

use super::client::{ApplicationType, ClientMetadata, GrantType, TokenEndpointAuthMethod};

/// The longest URL, in bytes.
const MAX_URL_BYTES: usize = 2048;
/// The most addresses of one kind.
const MAX_URLS: usize = 50;
/// The longest name, in characters.
const MAX_NAME_CHARS: usize = 100;
/// The lifetimes that an access token may have, in seconds: ten seconds to a day.
const ACCESS_TOKEN_LIFETIMES: std::ops::RangeInclusive<u64> = 10..=86_400;

/// A rule that the metadata break.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// One of `redirect_uris` cannot be registered.
    #[error("redirect_uris: `{0}` {1}")]
    RedirectUri(String, UriError),
    /// RFC 7591 §2: redirect-based grants MUST register redirection URIs.
    #[error("redirect_uris: the authorization_code grant needs at least one")]
    NoRedirectUri,
    /// One of `post_logout_redirect_uris` cannot be registered.
    #[error("post_logout_redirect_uris: `{0}` {1}")]
    PostLogoutRedirectUri(String, UriError),
    /// More than fifty addresses.
    #[error("{0}: at most 50 addresses")]
    TooManyUris(&'static str),
    /// A page of the client that is no https URL.
    #[error("{0}: an https URL is needed")]
    NotHttps(&'static str),
    /// A name that is empty, too long, or can make a page lie.
    #[error("{0}: 1 to 100 characters without control, invisible and direction characters")]
    Name(&'static str),
    /// Nothing that it could ask for.
    #[error("scope: a grant on behalf of users needs at least one scope")]
    NoScope,
    /// What the client cannot do without is part of what it may ask for.
    #[error("essential_scope: every value must be in scope as well")]
    EssentialScope,
    /// RFC 6749 §6: a refresh token comes of another grant.
    #[error(
        "grant_types: refresh_token needs a grant beside it that it comes of: authorization_code"
    )]
    RefreshAlone,
    /// RFC 6749 §4.4: confidential clients only.
    #[error("grant_types: client_credentials needs a client that authenticates")]
    PublicClientCredentials,
    /// RFC 8693 §5: whoever exchanges a token must prove who they are.
    #[error("grant_types: token exchange needs a client that authenticates")]
    PublicTokenExchange,
    /// RFC 9700 §2.1.1: public clients MUST use PKCE.
    #[error("require_pkce: a public client cannot be excused from PKCE")]
    PublicWithoutPkce,
    /// RFC 7662 §2.1: an API authenticates to introspect.
    #[error("audiences: an API needs a client that authenticates")]
    PublicAudience,
    /// RFC 7523: its signature needs a key.
    #[error("jwks: private_key_jwt needs the client's public keys")]
    NoKeys,
    /// None of the keys fits the registered algorithm.
    #[error("jwks: no key fits token_endpoint_auth_signing_alg")]
    NoFittingKey,
    /// An algorithm that the authentication method cannot use.
    #[error("token_endpoint_auth_signing_alg: does not go with token_endpoint_auth_method")]
    SigningAlg,
    /// A lifetime out of range.
    #[error("access_token_lifetime: 10 to 86400 seconds")]
    AccessTokenLifetime,
    /// A text that cannot be an audience.
    #[error("audiences: 1 to 255 printable ASCII characters without spaces")]
    Audience,
    /// Contacts or contexts without measure.
    #[error("{0}: at most 16 values of at most 254 bytes")]
    List(&'static str),
}

/// Why an address cannot be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// No absolute URI, or longer than 2,048 bytes.
    #[error("is not an absolute URI of at most 2048 bytes")]
    NotAUri,
    /// RFC 6749 §3.1.2: MUST NOT include a fragment.
    #[error("has a fragment")]
    Fragment,
    /// A user or a password before the host.
    #[error("has a user name")]
    Userinfo,
    /// A wildcard: nothing here is a pattern.
    #[error("has a wildcard: every address is registered by itself")]
    Wildcard,
    /// A scheme that runs code or reads files.
    #[error("has a forbidden scheme")]
    ForbiddenScheme,
    /// Plain http to another machine.
    #[error("must be https: http is for 127.0.0.1, [::1] and localhost alone")]
    NotHttps,
    /// A scheme of its own, for a site.
    #[error("has a scheme of its own, which only native applications may have")]
    SchemeOfItsOwn,
    /// RFC 8252 §7.1: a scheme that is no reversed domain name can belong to anybody.
    #[error("has a scheme that is no reversed domain name, such as com.example.app")]
    SchemeWithoutDot,
    /// A host that no certificate would name.
    #[error("has a malformed host")]
    Host,
    /// Not as a browser would write it.
    #[error("is not in its plain form: lower case, no default port, no dot segments")]
    NotCanonical,
}

impl RegistrationError {
    /// The error code of RFC 7591 §3.2.2.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::RedirectUri(..) | Self::NoRedirectUri => "invalid_redirect_uri",
            Self::PostLogoutRedirectUri(..)
            | Self::TooManyUris(_)
            | Self::NotHttps(_)
            | Self::Name(_)
            | Self::NoScope
            | Self::EssentialScope
            | Self::RefreshAlone
            | Self::PublicClientCredentials
            | Self::PublicTokenExchange
            | Self::PublicWithoutPkce
            | Self::PublicAudience
            | Self::NoKeys
            | Self::NoFittingKey
            | Self::SigningAlg
            | Self::AccessTokenLifetime
            | Self::Audience
            | Self::List(_) => "invalid_client_metadata",
        }
    }
}

/// Whether a client with these metadata can be registered.
///
/// # Errors
/// The first rule that they break.
pub fn validate(metadata: &ClientMetadata) -> Result<(), RegistrationError> {
    addresses(metadata)?;
    pages(metadata)?;
    grants(metadata)?;
    authentication(metadata)?;
    limits(metadata)
}

fn addresses(metadata: &ClientMetadata) -> Result<(), RegistrationError> {
    let lists = [
        ("redirect_uris", &metadata.redirect_uris),
        ("post_logout_redirect_uris", &metadata.post_logout_redirect_uris),
    ];
    for (name, uris) in lists {
        if uris.len() > MAX_URLS {
            return Err(RegistrationError::TooManyUris(name));
        }
    }
    for uri in &metadata.redirect_uris {
        redirect_uri(uri, metadata.application_type)
            .map_err(|error| RegistrationError::RedirectUri(uri.clone(), error))?;
    }
    for uri in &metadata.post_logout_redirect_uris {
        redirect_uri(uri, metadata.application_type)
            .map_err(|error| RegistrationError::PostLogoutRedirectUri(uri.clone(), error))?;
    }
    Ok(())
}

/// Whether an application of this type may be answered at `text`.
///
/// # Errors
/// [`UriError`], one variant for each rule.
pub fn redirect_uri(text: &str, application_type: ApplicationType) -> Result<(), UriError> {
    if text.len() > MAX_URL_BYTES {
        return Err(UriError::NotAUri);
    }
    let url = Url::parse(text).map_err(|_| UriError::NotAUri)?;
    if url.fragment().is_some() {
        return Err(UriError::Fragment);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UriError::Userinfo);
    }
    if text.contains('*') {
        return Err(UriError::Wildcard);
    }
    match url.scheme() {
        "https" => host(&url)?,
        "http" if is_this_machine(&url) => {}
        "http" => return Err(UriError::NotHttps),
        scheme => own_scheme(scheme, application_type)?,
    }
    // An empty path is written as `/` by browsers, and as nothing by people: both are plain.
    let plain = url.as_str();
    let without_slash = plain.strip_suffix('/').filter(|_| url.path() == "/");
    if text == plain || without_slash == Some(text) { Ok(()) } else { Err(UriError::NotCanonical) }
}

/// Letters, digits, dots and hyphens, as in a certificate, or an address.
fn host(url: &Url) -> Result<(), UriError> {
    match url.host() {
        Some(Host::Domain(name)) => {
            let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
            let labels = name.split('.').all(|label| !label.is_empty());
            if labels && name.bytes().all(plain) { Ok(()) } else { Err(UriError::Host) }
        }
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => Ok(()),
        None => Err(UriError::Host),
    }
}

/// 127.0.0.1, \[::1\] and `localhost`, and nothing that resolves to them.
fn is_this_machine(url: &Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"))
}

/// RFC 8252 §7.1, §8.4.
fn own_scheme(scheme: &str, application_type: ApplicationType) -> Result<(), UriError> {
    let forbidden = [
        "javascript",
        "data",
        "vbscript",
        "file",
        "blob",
        "about",
        "ftp",
        "ws",
        "wss",
        "view-source",
    ];
    if forbidden.contains(&scheme) {
        return Err(UriError::ForbiddenScheme);
    }
    match application_type {
        ApplicationType::Web => Err(UriError::SchemeOfItsOwn),
        ApplicationType::Native if scheme.contains('.') => Ok(()),
        ApplicationType::Native => Err(UriError::SchemeWithoutDot),
    }
}

/// What users see of the client.
fn pages(metadata: &ClientMetadata) -> Result<(), RegistrationError> {
    if metadata.client_name.as_deref().is_some_and(|name| !is_name(name)) {
        return Err(RegistrationError::Name("client_name"));
    }
    let pages = [
        ("client_uri", &metadata.client_uri),
        ("logo_uri", &metadata.logo_uri),
        ("policy_uri", &metadata.policy_uri),
        ("tos_uri", &metadata.tos_uri),
    ];
    for (name, uri) in pages {
        if uri.as_deref().is_some_and(|uri| !is_https(uri)) {
            return Err(RegistrationError::NotHttps(name));
        }
    }
    Ok(())
}

fn is_https(text: &str) -> bool {
    let plain =
        |url: Url| url.scheme() == "https" && url.username().is_empty() && url.password().is_none();
    text.len() <= MAX_URL_BYTES && text.starts_with("https://") && Url::parse(text).is_ok_and(plain)
}

fn is_name(name: &str) -> bool {
    let length = name.chars().count();
    (1..=MAX_NAME_CHARS).contains(&length) && name.trim() == name && !name.chars().any(is_unseen)
}

/// Characters that are not seen, or turn the text around them (UAX 9, UTS 39).
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

fn grants(metadata: &ClientMetadata) -> Result<(), RegistrationError> {
    let may = |grant: GrantType| metadata.grant_types.contains(&grant);
    let public = metadata.token_endpoint_auth_method == TokenEndpointAuthMethod::None;
    if may(GrantType::AuthorizationCode) && metadata.redirect_uris.is_empty() {
        return Err(RegistrationError::NoRedirectUri);
    }
    if may(GrantType::AuthorizationCode) && metadata.scope.is_empty() {
        return Err(RegistrationError::NoScope);
    }
    if !metadata.essential_scope.is_subset(&metadata.scope) {
        return Err(RegistrationError::EssentialScope);
    }
    if may(GrantType::Password) && metadata.scope.is_empty() {
        return Err(RegistrationError::NoScope);
    }
    if may(GrantType::RefreshToken)
        && !may(GrantType::AuthorizationCode)
        && !may(GrantType::Password)
    {
        return Err(RegistrationError::RefreshAlone);
    }
    if may(GrantType::ClientCredentials) && public {
        return Err(RegistrationError::PublicClientCredentials);
    }
    if may(GrantType::TokenExchange) && public {
        return Err(RegistrationError::PublicTokenExchange);
    }
    if public && !metadata.require_pkce {
        return Err(RegistrationError::PublicWithoutPkce);
    }
    if public && !metadata.audiences.is_empty() {
        return Err(RegistrationError::PublicAudience);
    }
    Ok(())
}

fn authentication(metadata: &ClientMetadata) -> Result<(), RegistrationError> {
    let alg = metadata.token_endpoint_auth_signing_alg;
    match metadata.token_endpoint_auth_method {
        TokenEndpointAuthMethod::PrivateKeyJwt => {
            if alg.is_some_and(super::jose::Alg::is_symmetric) {
                return Err(RegistrationError::SigningAlg);
            }
            let keys = metadata.jwks.as_ref().ok_or(RegistrationError::NoKeys)?.keys();
            if keys.is_empty() {
                return Err(RegistrationError::NoKeys);
            }
            if alg.is_some_and(|alg| !keys.iter().any(|key| key.fits(alg))) {
                return Err(RegistrationError::NoFittingKey);
            }
            Ok(())
        }
        TokenEndpointAuthMethod::ClientSecretJwt => {
            let fits = alg.is_none_or(super::jose::Alg::is_symmetric);
            if fits { Ok(()) } else { Err(RegistrationError::SigningAlg) }
        }
        TokenEndpointAuthMethod::None
        | TokenEndpointAuthMethod::ClientSecretBasic
        | TokenEndpointAuthMethod::ClientSecretPost => {
            if alg.is_none() {
                Ok(())
            } else {
                Err(RegistrationError::SigningAlg)
            }
        }
    }
}

fn limits(metadata: &ClientMetadata) -> Result<(), RegistrationError> {
    let lifetime = metadata.access_token_lifetime;
    if lifetime.is_some_and(|seconds| !ACCESS_TOKEN_LIFETIMES.contains(&seconds)) {
        return Err(RegistrationError::AccessTokenLifetime);
    }
    let audience = |text: &String| {
        (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
    };
    if !metadata.audiences.iter().all(audience) {
        return Err(RegistrationError::Audience);
    }
    let lists =
        [("contacts", &metadata.contacts), ("default_acr_values", &metadata.default_acr_values)];
    for (name, values) in lists {
        let fits =
            |value: &String| (1..=254).contains(&value.len()) && !value.chars().any(is_unseen);
        if values.len() > 16 || !values.iter().all(fits) {
            return Err(RegistrationError::List(name));
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "registration_tests.rs"]
mod tests;
