//! Private keys, and the JWTs they sign. RFC 7515 §5.1.
//!
//! Two things here are not pure. A new key comes from aws-lc-rs, which draws it from the operating
//! system and takes no other source; and ECDSA and RSASSA-PSS draw a nonce for each signature in the
//! same way. Both are inside the cryptographic library, where they belong.

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
        RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
    },
};
use base64ct::{Base64UrlUnpadded, Encoding};
use rsa::{pkcs1::DecodeRsaPublicKey, traits::PublicKeyParts};
use serde::Serialize;

use super::{
    alg::SigningAlg,
    jwk::{Jwk, Kid, PublicKey},
};
use crate::types::Secret;

/// What a JWT of ours is: the `typ` of its header. Each kind has its own, so that none is taken for
/// another (RFC 8725 §3.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JwtType {
    /// An ID token, or a signed UserInfo answer: `JWT` (OIDC Core §2, §5.3.2).
    Jwt,
    /// An access token: `at+jwt` (RFC 9068 §2.1).
    AccessToken,
    /// A logout token: `logout+jwt` (Back-Channel Logout §2.4).
    LogoutToken,
    /// A signed introspection answer: `token-introspection+jwt` (RFC 9701 §5).
    Introspection,
}

impl JwtType {
    /// The value of the header.
    #[must_use]
    pub const fn typ(self) -> &'static str {
        match self {
            Self::Jwt => "JWT",
            Self::AccessToken => "at+jwt",
            Self::LogoutToken => "logout+jwt",
            Self::Introspection => "token-introspection+jwt",
        }
    }
}

/// The bytes are no private key for the algorithm, or the library could not make one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the private key cannot be used for its algorithm")]
pub struct KeyUnusable;

/// The claims could not be written as JSON, or the library refused to sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token could not be signed")]
pub struct SigningFailed;

/// A private key, parsed once, and the headers that it writes.
#[derive(Debug)]
pub struct SigningKey {
    alg: SigningAlg,
    kid: Kid,
    public: Jwk,
    pair: Pair,
    headers: Headers,
}

/// The header of each kind of JWT in base64url, and the dot after it.
#[derive(Debug)]
struct Headers {
    jwt: String,
    access_token: String,
    logout_token: String,
    introspection: String,
}

/// A new private key: the ready key, and the bytes to seal and keep.
#[derive(Debug)]
pub struct GeneratedKey {
    /// The key, ready to sign.
    pub key: SigningKey,
    /// The same key in PKCS#8 (RFC 5208), for [`SigningKey::from_pkcs8`].
    pub pkcs8: Secret<Vec<u8>>,
}

