use super::*;

/// The example key of RFC 7638 §3.1.
const RFC7638_N: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";

/// The P-256 key of RFC 7517 appendix A.1.
const P256_X: &str = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4";
const P256_Y: &str = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM";

/// The key of RFC 8037 appendix A.2, and its thumbprint of A.3.
const ED25519_X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const ED25519_KID: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

fn set(keys: &[String]) -> Result<JwkSet, JwkError> {
    JwkSet::parse(&format!(r#"{{"keys":[{}]}}"#, keys.join(",")))
}

fn rsa(n: &str, e: &str) -> String {
    format!(r#"{{"kty":"RSA","n":"{n}","e":"{e}"}}"#)
}

fn ec(crv: &str, x: &str, y: &str) -> String {
    format!(r#"{{"kty":"EC","crv":"{crv}","x":"{x}","y":"{y}"}}"#)
}

fn okp(x: &str) -> String {
    format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#)
}

#[test]
fn thumbprints_are_those_of_the_rfcs() {
    let thumbprint = |key: String| set(&[key]).unwrap().keys()[0].key().thumbprint();
    assert_eq!(
        thumbprint(rsa(RFC7638_N, "AQAB")).as_str(),
        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    );
    assert_eq!(thumbprint(okp(ED25519_X)).as_str(), ED25519_KID);
}

#[test]
fn a_set_survives_json() {
    let one = set(&[rsa(RFC7638_N, "AQAB"), ec("P-256", P256_X, P256_Y), okp(ED25519_X)]).unwrap();
    let text = serde_json::to_string(&one).unwrap();
    assert_eq!(serde_json::from_str::<JwkSet>(&text).unwrap(), one);
    assert_eq!(one.keys().len(), 3);
}

#[test]
fn keys_for_other_things_are_passed_over() {
    let usable = okp(ED25519_X);
    let others = [
        r#"{"kty":"RSA","use":"enc","n":"AQAB","e":"AQAB"}"#,
        r#"{"kty":"OKP","crv":"X25519","x":"AAAA"}"#,
        r#"{"kty":"EC","crv":"secp256k1","x":"AAAA","y":"AAAA"}"#,
        r#"{"kty":"AKP","alg":"ML-DSA-44","pub":"AAAA"}"#,
        r#"{"kty":"RSA","alg":"RSA-OAEP","n":"AQAB","e":"AQAB"}"#,
        r#"{"kty":"RSA","key_ops":["encrypt"],"n":"AQAB","e":"AQAB"}"#,
    ];
    for other in others {
        assert_eq!(set(&[other.into(), usable.clone()]).unwrap().keys().len(), 1, "{other}");
        assert_eq!(set(&[other.into()]), Err(JwkError::NoUsableKey), "{other}");
    }
    assert_eq!(set(&[]), Err(JwkError::NoUsableKey));
}

#[test]
fn private_and_symmetric_keys_are_refused() {
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        let key = okp(ED25519_X).replace('}', &format!(r#","{member}":"AAAA"}}"#));
        assert_eq!(set(&[key]), Err(JwkError::Private), "{member}");
    }
    assert_eq!(set(&[r#"{"kty":"oct"}"#.into()]), Err(JwkError::Private));
}

#[test]
fn weak_rsa_keys_are_refused() {
    let modulus = |bytes: usize, first: u8, last: u8| {
        let mut n = vec![0xff_u8; bytes];
        n[0] = first;
        n[bytes - 1] = last;
        Base64UrlUnpadded::encode_string(&n)
    };
    let bad_moduli = [
        modulus(128, 0xff, 0xff),
        modulus(256, 0x7f, 0xff),
        modulus(256, 0xff, 0xfe),
        modulus(257, 0x00, 0xff),
    ];
    for n in bad_moduli {
        assert_eq!(set(&[rsa(&n, "AQAB")]), Err(JwkError::Rsa));
    }
    for n in [modulus(1025, 0xff, 0xff), modulus(2048, 0xff, 0xff)] {
        assert!(set(&[rsa(&n, "AQAB")]).is_err());
    }
    // 0, 1, 2, with a leading zero, and 2^32 + 1.
    for e in ["AA", "AQ", "Ag", "AAEAAQ", "AQAAAAE"] {
        assert_eq!(set(&[rsa(RFC7638_N, e)]), Err(JwkError::Rsa), "{e}");
    }
    assert_eq!(set(&[rsa(RFC7638_N, "")]), Err(JwkError::Rsa));
    assert!(set(&[rsa(RFC7638_N, "Aw")]).is_ok());
}

/// JOSE-13: off the curve, of small order, on another curve than said.
#[test]
fn points_off_their_curve_are_refused() {
    let zeros = Base64UrlUnpadded::encode_string(&[0; 32]);
    let short = Base64UrlUnpadded::encode_string(&[7; 31]);
    for (x, y) in [(P256_Y, P256_X), (&zeros, &zeros), (&short, P256_Y)] {
        assert_eq!(set(&[ec("P-256", x, y)]), Err(JwkError::Point));
    }
    assert_eq!(set(&[ec("P-384", P256_X, P256_Y)]), Err(JwkError::Point));
    assert_eq!(set(&[okp(&short)]), Err(JwkError::Point));
}

#[test]
fn ed25519_points_of_small_order_are_refused() {
    for y in SMALL_ORDER {
        for sign in [0, 0x80] {
            let mut point = y;
            point[31] |= sign;
            let text = Base64UrlUnpadded::encode_string(&point);
            assert_eq!(set(&[okp(&text)]), Err(JwkError::Point), "{text}");
        }
    }
}

#[test]
fn numbers_have_one_spelling() {
    let loose = ED25519_X.replace("URo", "URp");
    for x in [loose.as_str(), "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo", "=", "ä"] {
        assert_eq!(set(&[okp(x)]), Err(JwkError::Encoding), "{x}");
    }
    assert_eq!(set(&[r#"{"kty":"RSA","e":"AQAB"}"#.into()]), Err(JwkError::Encoding));
}

#[test]
fn alg_must_go_with_the_key() {
    let key = |alg: &str| okp(ED25519_X).replace('}', &format!(r#","alg":"{alg}"}}"#));
    assert_eq!(set(&[key("ES256")]), Err(JwkError::AlgMismatch));
    assert_eq!(set(&[key("HS256")]), Err(JwkError::AlgMismatch));
    let jwks = set(&[key("Ed25519")]).unwrap();
    assert!(jwks.keys()[0].fits(Alg::EdDSA));
    assert!(!jwks.keys()[0].fits(Alg::ES256));
}

#[test]
fn kids_are_bounded_and_distinct() {
    let key = |kid: &str| okp(ED25519_X).replace('}', &format!(r#","kid":"{kid}"}}"#));
    assert_eq!(set(&[key("a"), key("a")]), Err(JwkError::DuplicateKid));
    assert_eq!(set(&[key("a"), key("b")]).unwrap().keys().len(), 2);
    for kid in ["", "a\\u0000", &"k".repeat(257)] {
        assert_eq!(set(&[key(kid)]), Err(JwkError::Kid), "{kid}");
    }
}

#[test]
fn sets_are_bounded() {
    let one = okp(ED25519_X);
    assert_eq!(set(&vec![one.clone(); 33]), Err(JwkError::TooLarge));
    assert!(set(&vec![one; 32]).is_ok());
    assert_eq!(JwkSet::parse(&" ".repeat(MAX_SET_BYTES + 1)), Err(JwkError::TooLarge));
    for text in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[1]}"#, r#"{"keys":[{}]}"#] {
        assert_eq!(JwkSet::parse(text), Err(JwkError::Malformed), "{text}");
    }
}
