//! Signatures of which it is known whether they are valid, made by hand with the right private key:
//! what a lenient check would let pass. RFC 7518 §3, RFC 8017 §8 and §9, RFC 8032 §5.1.7. Attack
//! catalogue, JOSE-15.

use aws_lc_rs::digest::{self, Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512};
use base64ct::{Base64UrlUnpadded, Encoding};
use doorward::{
    protocol::jose::{
        Alg, Expiry, JwkSet, JwtError, JwtKeys, JwtRules, SigningAlg, SigningKey, Typ, verify,
    },
    types::Timestamp,
};
use rsa::{
    BigUint, RsaPrivateKey,
    pkcs8::DecodePrivateKey,
    traits::{PrivateKeyParts, PublicKeyParts},
};
use serde_json::{Value, json};

use crate::actors::{Signer, clock::START, signer::signing_input};

/// What is known of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Valid,
    Invalid,
}

use Answer::{Invalid, Valid};

/// `DigestInfo` of SHA-256 up to the hash. RFC 8017 §9.2, note 1.
const SHA256_INFO: &[u8] = &[
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

fn message(alg: &str) -> String {
    let header = json!({ "alg": alg, "kid": "1" });
    let claims = json!({ "iss": "client", "exp": START + 60 });
    signing_input(&header.to_string(), &claims.to_string())
}

/// Holds `signature` of [`message`] against the one entry for JWTs.
#[track_caller]
fn check(what: &str, keys: &JwkSet, alg: Alg, signature: &[u8], answer: Answer) {
    let token = format!("{}.{}", message(alg.name()), Base64UrlUnpadded::encode_string(signature));
    let rules = JwtRules {
        algs: &[alg],
        typ: Typ::AbsentOr(&["JWT"]),
        expiry: Expiry::Ahead,
        issuer: "client",
    };
    let read = verify(&token, &rules, JwtKeys::Registered(keys), Timestamp::from_unix(START));
    match answer {
        Valid => assert!(read.is_ok(), "{alg}, {what}: {read:?}"),
        Invalid => assert_eq!(read, Err(JwtError::Signature), "{alg}, {what}"),
    }
}

fn hash(algorithm: &'static Algorithm, message: &[u8]) -> Vec<u8> {
    digest::digest(algorithm, message).as_ref().to_vec()
}

/// A set with one key that may be used with every algorithm of its kind.
fn set_of(mut jwk: Value) -> JwkSet {
    jwk["kid"] = json!("1");
    jwk.as_object_mut().unwrap().remove("alg");
    JwkSet::parse(&json!({ "keys": [jwk] }).to_string()).unwrap()
}

/// An RSA key whose padding the test makes itself.
struct RsaPen {
    key: RsaPrivateKey,
    keys: JwkSet,
}

impl RsaPen {
    fn new() -> Self {
        let made = SigningKey::generate(SigningAlg::RS256).unwrap();
        let key = RsaPrivateKey::from_pkcs8_der(made.pkcs8.expose()).unwrap();
        Self { key, keys: set_of(serde_json::to_value(made.key.public_jwk()).unwrap()) }
    }

    /// The length of the modulus, in bytes.
    fn length(&self) -> usize {
        self.key.size()
    }

    /// The signature of an encoded message. RFC 8017 §5.2.1.
    fn sign(&self, encoded: &[u8]) -> Vec<u8> {
        let signature = BigUint::from_bytes_be(encoded).modpow(self.key.d(), self.key.n());
        padded(&signature, self.length())
    }

    /// `00 01 padding 00 info hash`, the padding as long as there is room. RFC 8017 §9.2.
    fn pkcs1(&self, info: &[u8], hash: &[u8]) -> Vec<u8> {
        let padding = self.length() - info.len() - hash.len() - 3;
        [&[0, 1], vec![0xff; padding].as_slice(), &[0], info, hash].concat()
    }

    /// EMSA-PSS with any salt, and any two hashes. RFC 8017 §9.1.1.
    fn pss(
        &self,
        message: &[u8],
        of: &'static Algorithm,
        mask: &'static Algorithm,
        salt: usize,
    ) -> Vec<u8> {
        let salt = vec![0x5a; salt];
        let tag = hash(of, &[&[0; 8], hash(of, message).as_slice(), &salt].concat());
        let room = self.length() - tag.len() - 1;
        let mut block = vec![0; room - salt.len() - 1];
        block.push(1);
        block.extend(&salt);
        for (byte, mask) in block.iter_mut().zip(mgf1(mask, &tag, room)) {
            *byte ^= mask;
        }
        block[0] &= 0x7f;
        [block, tag, vec![0xbc]].concat()
    }
}

/// RFC 8017 appendix B.2.1.
fn mgf1(of: &'static Algorithm, seed: &[u8], length: usize) -> Vec<u8> {
    let blocks = (0_u32..).map(|counter| hash(of, &[seed, &counter.to_be_bytes()].concat()));
    blocks.take(length / 20 + 1).flatten().take(length).collect()
}

/// `number` in exactly `length` bytes.
fn padded(number: &BigUint, length: usize) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    [vec![0; length - bytes.len()], bytes].concat()
}