#[derive(Debug)]
enum Pair {
    Rsa(Box<RsaKeyPair>, &'static dyn RsaEncoding),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// Makes a new key; RSA keys have 2048 bits. RSA takes tens to hundreds of milliseconds.
    ///
    /// # Errors
    /// [`KeyUnusable`] when the library fails, which it does when the system has no randomness.
    pub fn generate(alg: SigningAlg) -> Result<GeneratedKey, KeyUnusable> {
        let pkcs8 = match alg {
            SigningAlg::RS256 | SigningAlg::PS256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyUnusable)?;
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyUnusable)?;
                der.as_ref().to_vec()
            }
            SigningAlg::ES256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
                .and_then(|pair| pair.to_pkcs8v1())
                .map_err(|_| KeyUnusable)?
                .as_ref()
                .to_vec(),
            SigningAlg::EdDSA => Ed25519KeyPair::generate()
                .and_then(|pair| pair.to_pkcs8v1())
                .map_err(|_| KeyUnusable)?
                .as_ref()
                .to_vec(),
        };
        let pkcs8 = Secret::new(pkcs8);
        Ok(GeneratedKey { key: Self::from_pkcs8(alg, pkcs8.expose())?, pkcs8 })
    }

    /// Reads a private key in PKCS#8.
    ///
    /// # Errors
    /// [`KeyUnusable`] when the bytes are no key for `alg`, or an RSA key below 2048 bits.
    pub fn from_pkcs8(alg: SigningAlg, pkcs8: &[u8]) -> Result<Self, KeyUnusable> {
        let rsa = |encoding: &'static dyn RsaEncoding| {
            RsaKeyPair::from_pkcs8(pkcs8).map(|pair| Pair::Rsa(Box::new(pair), encoding))
        };
        let pair = match alg {
            SigningAlg::RS256 => rsa(&RSA_PKCS1_SHA256),
            SigningAlg::PS256 => rsa(&RSA_PSS_SHA256),
            SigningAlg::ES256 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map(Pair::Ecdsa)
            }
            SigningAlg::EdDSA => Ed25519KeyPair::from_pkcs8(pkcs8).map(Pair::Ed25519),
        }
        .map_err(|_| KeyUnusable)?;
        let public =
            Jwk::new(alg.alg(), pair.public_key().ok_or(KeyUnusable)?).map_err(|_| KeyUnusable)?;
        let kid = public.key().thumbprint();
        let headers = Headers {
            jwt: encoded_header(alg, JwtType::Jwt, &kid),
            access_token: encoded_header(alg, JwtType::AccessToken, &kid),
            logout_token: encoded_header(alg, JwtType::LogoutToken, &kid),
            introspection: encoded_header(alg, JwtType::Introspection, &kid),
        };
        Ok(Self { alg, kid, public, pair, headers })
    }

    /// The algorithm of its signatures.
    #[must_use]
    pub const fn alg(&self) -> SigningAlg {
        self.alg
    }

    /// Its name: the thumbprint of the public key (RFC 7638).
    #[must_use]
    pub const fn kid(&self) -> &Kid {
        &self.kid
    }

    /// The public key, with `kid`, `use` and `alg`, as the JWKS publishes it.
    #[must_use]
    pub const fn public_jwk(&self) -> &Jwk {
        &self.public
    }

    /// Signs `claims` as a compact JWS of the kind `typ`. RFC 7515 §7.1.
    ///
    /// RSA keys block for about a millisecond: see [`SigningAlg::blocks`].
    ///
    /// # Errors
    /// [`SigningFailed`] when the claims are no JSON or the library refuses.
    pub fn sign(&self, typ: JwtType, claims: &impl Serialize) -> Result<String, SigningFailed> {
        let claims = serde_json::to_vec(claims).map_err(|_| SigningFailed)?;
        let header = match typ {
            JwtType::Jwt => &self.headers.jwt,
            JwtType::AccessToken => &self.headers.access_token,
            JwtType::LogoutToken => &self.headers.logout_token,
            JwtType::Introspection => &self.headers.introspection,
        };
        let mut token = String::with_capacity(header.len() + claims.len() * 4 / 3 + 352);
        token.push_str(header);
        token.push_str(&Base64UrlUnpadded::encode_string(&claims));
        let signature = self.pair.sign(token.as_bytes())?;
        token.push('.');
        token.push_str(&signature);
        Ok(token)
    }
}

impl Pair {
    /// The public half.
    fn public_key(&self) -> Option<PublicKey> {
        match self {
            Self::Rsa(pair, _) => {
                let key = rsa::RsaPublicKey::from_pkcs1_der(pair.public_key().as_ref()).ok()?;
                Some(PublicKey::Rsa { n: key.n().to_bytes_be(), e: key.e().to_bytes_be() })
            }
            Self::Ecdsa(pair) => pair.public_key().as_ref().try_into().ok().map(PublicKey::P256),
            Self::Ed25519(pair) => {
                pair.public_key().as_ref().try_into().ok().map(PublicKey::Ed25519)
            }
        }
    }

    /// The signature of `message`, in base64url.
    fn sign(&self, message: &[u8]) -> Result<String, SigningFailed> {
        match self {
            Self::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &SystemRandom::new(), message, &mut signature)
                    .map_err(|_| SigningFailed)?;
                Ok(Base64UrlUnpadded::encode_string(&signature))
            }
            Self::Ecdsa(pair) => {
                let signature =
                    pair.sign(&SystemRandom::new(), message).map_err(|_| SigningFailed)?;
                Ok(Base64UrlUnpadded::encode_string(signature.as_ref()))
            }
            Self::Ed25519(pair) => {
                let signature = pair.try_sign(message).map_err(|_| SigningFailed)?;
                Ok(Base64UrlUnpadded::encode_string(signature.as_ref()))
            }
        }
    }
}

