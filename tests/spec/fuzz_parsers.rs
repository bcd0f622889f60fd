//! Whatever strangers write, a parser answers: it never panics, what it made reads back as itself, and
//! what comes out is no larger than what went in. Attack catalogue, FUZZ-02.
//!
//! `DOORWARD_FUZZ_TIMES=1000 cargo test --test spec fuzz_02` tries a thousand times as many.

use std::{net::IpAddr, path::Path};

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use doorward::{
    config::{self, Flags},
    http::{layer::client_address::TrustedProxies, view::Locale},
    protocol::{
        authorize::{claims_param::ClaimsRequest, prompt::Prompts},
        client::ClientMetadata,
        client_auth::{AuthParameters, PresentedCredentials},
        jose::{Alg, Expiry, JwkSet, JwtKeys, JwtRules, Typ, unverified_subject, verify},
        registration,
        token::{access::AccessTokenId, refresh::PresentedRefreshToken},
    },
    types::{
        ResourceUri, Scope, Timestamp,
        seal::{Cell, MasterKey, Purpose, Sealer},
        token::TokenKind,
    },
};
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::actors::dice;

/// Cases of one parser.
const CASES: u32 = 300;

/// Text of `words` and of anything, so that what is tried comes far and then goes wrong.
fn text_of(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    let word = prop_oneof![
        6 => prop::sample::select(words).prop_map(str::to_owned),
        1 => ".{0,6}",
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(word, 0..24).prop_map(|words| words.concat())
}

/// Any JSON value whose names are among `names`.
fn json_of(names: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        prop::sample::select(names).prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        let members = (prop::sample::select(names), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            prop::collection::vec(members, 0..8).prop_map(|members| {
                Value::Object(
                    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
                )
            }),
        ]
    })
}

/// The words of authorization requests: what is read is written, and reads back as itself.
#[test]
fn fuzz_02_scope_prompt_claims_and_resource() {
    let words = &[
        "openid",
        " ",
        "  ",
        "none",
        "login",
        "consent",
        "select_account",
        "{\"userinfo\":",
        "{",
        "}",
        "\"id_token\":",
        "\"sub\":",
        "null",
        "{\"essential\":true}",
        "https://",
        "notes.example",
        "/",
        "?",
        "#",
        "@",
        ":",
        "[::1]",
        "\\",
        "\"",
        ",",
    ];
    dice::throw(CASES * 4, &text_of(words), |text| {
        if let Ok(scope) = Scope::parse(&text) {
            let written = scope.to_string();
            assert!(written.len() <= text.len(), "{text:?} became {written:?}");
            assert_eq!(Scope::parse(&written), Ok(scope));
        }
        if let Ok(resource) = ResourceUri::parse(&text) {
            assert_eq!(ResourceUri::parse(resource.as_str()).as_ref(), Ok(&resource), "{text:?}");
        }
        if let Ok(prompts) = Prompts::parse(&text) {
            assert_eq!(prompts.is_empty(), text.trim_matches(' ').is_empty(), "{text:?}");
        }
        let _ = ClaimsRequest::parse(&text);
    });
}

/// The parameter `claims` as JSON: what is kept of it reads back as itself.
#[test]
fn fuzz_02_the_claims_parameter() {
    let names = &["userinfo", "id_token", "sub", "acr", "essential", "value", "values", "email"];
    dice::throw(CASES, &json_of(names), |value| {
        if let Ok(claims) = ClaimsRequest::parse(&value.to_string()) {
            assert_eq!(ClaimsRequest::parse(&claims.to_json()).as_ref(), Ok(&claims), "{value}");
        }
    });
}

/// Compact JWS of any header and claims, and of no such thing.
#[test]
fn fuzz_02_jwt() {
    let names = &[
        "alg", "kid", "typ", "crit", "jwk", "iss", "sub", "exp", "aud", "iat", "jti", "ES256",
        "RS256", "none", "client", "JWT",
    ];
    let keys = JwkSet::parse(
        &json!({ "keys": [{
            "kty": "OKP", "crv": "Ed25519", "kid": "client",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        }] })
        .to_string(),
    )
    .unwrap();
    let rules = JwtRules {
        algs: &Alg::ALL,
        typ: Typ::AbsentOr(&["JWT"]),
        expiry: Expiry::MayHavePassed,
        issuer: "client",
    };
    let read = |token: &str| {
        let _ = unverified_subject(token);
        for keys in [JwtKeys::Registered(&keys), JwtKeys::Shared(&[&[0; 64]])] {
            assert!(verify(token, &rules, keys, Timestamp::from_unix(0)).is_err(), "{token}");
        }
    };
    let parts = (json_of(names), json_of(names), prop::collection::vec(any::<u8>(), 0..80));
    dice::throw(CASES, &parts, |(header, claims, signature)| {
        let encode = |bytes: &[u8]| Base64UrlUnpadded::encode_string(bytes);
        let (header, claims) = (header.to_string(), claims.to_string());
        let signed = format!("{}.{}", encode(header.as_bytes()), encode(claims.as_bytes()));
        read(&format!("{signed}.{}", encode(&signature)));
    });
    dice::throw(
        CASES,
        &text_of(&[".", "..", "e30", "eyJhbGciOiJub25lIn0", "A", "-", "_", "="]),
        |text| {
            read(&text);
        },
    );
}

