//! Signature algorithms. RFC 7518 §3, RFC 8037 §3.1, RFC 9864 §2.2.

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};

/// The `alg` of a JWS that we verify. `none` is not among them, so it cannot be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum Alg {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RS384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RS512,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// RSASSA-PSS with SHA-384.
    PS384,
    /// RSASSA-PSS with SHA-512.
    PS512,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// ECDSA on P-384 with SHA-384.
    ES384,
    /// EdDSA on edwards25519. Written `EdDSA`; `Ed25519` (RFC 9864) is read as the same.
    EdDSA,
    /// HMAC with SHA-256.
    HS256,
    /// HMAC with SHA-384.
    HS384,
    /// HMAC with SHA-512.
    HS512,
}

/// The name is none of the algorithms that are spoken here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown alg")]
pub struct UnknownAlg;

impl Alg {
    /// Every algorithm.
    pub const ALL: [Self; 12] = [
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::EdDSA,
        Self::HS256,
        Self::HS384,
        Self::HS512,
    ];

    /// Those with a key pair: what `private_key_jwt` may use.
    pub const ASYMMETRIC: [Self; 9] = [
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::EdDSA,
    ];

    /// Those with a shared secret: what `client_secret_jwt` may use.
    pub const SYMMETRIC: [Self; 3] = [Self::HS256, Self::HS384, Self::HS512];

    /// The name in the registry of JOSE algorithms.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::EdDSA => "EdDSA",
            Self::HS256 => "HS256",
            Self::HS384 => "HS384",
            Self::HS512 => "HS512",
        }
    }

    /// Reads a name. Names are case-sensitive (RFC 7515 §4.1.1).
    ///
    /// # Errors
    /// [`UnknownAlg`] for `none`, in whatever case, and for every other name.
    pub fn parse(name: &str) -> Result<Self, UnknownAlg> {
        let known = Self::ALL.into_iter().find(|alg| alg.name() == name);
        known.or_else(|| (name == "Ed25519").then_some(Self::EdDSA)).ok_or(UnknownAlg)
    }

    /// Whether the key is a secret that both sides know.
    #[must_use]
    pub const fn is_symmetric(self) -> bool {
        matches!(self, Self::HS256 | Self::HS384 | Self::HS512)
    }

    /// The hash function of the algorithm; for Ed25519 it is SHA-512 (RFC 8032 §5.1).
    #[must_use]
    pub fn hash(self) -> &'static digest::Algorithm {
        match self {
            Self::RS256 | Self::PS256 | Self::ES256 | Self::HS256 => &digest::SHA256,
            Self::RS384 | Self::PS384 | Self::ES384 | Self::HS384 => &digest::SHA384,
            Self::RS512 | Self::PS512 | Self::EdDSA | Self::HS512 => &digest::SHA512,
        }
    }
}

impl std::fmt::Display for Alg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl TryFrom<String> for Alg {
    type Error = UnknownAlg;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::parse(&name)
    }
}

impl From<Alg> for &'static str {
    fn from(alg: Alg) -> Self {
        alg.name()
    }
}

/// The `alg` of a JWS that we sign. The server has one active key of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Alg", into = "Alg")]
pub enum SigningAlg {
    /// RSASSA-PKCS1-v1_5 with SHA-256: the default of ID tokens (OpenID Connect Core §2).
    RS256,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// ECDSA on P-256 with SHA-256: the default of access tokens.
    ES256,
    /// EdDSA on edwards25519.
    EdDSA,
}

impl SigningAlg {
    /// Every algorithm that we sign with, in the order in which metadata lists them.
    pub const ALL: [Self; 4] = [Self::RS256, Self::PS256, Self::ES256, Self::EdDSA];

    /// The same algorithm among those that are verified.
    #[must_use]
    pub const fn alg(self) -> Alg {
        match self {
            Self::RS256 => Alg::RS256,
            Self::PS256 => Alg::PS256,
            Self::ES256 => Alg::ES256,
            Self::EdDSA => Alg::EdDSA,
        }
    }

    /// The name in the registry of JOSE algorithms.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.alg().name()
    }

    /// Whether a signature takes about a millisecond, so that it must not run on an async thread.
    #[must_use]
    pub const fn blocks(self) -> bool {
        match self {
            Self::RS256 | Self::PS256 => true,
            Self::ES256 | Self::EdDSA => false,
        }
    }
}

impl std::fmt::Display for SigningAlg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl TryFrom<Alg> for SigningAlg {
    type Error = UnknownAlg;

    fn try_from(alg: Alg) -> Result<Self, Self::Error> {
        Self::ALL.into_iter().find(|signing| signing.alg() == alg).ok_or(UnknownAlg)
    }
}

impl From<SigningAlg> for Alg {
    fn from(signing: SigningAlg) -> Self {
        signing.alg()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_exact() {
        for alg in Alg::ALL {
            assert_eq!(Alg::parse(alg.name()), Ok(alg));
        }
        assert_eq!(Alg::parse("Ed25519"), Ok(Alg::EdDSA));
        for bad in ["none", "None", "nOnE", "", "rs256", "RS256 ", "ES256K", "PBES2-HS256+A128KW"] {
            assert_eq!(Alg::parse(bad), Err(UnknownAlg), "{bad}");
        }
    }

    #[test]
    fn every_alg_is_symmetric_or_asymmetric() {
        for alg in Alg::ALL {
            assert_eq!(alg.is_symmetric(), Alg::SYMMETRIC.contains(&alg));
            assert_eq!(!alg.is_symmetric(), Alg::ASYMMETRIC.contains(&alg));
        }
    }

    #[test]
    fn serde_speaks_jose_names() {
        assert_eq!(serde_json::to_string(&Alg::EdDSA).unwrap(), "\"EdDSA\"");
        assert_eq!(serde_json::from_str::<SigningAlg>("\"PS256\"").unwrap(), SigningAlg::PS256);
        assert!(serde_json::from_str::<SigningAlg>("\"HS256\"").is_err());
        assert!(serde_json::from_str::<Alg>("\"none\"").is_err());
    }
}
