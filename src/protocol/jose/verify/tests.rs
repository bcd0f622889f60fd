//! Attack group 26: what must not pass, whatever it is signed with.

use serde_json::json;

use super::{
    super::{
        alg::SigningAlg,
        jwk::{Jwk, PublicKey},
        signing_key::{JwtType, tests::key},
    },
    *,
};

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
const SECRET: &[u8] = &[0x5a; 64];

const RULES: JwtRules<'static> = JwtRules {
    algs: &Alg::ASYMMETRIC,
    typ: Typ::AbsentOr(&["JWT"]),
    expiry: Expiry::Ahead,
    issuer: "client",
};

fn claims() -> Value {
    json!({ "iss": "client", "sub": "client", "aud": "issuer", "exp": 1_800_000_300, "jti": "1" })
}

fn jwks() -> JwkSet {
    JwkSet::of(SigningAlg::ALL.map(|alg| key(alg).public_jwk().clone()))
}

fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// A token of these parts with a signature by `sign`.
fn token(header: &str, claims: &str, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let signed = format!("{}.{}", encode(header.as_bytes()), encode(claims.as_bytes()));
    let signature = encode(&sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

fn hs256(header: &str, secret: &[u8]) -> String {
    let hmac_key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    token(header, &claims().to_string(), |message| hmac::sign(&hmac_key, message).as_ref().to_vec())
}

/// An ES256 key of the tests, its set, and tokens with any header and claims.
fn es256(header: &str, claims: &str) -> (String, JwkSet) {
    use aws_lc_rs::{rand::SystemRandom, signature as s};
    let pair = s::EcdsaKeyPair::generate(&s::ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let point = s::KeyPair::public_key(&pair).as_ref().try_into().unwrap();
    let jwk = Jwk::new(Alg::ES256, PublicKey::P256(point)).unwrap();
    let signed = token(header, claims, |message| {
        pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
    });
    (signed, JwkSet::of([jwk]))
}

fn check(token: &str) -> Result<VerifiedJwt, JwtError> {
    verify(token, &RULES, JwtKeys::Registered(&jwks()), NOW)
}

fn check_header(header: &str) -> Result<VerifiedJwt, JwtError> {
    let (token, set) = es256(header, &claims().to_string());
    verify(&token, &RULES, JwtKeys::Registered(&set), NOW)
}

fn check_claims(claims: &str) -> Result<VerifiedJwt, JwtError> {
    let (token, set) = es256(r#"{"alg":"ES256"}"#, claims);
    verify(&token, &RULES, JwtKeys::Registered(&set), NOW)
}

#[test]
fn our_signatures_pass() {
    for alg in SigningAlg::ALL {
        let signed = key(alg).sign(JwtType::Jwt, &claims()).unwrap();
        let jwt = check(&signed).unwrap();
        assert_eq!((jwt.alg, jwt.claims.sub.as_deref()), (alg.alg(), Some("client")));
        assert!(jwt.is_for("issuer") && !jwt.is_for("issue"));
    }
}

/// JOSE-01.
#[test]
fn none_is_refused_in_every_spelling() {
    for alg in ["none", "None", "nOnE", "NONE", ""] {
        for signature in ["", "AAAA"] {
            let header = encode(format!(r#"{{"alg":"{alg}"}}"#).as_bytes());
            let token = format!("{header}.{}.{signature}", encode(claims().to_string().as_bytes()));
            assert_eq!(check(&token), Err(JwtError::Alg), "{alg}");
        }
    }
    let signed = key(SigningAlg::ES256).sign(JwtType::Jwt, &claims()).unwrap();
    let unsigned = &signed[..=signed.rfind('.').unwrap()];
    assert_eq!(check(unsigned), Err(JwtError::Signature));
}

/// JOSE-02: a public key, in any form, is never the secret of an HMAC.
#[test]
fn a_public_key_is_no_shared_secret() {
    let rsa = key(SigningAlg::RS256).public_jwk();
    let json = serde_json::to_string(rsa).unwrap();
    let PublicKey::Rsa { n, .. } = rsa.key() else { panic!("an RSA key") };
    for secret in [json.as_bytes(), n, rsa.kid().unwrap().as_str().as_bytes()] {
        let header = format!(r#"{{"alg":"HS256","kid":"{}"}}"#, rsa.kid().unwrap());
        let rules = JwtRules { algs: &Alg::ALL, ..RULES };
        let token = hs256(&header, secret);
        assert_eq!(check(&token), Err(JwtError::Alg));
        let set = jwks();
        let careless = verify(&token, &rules, JwtKeys::Registered(&set), NOW);
        assert_eq!(careless, Err(JwtError::UnknownKey));
    }
}

/// The other way round: with shared secrets, an asymmetric `alg` does not pass even if allowed.
#[test]
fn a_shared_secret_is_no_public_key() {
    let rules = JwtRules { algs: &Alg::ALL, ..RULES };
    let signed = key(SigningAlg::ES256).sign(JwtType::Jwt, &claims()).unwrap();
    assert_eq!(verify(&signed, &rules, JwtKeys::Shared(&[SECRET]), NOW), Err(JwtError::Alg));
}

/// JOSE-03, and OIDC Core §10.1: the secret is at least as long as the hash.
#[test]
fn shared_secrets_have_a_length() {
    let rules = JwtRules { algs: &Alg::SYMMETRIC, ..RULES };
    let run = |secret: &[u8], known: &[&[u8]]| {
        let token = hs256(r#"{"alg":"HS256"}"#, secret);
        verify(&token, &rules, JwtKeys::Shared(known), NOW).map(|jwt| jwt.alg)
    };
    assert_eq!(run(SECRET, &[SECRET]), Ok(Alg::HS256));
    assert_eq!(run(SECRET, &[&[1; 32], SECRET]), Ok(Alg::HS256));
    assert_eq!(run(b"", &[b""]), Err(JwtError::SecretTooShort));
    assert_eq!(run(&[1; 31], &[&[1; 31]]), Err(JwtError::SecretTooShort));
    assert_eq!(run(&[1; 31], &[&[1; 31], SECRET]), Err(JwtError::Signature));
    assert_eq!(run(SECRET, &[]), Err(JwtError::UnknownKey));
    assert_eq!(run(SECRET, &[&[2; 64]]), Err(JwtError::Signature));
}

/// JOSE-03: `alg` twice, or not in the protected header.
#[test]
fn alg_stands_once_in_the_header() {
    assert_eq!(check_header(r#"{"alg":"ES256","alg":"none"}"#), Err(JwtError::Duplicate));
    assert_eq!(check_header(r#"{"alg":"none","\u0061lg":"ES256"}"#), Err(JwtError::Duplicate));
    assert_eq!(check_header(r#"{"typ":"JWT"}"#), Err(JwtError::Alg));
    assert_eq!(check_header(r#"{"alg":["ES256"]}"#), Err(JwtError::Alg));
    assert_eq!(check_header(r#"{"alg":null}"#), Err(JwtError::Alg));
    let json = r#"{"payload":"e30","signatures":[{"header":{"alg":"ES256"},"signature":""}]}"#;
    assert_eq!(check(json), Err(JwtError::Segments));
}

/// JOSE-05, CVE-2022-21449. A signature with a high s is valid (RFC 7518 §3.4) and passes: nothing
/// here takes a signature for the name of a token.
#[test]
fn degenerate_ecdsa_signatures_are_refused() {
    let order: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
        0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let one: [u8; 32] = std::array::from_fn(|i| u8::from(i == 31));
    let header = format!(r#"{{"alg":"ES256","kid":"{}"}}"#, key(SigningAlg::ES256).kid());
    let der = vec![0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01];
    let bad = [
        vec![0; 64],
        [order, order].concat(),
        [order, one].concat(),
        [one, [0; 32]].concat(),
        [[0; 32], one].concat(),
        vec![0xff; 64],
        vec![0; 63],
        vec![0; 65],
        der,
    ];
    for signature in bad {
        let forged = token(&header, &claims().to_string(), |_| signature.clone());
        assert_eq!(check(&forged), Err(JwtError::Signature));
    }
}

/// JOSE-06, JOSE-07, JOSE-10: nothing encrypted, nothing compressed.
#[test]
fn encrypted_tokens_are_refused() {
    assert_eq!(check("e30.e30.e30.e30.e30"), Err(JwtError::Segments));
    let pbes2 = r#"{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":1000000000}"#;
    assert_eq!(check_header(pbes2), Err(JwtError::Alg));
    assert_eq!(check_header(r#"{"alg":"dir","enc":"A128GCM"}"#), Err(JwtError::Alg));
    let zip = r#"{"alg":"ES256","zip":"DEF"}"#;
    assert_eq!(check_header(zip), Err(JwtError::Extension("zip")));
    let enc = r#"{"alg":"ES256","enc":"A128GCM"}"#;
    assert_eq!(check_header(enc), Err(JwtError::Extension("enc")));
    let (inner, _) = es256(r#"{"alg":"ES256"}"#, &claims().to_string());
    let (nested, set) = es256(r#"{"alg":"ES256","cty":"JWT"}"#, &inner);
    let read = verify(&nested, &RULES, JwtKeys::Registered(&set), NOW);
    assert_eq!(read, Err(JwtError::Claims));
}

/// JOSE-08: refused before anything is split or decoded.
#[test]
fn size_comes_first() {
    assert_eq!(check(&".".repeat(1_000_000)), Err(JwtError::TooLong));
    assert_eq!(check(&"A".repeat(1 << 20)), Err(JwtError::TooLong));
    assert_eq!(check(&".".repeat(10_000)), Err(JwtError::Segments));
    for bad in ["", ".", "a", "e30.e30", "..."] {
        assert_eq!(check(bad), Err(JwtError::Segments), "{bad}");
    }
    assert_eq!(check(".."), Err(JwtError::Header));
}

/// JOSE-09, JOSE-11: a claim of the wrong type is never an absent one.
#[test]
fn claims_have_their_types() {
    let bad = ["\"1800000300\"", "null", "[1800000300]", "1800000300.5", "1e308", "-1"];
    for name in ["exp", "nbf", "iat"] {
        for value in bad {
            let mut text = claims();
            text[name] = json!("PLACE");
            let text = text.to_string().replace("\"PLACE\"", value);
            assert_eq!(check_claims(&text), Err(ClaimsError(name).into()), "{name} {value}");
        }
    }
    for name in ["iss", "sub", "jti", "aud"] {
        for value in [json!(1), json!(null), json!({})] {
            let mut text = claims();
            text[name] = value;
            assert_eq!(check_claims(&text.to_string()), Err(ClaimsError(name).into()), "{name}");
        }
    }
    let huge = r#"{"iss":"client","exp":1e999}"#;
    assert_eq!(check_claims(huge), Err(JwtError::Claims));
    let integer = format!(r#"{{"iss":"client","exp":{}}}"#, u64::MAX);
    assert_eq!(check_claims(&integer), Err(ClaimsError("exp").into()));
}

#[test]
fn claims_stand_once() {
    let twice = r#"{"iss":"client","iss":"client","exp":1800000300}"#;
    assert_eq!(check_claims(twice), Err(JwtError::Duplicate));
}

/// JOSE-14.
#[test]
fn critical_extensions_are_refused() {
    for (header, extension) in [
        (r#"{"alg":"ES256","crit":["exp"],"exp":1}"#, "crit"),
        (r#"{"alg":"ES256","crit":[]}"#, "crit"),
        (r#"{"alg":"ES256","b64":false,"crit":["b64"]}"#, "crit"),
        (r#"{"alg":"ES256","b64":false}"#, "b64"),
    ] {
        assert_eq!(check_header(header), Err(JwtError::Extension(extension)), "{header}");
    }
}

#[test]
fn a_header_supplies_no_key() {
    let jwk = serde_json::to_string(key(SigningAlg::ES256).public_jwk()).unwrap();
    for (name, value) in [
        ("jwk", jwk.as_str()),
        ("jku", "\"https://attacker.example/jwks\""),
        ("x5u", "\"https://attacker.example/chain\""),
        ("x5c", "[\"AAAA\"]"),
    ] {
        let header = format!(r#"{{"alg":"ES256","{name}":{value}}}"#);
        assert_eq!(check_header(&header), Err(JwtError::KeyInHeader(name)), "{name}");
    }
    assert!(check_header(r#"{"alg":"ES256","x5t":"AAAA"}"#).is_ok());
}

/// CAUTH-11: `kid` names one of the registered keys, or nothing.
#[test]
fn a_kid_is_only_a_name() {
    let long = format!("\"{}\"", "k".repeat(257));
    for kid in ["\"../../dev/null\"", "\"' OR 1=1 --\"", "\"\"", "1", "null", long.as_str()] {
        let header = format!(r#"{{"alg":"ES256","kid":{kid}}}"#);
        assert_eq!(check_header(&header), Err(JwtError::UnknownKey), "{kid}");
    }
}

#[test]
fn without_a_kid_there_must_be_one_key() {
    let (token, set) = es256(r#"{"alg":"ES256"}"#, &claims().to_string());
    assert!(verify(&token, &RULES, JwtKeys::Registered(&set), NOW).is_ok());
    assert_eq!(check(&token), Err(JwtError::Signature));
    let (_, other) = es256("{}", "{}");
    let both = JwkSet::of([set.keys()[0].clone(), other.keys()[0].clone()]);
    let read = verify(&token, &RULES, JwtKeys::Registered(&both), NOW);
    assert_eq!(read, Err(JwtError::KidRequired));
}

/// RFC 8725 §3.1: a key is used with its own algorithm only.
#[test]
fn a_key_keeps_to_its_algorithm() {
    let pss = key(SigningAlg::PS256);
    let header = format!(r#"{{"alg":"RS256","kid":"{}"}}"#, pss.kid());
    let forged = token(&header, &claims().to_string(), |_| vec![1; 256]);
    assert_eq!(check(&forged), Err(JwtError::UnknownKey));
    let only = JwtRules { algs: &[Alg::PS256], ..RULES };
    let signed = key(SigningAlg::RS256).sign(JwtType::Jwt, &claims()).unwrap();
    let set = jwks();
    assert_eq!(verify(&signed, &only, JwtKeys::Registered(&set), NOW), Err(JwtError::Alg));
    let nothing = JwtRules { algs: &[], ..RULES };
    assert_eq!(verify(&signed, &nothing, JwtKeys::Registered(&set), NOW), Err(JwtError::Alg));
}

#[test]
fn kinds_of_tokens_are_told_apart() {
    let keys: VerifyingKeys = SigningAlg::ALL
        .into_iter()
        .filter_map(|alg| VerifyingKey::new(key(alg).public_jwk(), alg.alg()))
        .collect();
    let kinds = ["JWT", "at+jwt", "logout+jwt", "token-introspection+jwt"];
    for made in [JwtType::Jwt, JwtType::AccessToken, JwtType::LogoutToken, JwtType::Introspection] {
        let signed = key(SigningAlg::ES256).sign(made, &claims()).unwrap();
        for wanted in kinds {
            let rules = JwtRules { typ: Typ::Exactly(wanted), ..RULES };
            let read = verify(&signed, &rules, JwtKeys::Issuer(&keys), NOW);
            assert_eq!(read.is_ok(), wanted == made.typ(), "{made:?} as {wanted}");
        }
    }
    assert!(check_header(r#"{"alg":"ES256","typ":"application/jwt"}"#).is_ok());
    for typ in ["\"at+jwt\"", "\"dpop+jwt\"", "\"\"", "1", "null", "\"application/\""] {
        let header = format!(r#"{{"alg":"ES256","typ":{typ}}}"#);
        assert_eq!(check_header(&header), Err(JwtError::Typ), "{typ}");
    }
}

/// CAUTH-09, CLK-01: `nbf` and `iat` may be a little ahead, `exp` never behind.
#[test]
fn times_are_checked_against_our_clock() {
    let now = NOW.unix();
    let run = |name: &str, moment: i64| {
        let mut text = claims();
        text[name] = json!(moment);
        check_claims(&text.to_string()).map(|_| ())
    };
    for name in ["nbf", "iat"] {
        for ahead in [-86_400, 0, 5, 10, 60] {
            assert_eq!(run(name, now + ahead), Ok(()), "{name} {ahead}");
        }
        assert_eq!(run(name, now + 61), Err(JwtError::InFuture(name)));
    }
    assert_eq!(run("exp", now + 1), Ok(()));
    assert_eq!(run("exp", now), Err(JwtError::Expired));
    assert_eq!(run("exp", 0), Err(JwtError::Expired));
    assert_eq!(check_claims(r#"{"iss":"client"}"#), Err(JwtError::Missing("exp")));
}

#[test]
fn a_hint_may_have_expired_and_still_has_an_exp() {
    let rules = JwtRules { expiry: Expiry::MayHavePassed, ..RULES };
    let run = |claims: &str| {
        let (token, set) = es256(r#"{"alg":"ES256"}"#, claims);
        verify(&token, &rules, JwtKeys::Registered(&set), NOW).map(|_| ())
    };
    assert_eq!(run(r#"{"iss":"client","exp":5}"#), Ok(()));
    assert_eq!(run(r#"{"iss":"client"}"#), Err(JwtError::Missing("exp")));
}

#[test]
fn the_issuer_is_exact() {
    for iss in ["client ", "Client", "", "client/"] {
        let claims = json!({ "iss": iss, "exp": 1_800_000_300 }).to_string();
        assert_eq!(check_claims(&claims), Err(JwtError::Issuer), "{iss}");
    }
    assert_eq!(check_claims(r#"{"exp":1800000300}"#), Err(JwtError::Missing("iss")));
}

#[test]
fn every_altered_character_is_noticed() {
    let signed = key(SigningAlg::EdDSA).sign(JwtType::Jwt, &claims()).unwrap();
    for position in 0..signed.len() {
        for replacement in ["A", "_", ".", "=", "+"] {
            let mut altered = signed.clone();
            altered.replace_range(position..=position, replacement);
            assert!(altered == signed || check(&altered).is_err(), "{position} {replacement}");
        }
    }
    assert!(check(&format!("{signed}A")).is_err());
    assert!(check(&format!(" {signed}")).is_err());
}

/// JOSE-05: a signature with a high s is another valid signature of the same message (RFC 7518 §3.4).
#[test]
fn a_high_s_is_accepted() {
    let order: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
        0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let signed = key(SigningAlg::ES256).sign(JwtType::Jwt, &claims()).unwrap();
    let (message, signature) = signed.rsplit_once('.').unwrap();
    let mut signature = Base64UrlUnpadded::decode_vec(signature).unwrap();
    // s becomes n - s: of the two, one is high.
    let mut borrow = 0;
    for i in (0..32).rev() {
        let difference = i16::from(order[i]) - i16::from(signature[32 + i]) - borrow;
        borrow = i16::from(difference < 0);
        signature[32 + i] = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    assert!(check(&format!("{message}.{}", encode(&signature))).is_ok());
}

proptest::proptest! {
    /// Whatever comes, there is an answer, and it is no.
    #[test]
    fn garbage_is_refused(
        header in "\\PC{0,60}",
        claims in "\\PC{0,60}",
        raw in "[A-Za-z0-9_.=-]{0,200}",
        signature in proptest::collection::vec(proptest::num::u8::ANY, 0..80),
    ) {
        proptest::prop_assert!(check(&raw).is_err());
        proptest::prop_assert!(check(&token(&header, &claims, |_| signature.clone())).is_err());
    }
}
