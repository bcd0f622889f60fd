//! A client's own key: signs JWTs as they should be, and as an attacker would.

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256,
        RSA_PSS_SHA256, RsaKeyPair,
    },
};
use base64ct::{Base64UrlUnpadded, Encoding};
use doorward::protocol::jose::{JwkSet, SigningAlg, SigningKey};
use serde_json::{Value, json};

/// A private key outside the server.
pub(crate) struct Signer {
    /// The algorithm of its signatures.
    pub(crate) alg: SigningAlg,
    pkcs8: Vec<u8>,
    public: Value,
}

impl Signer {
    /// A new key.
    pub(crate) fn new(alg: SigningAlg) -> Self {
        let made = SigningKey::generate(alg).unwrap();
        let public = serde_json::to_value(made.key.public_jwk()).unwrap();
        Self { alg, pkcs8: made.pkcs8.expose().clone(), public }
    }

    /// The same key, signing by another algorithm of its kind.
    #[must_use]
    pub(crate) fn using(self, alg: SigningAlg) -> Self {
        Self { alg, ..self }
    }

    /// The public key.
    pub(crate) fn jwk(&self) -> Value {
        self.public.clone()
    }

    /// The public key as a client registers it.
    pub(crate) fn jwks(&self) -> JwkSet {
        JwkSet::parse(&json!({ "keys": [self.public] }).to_string()).unwrap()
    }

    /// The header that its JWTs have.
    pub(crate) fn header(&self) -> Value {
        json!({ "alg": self.alg.name(), "kid": self.public["kid"], "typ": "JWT" })
    }

    /// A JWT as it should be.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.sign_as(&self.header(), claims)
    }

    /// A JWT with any header, signed with this key all the same.
    pub(crate) fn sign_as(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    /// A JWT of any two texts.
    pub(crate) fn sign_text(&self, header: &str, claims: &str) -> String {
        let signed = signing_input(header, claims);
        let signature = self.signature(signed.as_bytes());
        format!("{signed}.{}", Base64UrlUnpadded::encode_string(&signature))
    }

    /// The bare signature of `message`.
    pub(crate) fn signature(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let rsa = |encoding: &'static dyn aws_lc_rs::signature::RsaEncoding| {
            let pair = RsaKeyPair::from_pkcs8(&self.pkcs8).unwrap();
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(encoding, &random, message, &mut signature).unwrap();
            signature
        };
        match self.alg {
            SigningAlg::RS256 => rsa(&RSA_PKCS1_SHA256),
            SigningAlg::PS256 => rsa(&RSA_PSS_SHA256),
            SigningAlg::ES256 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &self.pkcs8)
                    .unwrap()
                    .sign(&random, message)
                    .unwrap()
                    .as_ref()
                    .to_vec()
            }
            SigningAlg::EdDSA => {
                Ed25519KeyPair::from_pkcs8(&self.pkcs8).unwrap().sign(message).as_ref().to_vec()
            }
        }
    }
}

/// A JWT authenticated with `secret`, by the HMAC that `header` names, or HS256.
pub(crate) fn hmac_jwt(secret: &[u8], header: &Value, claims: &Value) -> String {
    let algorithm = match header["alg"].as_str() {
        Some("HS384") => hmac::HMAC_SHA384,
        Some("HS512") => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    };
    let signed = signing_input(&header.to_string(), &claims.to_string());
    let tag = hmac::sign(&hmac::Key::new(algorithm, secret), signed.as_bytes());
    format!("{signed}.{}", Base64UrlUnpadded::encode_string(tag.as_ref()))
}

/// What a JWS signature covers.
pub(crate) fn signing_input(header: &str, claims: &str) -> String {
    let encode = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
    format!("{}.{}", encode(header), encode(claims))
}
