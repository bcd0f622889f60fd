//! What a client may register, rule by rule.

use std::collections::BTreeSet;

use super::*;
use crate::{protocol::jose::Alg, types::Scope};

fn web() -> ClientMetadata {
    ClientMetadata {
        redirect_uris: vec!["https://app.example.com/cb".to_owned()],
        scope: Scope::parse("openid").unwrap(),
        ..ClientMetadata::default()
    }
}

fn public() -> ClientMetadata {
    ClientMetadata { token_endpoint_auth_method: TokenEndpointAuthMethod::None, ..web() }
}

#[test]
fn an_ordinary_client_is_registered() {
    assert_eq!(validate(&web()), Ok(()));
    assert_eq!(validate(&public()), Ok(()));
}

#[test]
fn addresses_of_sites_are_https_or_this_machine() {
    for good in [
        "https://app.example.com/cb",
        "https://app.example.com",
        "https://app.example.com/?x=1&y",
        "https://xn--bcher-kva.example/cb",
        "http://localhost:3000/cb",
        "http://127.0.0.1/cb",
        "http://[::1]:8080/cb",
    ] {
        assert_eq!(redirect_uri(good, ApplicationType::Web), Ok(()), "{good}");
    }
    for bad in ["http://app.example.com/cb", "http://127.0.0.2/cb", "http://localhost.evil.tld/"] {
        assert_eq!(redirect_uri(bad, ApplicationType::Web), Err(UriError::NotHttps), "{bad}");
    }
}

#[test]
fn rfc8252_section_7_1_schemes_of_their_own_are_reversed_domain_names_of_native_apps() {
    for good in ["com.example.app:/cb", "com.example.app://oauth/cb"] {
        assert_eq!(redirect_uri(good, ApplicationType::Native), Ok(()), "{good}");
        assert_eq!(redirect_uri(good, ApplicationType::Web), Err(UriError::SchemeOfItsOwn));
    }
    assert_eq!(redirect_uri("myapp:/cb", ApplicationType::Native), Err(UriError::SchemeWithoutDot));
}

#[test]
fn ruri_05_no_pattern_can_be_registered() {
    for bad in ["https://*.example.com", "https://app.example.com/*", "com.example.app:/*"] {
        assert_eq!(redirect_uri(bad, ApplicationType::Native), Err(UriError::Wildcard), "{bad}");
    }
    for bad in ["*", "/cb", "app.example.com/cb", "", "https://", "https://app.example.(com|org)/"]
    {
        assert_eq!(redirect_uri(bad, ApplicationType::Web), Err(UriError::NotAUri), "{bad}");
    }
    for bad in
        ["https://app.example.com+/", "https://(app).example.com/", "https://app.example.com./"]
    {
        assert_eq!(redirect_uri(bad, ApplicationType::Web), Err(UriError::Host), "{bad}");
    }
}

#[test]
fn ruri_10_schemes_that_run_code_cannot_be_registered() {
    for bad in [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://app.example.com/cb",
        " javascript:alert(1)",
    ] {
        for kind in [ApplicationType::Web, ApplicationType::Native] {
            assert_eq!(redirect_uri(bad, kind), Err(UriError::ForbiddenScheme), "{bad}");
        }
    }
}

#[test]
fn addresses_have_one_spelling() {
    for bad in [
        " https://app.example.com/cb",
        "https://app.example.com/cb ",
        "https://APP.example.com/cb",
        "HTTPS://app.example.com/cb",
        "https://app.example.com:443/cb",
        "https://app.example.com/a/../cb",
        "https://app.example.com/./cb",
        "https://app.example.com\\cb",
        "https://b\u{fc}cher.example/cb",
        "https:app.example.com/cb",
        "https:///app.example.com/cb",
        "https://app.example.com/\tcb",
        "https://2130706433/cb",
        "https://app.example.com/a b",
    ] {
        assert_eq!(redirect_uri(bad, ApplicationType::Web), Err(UriError::NotCanonical), "{bad}");
    }
    let fragment = redirect_uri("https://app.example.com/cb#", ApplicationType::Web);
    assert_eq!(fragment, Err(UriError::Fragment));
    for bad in
        ["https://u@app.example.com/cb", "https://u:p@app.example.com/", "https://:p@a.example/"]
    {
        assert_eq!(redirect_uri(bad, ApplicationType::Web), Err(UriError::Userinfo), "{bad}");
    }
    let long = format!("https://app.example.com/{}", "x".repeat(MAX_URL_BYTES));
    assert_eq!(redirect_uri(&long, ApplicationType::Web), Err(UriError::NotAUri));
}

#[test]
fn an_error_names_its_address_and_its_code() {
    let bad = "https://app.example.com/cb#x".to_owned();
    let error =
        validate(&ClientMetadata { redirect_uris: vec![bad.clone()], ..web() }).unwrap_err();
    assert_eq!(error, RegistrationError::RedirectUri(bad.clone(), UriError::Fragment));
    assert_eq!(error.code(), "invalid_redirect_uri");
    assert_eq!(error.to_string(), "redirect_uris: `https://app.example.com/cb#x` has a fragment");
    let after = ClientMetadata { post_logout_redirect_uris: vec![bad.clone()], ..web() };
    let error = validate(&after).unwrap_err();
    assert_eq!(error, RegistrationError::PostLogoutRedirectUri(bad, UriError::Fragment));
    assert_eq!(error.code(), "invalid_client_metadata");
}