/// RFC 8017 §8.2.2: the encoded message is compared whole. The parameters of the hash must be NULL:
/// RFC 8017 lets a verifier accept that they are missing, and we do not.
#[test]
fn jose_15_pkcs1_padding_is_exact() {
    let pen = RsaPen::new();
    let message = message("RS256");
    let digest = hash(&SHA256, message.as_bytes());
    let right = pen.pkcs1(SHA256_INFO, &digest);
    let altered = |at: usize, byte: u8| {
        let mut encoded = right.clone();
        encoded[at] = byte;
        encoded
    };
    let missing_null: &[u8] = &[
        0x30, 0x2f, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
        0x04, 0x20,
    ];
    let full_null: &[u8] = &[
        0x30, 0x33, 0x30, 0x0f, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
        0x05, 0x02, 0xde, 0xad, 0x04, 0x20,
    ];
    let long_length: &[u8] = &[&[0x30, 0x81], &SHA256_INFO[1..]].concat();
    let mut of_sha384 = SHA256_INFO.to_vec();
    of_sha384[14] = 2;
    let of_sha1: &[u8] =
        &[0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14];
    let sha1 = hash(&SHA1_FOR_LEGACY_USE_ONLY, message.as_bytes());
    // What a check that reads from the left would take: the rest is the forger's to choose.
    let mut short = [&[0, 1], [0xff; 8].as_slice(), &[0], SHA256_INFO, &digest].concat();
    short.resize(pen.length(), 0x5a);
    let mut behind = right[2..].to_vec();
    behind.rotate_left(1);
    let behind = [&[0, 1], behind.as_slice()].concat();
    let separator = pen.length() - SHA256_INFO.len() - digest.len() - 1;
    for (what, encoded, answer) in [
        ("as it should be", right.clone(), Valid),
        ("no NULL", pen.pkcs1(missing_null, &digest), Invalid),
        ("a NULL with a content", pen.pkcs1(full_null, &digest), Invalid),
        ("a length in the long form", pen.pkcs1(long_length, &digest), Invalid),
        ("the OID of SHA-384", pen.pkcs1(&of_sha384, &digest), Invalid),
        ("SHA-1 altogether", pen.pkcs1(of_sha1, &sha1), Invalid),
        ("the bare hash", pen.pkcs1(&[], &digest), Invalid),
        ("the hash of something else", pen.pkcs1(SHA256_INFO, &hash(&SHA256, b"")), Invalid),
        ("short padding, then bytes of the forger's", short, Invalid),
        ("a byte behind the hash", behind, Invalid),
        ("block type 2", altered(1, 2), Invalid),
        ("block type 0", altered(1, 0), Invalid),
        ("a hole in the padding", altered(20, 0xfe), Invalid),
        ("an early separator", altered(20, 0), Invalid),
        ("no separator", altered(separator, 0xff), Invalid),
    ] {
        check(what, &pen.keys, Alg::RS256, &pen.sign(&encoded), answer);
    }
}

