//! Keys that are ready to check signatures: parsed once, for one algorithm.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters,
    RsaPublicKeyComponents,
};

use super::{
    alg::Alg,
    jwk::{Jwk, JwkSet, Kid, PublicKey},
};

/// A public key that checks signatures of one algorithm.
#[derive(Debug, Clone)]
pub struct VerifyingKey {
    kid: Option<Kid>,
    alg: Alg,
    key: ParsedPublicKey,
}

impl VerifyingKey {
    /// The key `jwk` for signatures of `alg`; `None` when it cannot or may not be used for that.
    #[must_use]
    pub fn new(jwk: &Jwk, alg: Alg) -> Option<Self> {
        if !jwk.fits(alg) {
            return None;
        }
        let key = match jwk.key() {
            PublicKey::Rsa { n, e } => {
                RsaPublicKeyComponents { n, e }.to_parsed_public_key(rsa_parameters(alg)?).ok()?
            }
            PublicKey::P256(point) => ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).ok()?,
            PublicKey::P384(point) => ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point).ok()?,
            PublicKey::Ed25519(point) => ParsedPublicKey::new(&ED25519, point).ok()?,
        };
        Some(Self { kid: jwk.kid().cloned(), alg, key })
    }

    /// Its name.
    #[must_use]
    pub const fn kid(&self) -> Option<&Kid> {
        self.kid.as_ref()
    }

    /// The one algorithm it is for.
    #[must_use]
    pub const fn alg(&self) -> Alg {
        self.alg
    }

    /// Whether `signature` is this key's signature of `message`.
    #[must_use]
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(message, signature).is_ok()
    }
}

/// The RSA scheme of `alg`.
const fn rsa_parameters(alg: Alg) -> Option<&'static RsaParameters> {
    match alg {
        Alg::RS256 => Some(&RSA_PKCS1_2048_8192_SHA256),
        Alg::RS384 => Some(&RSA_PKCS1_2048_8192_SHA384),
        Alg::RS512 => Some(&RSA_PKCS1_2048_8192_SHA512),
        Alg::PS256 => Some(&RSA_PSS_2048_8192_SHA256),
        Alg::PS384 => Some(&RSA_PSS_2048_8192_SHA384),
        Alg::PS512 => Some(&RSA_PSS_2048_8192_SHA512),
        Alg::ES256 | Alg::ES384 | Alg::EdDSA | Alg::HS256 | Alg::HS384 | Alg::HS512 => None,
    }
}

/// Public keys, ready to check tokens: of this server, or of the issuer that an API relies on.
#[derive(Debug, Clone, Default)]
pub struct VerifyingKeys(Vec<VerifyingKey>);

impl VerifyingKeys {
    /// The keys of `set`, each for every one of `algs` that it may be used with. A key without a
    /// `kid` is left out: nothing could name it.
    #[must_use]
    pub fn of_set(set: &JwkSet, algs: &[Alg]) -> Self {
        let named = set.keys().iter().filter(|jwk| jwk.kid().is_some());
        named.flat_map(|jwk| algs.iter().filter_map(|alg| VerifyingKey::new(jwk, *alg))).collect()
    }

    /// The key named `kid` for `alg`.
    #[must_use]
    pub(super) fn find(&self, kid: &Kid, alg: Alg) -> Option<&VerifyingKey> {
        self.0.iter().find(|key| key.kid() == Some(kid) && key.alg() == alg)
    }
}

impl FromIterator<VerifyingKey> for VerifyingKeys {
    fn from_iter<I: IntoIterator<Item = VerifyingKey>>(keys: I) -> Self {
        Self(keys.into_iter().collect())
    }
}