#[test]
fn rfc7591_section_2_grants_fit_together() {
    let with = |grants: &[GrantType], base: ClientMetadata| {
        validate(&ClientMetadata { grant_types: grants.iter().copied().collect(), ..base })
    };
    let none = ClientMetadata { redirect_uris: Vec::new(), ..web() };
    assert_eq!(validate(&none), Err(RegistrationError::NoRedirectUri));
    assert_eq!(with(&[GrantType::ClientCredentials], none), Ok(()));
    let silent = ClientMetadata { scope: Scope::default(), ..web() };
    assert_eq!(validate(&silent), Err(RegistrationError::NoScope));
    assert_eq!(with(&[], silent), Ok(()), "an API that only introspects");
    assert_eq!(with(&[GrantType::RefreshToken], web()), Err(RegistrationError::RefreshAlone));
    let legacy = ClientMetadata { redirect_uris: Vec::new(), ..web() };
    assert_eq!(with(&[GrantType::Password, GrantType::RefreshToken], legacy.clone()), Ok(()));
    let silent = ClientMetadata { scope: Scope::default(), ..legacy };
    assert_eq!(with(&[GrantType::Password], silent), Err(RegistrationError::NoScope));
    assert_eq!(
        with(&[GrantType::ClientCredentials], public()),
        Err(RegistrationError::PublicClientCredentials)
    );
    assert_eq!(
        with(&[GrantType::TokenExchange], public()),
        Err(RegistrationError::PublicTokenExchange)
    );
}

#[test]
fn rfc9700_section_2_1_1_a_public_client_cannot_be_excused_from_pkce() {
    let excused = ClientMetadata { require_pkce: false, ..public() };
    assert_eq!(validate(&excused), Err(RegistrationError::PublicWithoutPkce));
    assert_eq!(validate(&ClientMetadata { require_pkce: false, ..web() }), Ok(()));
    let api = ClientMetadata { audiences: vec!["https://api.example".to_owned()], ..public() };
    assert_eq!(validate(&api), Err(RegistrationError::PublicAudience));
}

#[test]
fn core_section_9_keys_and_algorithms_fit_the_method() {
    let with = |method, alg| {
        validate(&ClientMetadata {
            token_endpoint_auth_method: method,
            token_endpoint_auth_signing_alg: alg,
            ..web()
        })
    };
    let private = TokenEndpointAuthMethod::PrivateKeyJwt;
    let secret = TokenEndpointAuthMethod::ClientSecretJwt;
    let basic = TokenEndpointAuthMethod::ClientSecretBasic;
    assert_eq!(with(private, None), Err(RegistrationError::NoKeys));
    assert_eq!(with(private, Some(Alg::HS256)), Err(RegistrationError::SigningAlg));
    assert_eq!(with(secret, Some(Alg::RS256)), Err(RegistrationError::SigningAlg));
    assert_eq!(with(secret, Some(Alg::HS256)), Ok(()));
    assert_eq!(with(basic, Some(Alg::HS256)), Err(RegistrationError::SigningAlg));
}

#[test]
fn reg_02_pages_are_https() {
    for bad in
        ["javascript:alert(1)", "http://app.example.com", "//app.example.com", "", "https://u@a.b"]
    {
        let logo = ClientMetadata { logo_uri: Some(bad.to_owned()), ..web() };
        assert_eq!(validate(&logo), Err(RegistrationError::NotHttps("logo_uri")), "{bad}");
    }
    let tos = ClientMetadata { tos_uri: Some("https://app.example.com/tos".to_owned()), ..web() };
    assert_eq!(validate(&tos), Ok(()));
}

#[test]
fn reg_12_uni_06_names_are_what_they_look_like() {
    let named =
        |name: &str| validate(&ClientMetadata { client_name: Some(name.to_owned()), ..web() });
    for good in ["Notes", "Notizbücher", "メモ", "דואר"] {
        assert_eq!(named(good), Ok(()), "{good}");
    }
    let long = "x".repeat(101);
    for bad in ["", " Notes", "a\nb", "a\u{202e}b", "a\u{200b}", "\u{e0041}", "\u{feff}x", &long] {
        assert_eq!(named(bad), Err(RegistrationError::Name("client_name")), "{bad:?}");
    }
}

#[test]
fn lists_and_lifetimes_are_bounded() {
    let lifetime =
        |seconds| validate(&ClientMetadata { access_token_lifetime: Some(seconds), ..web() });
    assert_eq!(lifetime(3_600), Ok(()));
    for bad in [0, 9, 86_401, u64::MAX] {
        assert_eq!(lifetime(bad), Err(RegistrationError::AccessTokenLifetime));
    }
    let many = vec!["a@example.com".to_owned(); 17];
    let many = ClientMetadata { contacts: many, ..web() };
    assert_eq!(validate(&many), Err(RegistrationError::List("contacts")));
    let uris = vec!["https://app.example.com/cb".to_owned(); 51];
    let uris = ClientMetadata { redirect_uris: uris, ..web() };
    assert_eq!(validate(&uris), Err(RegistrationError::TooManyUris("redirect_uris")));
    let spaced = ClientMetadata { audiences: vec!["a b".to_owned()], ..web() };
    assert_eq!(validate(&spaced), Err(RegistrationError::Audience));
    let grants = BTreeSet::from([GrantType::AuthorizationCode, GrantType::RefreshToken]);
    assert_eq!(validate(&ClientMetadata { grant_types: grants, ..web() }), Ok(()));
}