/// RFC 7518 §3.5: the salt is as long as the hash, and the mask is made with the same hash.
#[test]
fn jose_15_pss_has_the_salt_and_the_hashes_of_its_alg() {
    let pen = RsaPen::new();
    let sizes: [(Alg, &'static Algorithm); 3] =
        [(Alg::PS256, &SHA256), (Alg::PS384, &SHA384), (Alg::PS512, &SHA512)];
    for (alg, of) in sizes {
        let message = message(alg.name());
        let message = message.as_bytes();
        let length = hash(of, b"").len();
        for salt in [0, 1, 20, 31, 32, 33, 47, 48, 49, 63, 64, 65] {
            let answer = if salt == length { Valid } else { Invalid };
            let signature = pen.sign(&pen.pss(message, of, of, salt));
            check(&format!("a salt of {salt}"), &pen.keys, alg, &signature, answer);
        }
        for other in [&SHA1_FOR_LEGACY_USE_ONLY, &SHA256, &SHA384, &SHA512] {
            if other == of {
                continue;
            }
            let masked = pen.pss(message, of, other, length);
            check(&format!("masked by {other:?}"), &pen.keys, alg, &pen.sign(&masked), Invalid);
            let hashed = pen.pss(message, other, of, length);
            check(&format!("hashed by {other:?}"), &pen.keys, alg, &pen.sign(&hashed), Invalid);
            let both = pen.pss(message, other, other, hash(other, b"").len());
            check(&format!("made for {other:?}"), &pen.keys, alg, &pen.sign(&both), Invalid);
        }
        let right = pen.pss(message, of, of, length);
        for (what, at, mask) in [
            ("the trailer of X9.31", right.len() - 1, 0xbc ^ 0xcc),
            ("a padding that is not zero", 1, 0x01),
            ("another hash", right.len() - 2, 0x01),
        ] {
            let mut encoded = right.clone();
            encoded[at] ^= mask;
            check(what, &pen.keys, alg, &pen.sign(&encoded), Invalid);
        }
    }
}

/// One scheme is never taken for the other, though the key may be used for both.
#[test]
fn jose_15_the_schemes_of_rsa_are_apart() {
    let pen = RsaPen::new();
    let pss = message("PS256");
    let padded = pen.pkcs1(SHA256_INFO, &hash(&SHA256, pss.as_bytes()));
    check("PKCS #1 v1.5", &pen.keys, Alg::PS256, &pen.sign(&padded), Invalid);
    let pkcs1 = message("RS256");
    let masked = pen.pss(pkcs1.as_bytes(), &SHA256, &SHA256, 32);
    check("PSS", &pen.keys, Alg::RS256, &pen.sign(&masked), Invalid);
}

/// RFC 8017 §8.2.2 step 1: exactly as long as the modulus, and smaller than it.
#[test]
fn jose_15_an_rsa_signature_is_as_long_as_its_modulus() {
    // One key in some 256 signs with a zero in front: its zero belongs to it.
    let message = message("RS256");
    let digest = hash(&SHA256, message.as_bytes());
    let pen = RsaPen::new();
    let right = pen.sign(&pen.pkcs1(SHA256_INFO, &digest));
    let number = BigUint::from_bytes_be(&right);
    let (length, modulus) = (pen.length(), pen.key.n());
    let larger = &number + modulus;
    for (what, signature, answer) in [
        ("as it should be", right.clone(), Valid),
        ("a zero in front", [&[0], right.as_slice()].concat(), Invalid),
        ("a zero behind", [right.as_slice(), &[0]].concat(), Invalid),
        ("without its last byte", right[..length - 1].to_vec(), Invalid),
        ("without its first byte", right[1..].to_vec(), Invalid),
        ("the modulus added", larger.to_bytes_be(), Invalid),
        ("negative", padded(&(modulus - &number), length), Invalid),
        ("zero", vec![0; length], Invalid),
        ("one", padded(&BigUint::from(1_u8), length), Invalid),
        ("the modulus", padded(modulus, length), Invalid),
        ("the modulus less one", padded(&(modulus - BigUint::from(1_u8)), length), Invalid),
        ("nothing", Vec::new(), Invalid),
    ] {
        check(what, &pen.keys, Alg::RS256, &signature, answer);
    }
}

/// PSS has a salt to turn until the signature begins with a zero: that zero is part of it.
#[test]
fn jose_15_a_leading_zero_belongs_to_the_signature() {
    let signer = Signer::new(SigningAlg::PS256);
    let keys = set_of(signer.jwk());
    let message = message("PS256");
    let zero = (0..20_000)
        .map(|_| signer.signature(message.as_bytes()))
        .find(|signature| signature[0] == 0)
        .expect("one signature in 256 begins with a zero");
    check("with its zero", &keys, Alg::PS256, &zero, Valid);
    check("without its zero", &keys, Alg::PS256, &zero[1..], Invalid);
}

/// RFC 7518 §3.4: r and s, 32 bytes each, below the order. A high s is valid, since nothing here takes a
/// signature for the name of a token.
#[test]
fn jose_15_an_ecdsa_signature_is_two_numbers_below_the_order() {
    let signer = Signer::new(SigningAlg::ES256);
    let keys = set_of(signer.jwk());
    let signature = signer.signature(message("ES256").as_bytes());
    let order = BigUint::from_bytes_be(&[
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
        0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ]);
    let (r, s) = signature.split_at(32);
    let other = padded(&(&order - BigUint::from_bytes_be(s)), 32);
    let wide = |number: &[u8]| [&[0], number].concat();
    let larger = padded(&(BigUint::from_bytes_be(s) + &order), 33);
    let integer = |number: &[u8]| {
        let mut bytes = BigUint::from_bytes_be(number).to_bytes_be();
        if bytes[0] & 0x80 != 0 {
            bytes.insert(0, 0);
        }
        [&[2, u8::try_from(bytes.len()).unwrap()], bytes.as_slice()].concat()
    };
    let numbers = [integer(r), integer(s)].concat();
    let der = [&[0x30, u8::try_from(numbers.len()).unwrap()], numbers.as_slice()].concat();
    for (what, signature, answer) in [
        ("as it should be", signature.clone(), Valid),
        ("the other s", [r, &other].concat(), Valid),
        ("as DER", der, Invalid),
        ("33 bytes each", [wide(r), wide(s)].concat(), Invalid),
        ("the order added to s", [wide(r), larger].concat(), Invalid),
        ("s first", [s, r].concat(), Invalid),
        ("r alone", r.to_vec(), Invalid),
        ("a byte more", [signature.as_slice(), &[0]].concat(), Invalid),
    ] {
        check(what, &keys, Alg::ES256, &signature, answer);
    }
}

/// RFC 8032 §5.1.7 step 1: s is below the order L, or one signature had many forms.
#[test]
fn jose_15_an_ed25519_signature_has_one_form() {
    let signer = Signer::new(SigningAlg::EdDSA);
    let keys = set_of(signer.jwk());
    let signature = signer.signature(message("EdDSA").as_bytes());
    // 2^252 + 27742317777372353535851937790883648493.
    let order = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let order = BigUint::from_bytes_le(&order);
    let (r, s) = signature.split_at(32);
    let little = |number: &BigUint| {
        let mut bytes = number.to_bytes_le();
        bytes.resize(32, 0);
        bytes
    };
    let number = BigUint::from_bytes_le(s);
    let mut turned = signature.clone();
    turned[31] ^= 0x80;
    let mut high = signature.clone();
    high[63] |= 0x80;
    for (what, signature, answer) in [
        ("as it should be", signature.clone(), Valid),
        ("s + L", [r, &little(&(&number + &order))].concat(), Invalid),
        ("s + 2 L", [r, &little(&(&number + &order + &order))].concat(), Invalid),
        ("L - s", [r, &little(&(&order - &number))].concat(), Invalid),
        ("s = L", [r, &little(&order)].concat(), Invalid),
        ("s = 0", [r, &[0; 32]].concat(), Invalid),
        ("the sign of R turned", turned, Invalid),
        ("the top bit of s", high, Invalid),
        ("s first", [s, r].concat(), Invalid),
        ("a byte less", signature[..63].to_vec(), Invalid),
        ("a byte more", [signature.as_slice(), &[0]].concat(), Invalid),
    ] {
        check(what, &keys, Alg::EdDSA, &signature, answer);
    }
}