/// The header in base64url and the dot after it. None of its values needs escaping in JSON.
fn encoded_header(alg: SigningAlg, typ: JwtType, kid: &Kid) -> String {
    let json = format!(r#"{{"alg":"{}","typ":"{}","kid":"{}"}}"#, alg.name(), typ.typ(), kid);
    format!("{}.", Base64UrlUnpadded::encode_string(json.as_bytes()))
}

#[cfg(test)]
pub(crate) mod tests {
    use jsonwebtoken::{Algorithm, DecodingKey, Validation};
    use serde_json::{Value, json};

    use super::*;

    /// One key of each algorithm, made once: RSA keys take their time.
    pub(crate) fn key(alg: SigningAlg) -> &'static SigningKey {
        use std::sync::LazyLock;
        static KEYS: LazyLock<[SigningKey; 4]> =
            LazyLock::new(|| SigningAlg::ALL.map(|alg| SigningKey::generate(alg).unwrap().key));
        KEYS.iter().find(|key| key.alg() == alg).unwrap()
    }

    /// What we sign, another library accepts with the key that we publish.
    #[test]
    fn another_library_accepts_our_signatures() {
        let claims = json!({ "sub": "alice", "exp": 4_000_000_000_u64 });
        for alg in SigningAlg::ALL {
            let token = key(alg).sign(JwtType::Jwt, &claims).unwrap();
            let jwk = serde_json::to_value(key(alg).public_jwk()).unwrap();
            let jwk: jsonwebtoken::jwk::Jwk = serde_json::from_value(jwk).unwrap();
            let algorithm: Algorithm = alg.name().parse().unwrap();
            let decoding = DecodingKey::from_jwk(&jwk).unwrap();
            let read =
                jsonwebtoken::decode::<Value>(&token, &decoding, &Validation::new(algorithm));
            let read = read.unwrap();
            assert_eq!(read.claims, claims);
            assert_eq!(read.header.kid.as_deref(), Some(key(alg).kid().as_str()));
            assert_eq!(read.header.typ.as_deref(), Some("JWT"));
        }
    }

    #[test]
    fn a_kept_key_is_the_same_key() {
        for alg in [SigningAlg::ES256, SigningAlg::EdDSA] {
            let made = SigningKey::generate(alg).unwrap();
            let read = SigningKey::from_pkcs8(alg, made.pkcs8.expose()).unwrap();
            assert_eq!(read.kid(), made.key.kid());
        }
    }

    #[test]
    fn a_key_of_another_algorithm_is_refused() {
        let made = SigningKey::generate(SigningAlg::ES256).unwrap();
        for alg in [SigningAlg::RS256, SigningAlg::PS256, SigningAlg::EdDSA] {
            assert_eq!(SigningKey::from_pkcs8(alg, made.pkcs8.expose()).unwrap_err(), KeyUnusable);
        }
        assert_eq!(SigningKey::from_pkcs8(SigningAlg::ES256, b"").unwrap_err(), KeyUnusable);
    }

    /// KEY-05: nothing private is published.
    #[test]
    fn a_published_key_has_no_private_members() {
        for alg in SigningAlg::ALL {
            let jwk = serde_json::to_value(key(alg).public_jwk()).unwrap();
            let members: Vec<_> = jwk.as_object().unwrap().keys().cloned().collect();
            let public = ["alg", "crv", "e", "kid", "kty", "n", "use", "x", "y"];
            assert!(members.iter().all(|name| public.contains(&name.as_str())), "{members:?}");
            assert_eq!(jwk["use"], "sig");
            assert_eq!(jwk["alg"], alg.name());
        }
    }

    #[test]
    fn headers_name_kind_and_key() {
        let token = key(SigningAlg::ES256).sign(JwtType::AccessToken, &json!({})).unwrap();
        let header = Base64UrlUnpadded::decode_vec(token.split('.').next().unwrap()).unwrap();
        let header: Value = serde_json::from_slice(&header).unwrap();
        let kid = key(SigningAlg::ES256).kid().as_str();
        assert_eq!(header, json!({ "alg": "ES256", "typ": "at+jwt", "kid": kid }));
    }
}