/// A set that is taken in is written as it was read, and never grows.
#[test]
fn fuzz_02_jwk_set() {
    let names = &[
        "keys", "kty", "crv", "x", "y", "n", "e", "d", "k", "use", "alg", "kid", "key_ops", "x5c",
        "RSA", "EC", "OKP", "oct", "P-256", "Ed25519", "sig", "AQAB", "ES256",
    ];
    let set = prop::collection::vec(json_of(names), 0..5);
    dice::throw(CASES, &set, |keys| {
        let genuine = json!({
            "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        });
        let many = keys.len();
        for keys in [keys.clone(), [keys, vec![genuine]].concat()] {
            if let Ok(set) = JwkSet::parse(&json!({ "keys": keys }).to_string()) {
                assert!((1..=many + 1).contains(&set.keys().len()));
                let written = serde_json::to_string(&set).unwrap();
                assert_eq!(JwkSet::parse(&written).as_ref(), Ok(&set), "{written}");
            }
        }
    });
}

/// What a client registers: what is understood is written, and understood the same way.
#[test]
fn fuzz_02_client_metadata() {
    let names = &[
        "client_name",
        "redirect_uris",
        "grant_types",
        "response_types",
        "scope",
        "jwks",
        "keys",
        "token_endpoint_auth_method",
        "application_type",
        "post_logout_redirect_uris",
        "none",
        "authorization_code",
        "refresh_token",
        "native",
        "https://app.example/cb",
        "javascript:x",
        "http://127.0.0.1/cb",
        "app:/cb",
        "client_uri",
        "logo_uri",
        "contacts",
        "default_max_age",
    ];
    let members = prop::collection::vec((prop::sample::select(&names[..]), json_of(names)), 0..6);
    dice::throw(CASES, &members, |members| {
        let members = members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let value = Value::Object(members);
        let Ok(metadata) = serde_json::from_value::<ClientMetadata>(value.clone()) else { return };
        let _ = registration::validate(&metadata);
        let written = serde_json::to_value(&metadata).unwrap();
        let again: ClientMetadata = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(serde_json::to_value(&again).unwrap(), written, "{value}");
    });
}

/// Codes, tokens, cookies: only the one canonical text of a kind is recognised.
#[test]
fn fuzz_02_our_own_tokens() {
    let words = &["dwr_", "dwc_", "dws_", "dwa_", "A", "AAAAAAAAAAA", "-_", "=", "zzzzzzzz", "."];
    dice::throw(CASES * 4, &text_of(words), |text| {
        for kind in [TokenKind::AuthorizationCode, TokenKind::Session, TokenKind::KnownDevice] {
            assert!(kind.recognise(&text).is_none() || text.len() == 47, "{text}");
        }
        let _ = PresentedRefreshToken::parse(&text);
        if let Some(id) = AccessTokenId::decode(&text) {
            assert_eq!(id.encode(), text);
        }
    });
    let altered = (any::<[u8; 32]>(), 0..47_usize, any::<char>());
    dice::throw(CASES, &altered, |(random, at, with)| {
        let text = TokenKind::AuthorizationCode.mint(random).expose().clone();
        let hash = TokenKind::AuthorizationCode.recognise(&text);
        assert!(hash.is_some() && TokenKind::Session.recognise(&text).is_none());
        let other = format!("{}{with}{}", &text[..at], &text[at + 1..]);
        let read = TokenKind::AuthorizationCode.recognise(&other);
        assert!(other == text || read != hash, "{other} is taken for {text}");
        let id = AccessTokenId::decode(&text[4..]).unwrap();
        assert_eq!(id.encode(), text[4..]);
    });
}

/// A sealed value opens as it was, and not at all after any change.
#[test]
fn fuzz_02_sealed_values() {
    let sealer = Sealer::new(&MasterKey::from_bytes([7; 32]), Purpose::Flow);
    let aad = Cell { table: "t", column: "c", row: b"r" }.aad();
    let bytes = || prop::collection::vec(any::<u8>(), 0..120);
    let alike = (any::<[u8; 12]>(), bytes(), any::<usize>(), 0..8_u8);
    dice::throw(CASES, &alike, |(nonce, plain, at, bit)| {
        let closed = sealer.seal(nonce, &aad, &plain);
        assert!(closed.len() <= plain.len() + 64);
        assert_eq!(sealer.open(&aad, &closed).unwrap().as_slice(), plain);
        let mut altered = closed.clone();
        let length = altered.len();
        altered[at % length] ^= 1 << bit;
        assert!(sealer.open(&aad, &altered).is_err());
        assert!(sealer.open(&aad, &closed[..at % length]).is_err());
        assert!(sealer.open(b"", &closed).is_err());
    });
    dice::throw(CASES, &bytes(), |bytes| assert!(sealer.open(&aad, &bytes).is_err()));
}

/// The header `Authorization: Basic`, and what a body may say beside it.
#[test]
fn fuzz_02_client_credentials() {
    let words = &[
        "Basic ", "basic", "Bearer ", " ", ":", "notes", "%", "%zz", "%ff", "Og==", "=", "\u{e9}",
    ];
    let body = || prop::option::of(text_of(words));
    let inputs = (text_of(words), any::<bool>(), (body(), body(), body(), body()));
    dice::throw(CASES * 4, &inputs, |(text, encode, (id, secret, kind, assertion))| {
        let parameters = AuthParameters {
            client_id: id.as_deref(),
            client_secret: secret.as_deref(),
            client_assertion_type: kind.as_deref(),
            client_assertion: assertion.as_deref(),
        };
        let header =
            if encode { format!("Basic {}", Base64::encode_string(text.as_bytes())) } else { text };
        for authorization in [None, Some(header.as_str())] {
            let _ = PresentedCredentials::read(authorization, &parameters);
            let _ = PresentedCredentials::read(authorization, &AuthParameters::default());
        }
    });
}

/// `X-Forwarded-For` and `Accept-Language`: an address that was named, a language that we speak.
#[test]
fn fuzz_02_headers() {
    let words = &[
        "10.0.0.1",
        "192.0.2.7",
        "::ffff:10.0.0.2",
        "[2001:db8::1]",
        ":443",
        ", ",
        ",",
        "unknown",
        "_x",
        "de",
        "fr",
        "-CH",
        "*",
        ";q=",
        "0.5",
        "1e9",
        "NaN",
        "-",
        "\u{e9}",
    ];
    let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
    let (proxy, stranger): (IpAddr, IpAddr) =
        ("10.9.9.9".parse().unwrap(), "192.0.2.99".parse().unwrap());
    dice::throw(CASES * 4, &prop::collection::vec(text_of(words), 0..4), |lines| {
        let mut headers = HeaderMap::new();
        for line in &lines {
            if let Ok(value) = HeaderValue::from_bytes(line.as_bytes()) {
                headers.append("x-forwarded-for", value);
            }
        }
        assert_eq!(proxies.client(stranger, &headers), stranger, "a stranger is believed");
        let client = proxies.client(proxy, &headers);
        let named = lines.iter().any(|line| line.contains(&client.to_string()));
        assert!(named || client == proxy || lines.iter().any(|line| line.contains("::ffff:")));
        for line in &lines {
            let spoken = Locale::negotiate(&lines, Some(line));
            assert!(Locale::ALL.contains(&spoken));
        }
    });
}

/// A configuration file of any words is taken or refused with a reason.
#[test]
fn fuzz_02_the_configuration_file() {
    let words = &[
        "issuer",
        "listen",
        "data_dir",
        "database",
        "url",
        "[",
        "]",
        "=",
        "\n",
        "\"",
        "'",
        "tls",
        ".",
        "true",
        "-1",
        "\"5m\"",
        "\"0.0.0.0:80\"",
        "\"https://id.example\"",
        "[[",
        "]]",
        "{",
        "}",
        "#",
        "sessions",
        "log",
        "limits",
        " ",
        "99999999999999999999",
        "inf",
        "1979-05-27",
    ];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("doorward.toml");
    dice::throw(CASES * 2, &text_of(words), |text| {
        std::fs::write(&file, &text).unwrap();
        let flags = Flags { config: Some(file.clone()), ..Flags::default() };
        match config::load(&flags, [], Path::new("nowhere")) {
            Ok(config) => drop(config::changed(&config)),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    });
}
